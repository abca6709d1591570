/** Checks the disk of the write-ahead log. A temporary file is written beside the log, and removed. */
import { randomUUID } from 'node:crypto'
import { access, constants, open, readdir, stat, statfs, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { Config } from '../../config/types.ts'
import { codeOf, unlessGone } from '../../wal/storage.ts'
import { findLeftLogs } from '../../wal/tools/left-logs.ts'
import { findSlots } from '../../wal/tools/slots.ts'
import { shownBytes, shownHolder } from '../wal/command.ts'
import { type Finding, Findings, shownMs } from './finding.ts'

/** Numbers of file systems, as Linux has them. */
const FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x0102_1994, 'tmpfs'],
  [0x8584_58f6, 'ramfs'],
  [0x6969, 'NFS'],
  [0xff53_4d42, 'CIFS'],
  [0xfe53_4d42, 'SMB'],
  [0x0102_1997, '9p'],
  [0x6573_5546, 'FUSE'],
  [0x794c_7630, 'overlayfs'],
  [0xef53, 'ext4'],
  [0x5846_5342, 'XFS'],
  [0x9123_683e, 'btrfs'],
  [0x2fc1_2fc1, 'ZFS'],
])
const IN_MEMORY = new Set(['tmpfs', 'ramfs'])
const REMOTE = new Set(['NFS', 'CIFS', 'SMB', '9p'])

/** How often it is synced to measure how long that takes, and for how long at most, ms. */
const SYNCS = 100
const MEASURE_MS = 2_000
const BLOCK = Buffer.alloc(4_096, 'kprf doctor\n')
/** A sync that takes longer makes clients wait, ms. */
const SLOW_MS = 10

/** Checks the disk of the log. @param workers - processes, each with a log of its own. */
export async function checkDisk(
  { wal }: Pick<Config, 'wal'>,
  workers: number,
  clock: Pick<Clock, 'nowMs'>,
): Promise<readonly Finding[]> {
  const of = new Findings('disk', wal.dir)
  if (!wal.enabled) return await checkUnused(of, wal.dir)
  let folder = wal.dir
  try {
    folder = await existing(wal.dir)
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    return [problemOfAccess(of, folder, folder === wal.dir, error)]
  }
  const isThere = folder === wal.dir
  const user = process.getuid?.() === 0 ? ' (doctor runs as root; kprf may not)' : ''
  const place = isThere
    ? `the folder can be written${user}`
    : `kprf will create it in ${folder}, which can be written${user}`
  const { type, bavail, bsize } = await statfs(folder)
  return [
    of.ok(`${place}${await holders(wal.dir)}`),
    judgeFileSystem(of, FILE_SYSTEMS.get(type)),
    judgeSpace(of, bavail * bsize, await usedBytes(wal.dir), wal, workers),
    judgeSyncs(of, await syncTimes(folder, clock), wal.sync),
  ]
}

async function checkUnused(of: Findings, dir: string): Promise<readonly Finding[]> {
  const left = await findLeftLogs(dir).catch(() => undefined)
  return [
    left === undefined
      ? of.ok('not used: wal.enabled is false')
      : of.warning(
          'has records that Kafka may not have, and nothing sends them while wal.enabled is false',
          'set wal.enabled to true until they are sent; kprf wal inspect shows them',
        ),
  ]
}

/** The folder, or the nearest one above it that exists. */
async function existing(folder: string): Promise<string> {
  const found = await unlessGone(async () => (await stat(folder)).isDirectory())
  return found === undefined && dirname(folder) !== folder ? existing(dirname(folder)) : folder
}

function problemOfAccess(of: Findings, folder: string, isThere: boolean, error: unknown): Finding {
  const what = isThere ? 'the folder' : `${folder}, in which kprf would create it,`
  switch (codeOf(error)) {
    case 'EROFS':
      return of.problem(
        `${what} is on a file system that is read-only`,
        'mount a volume that can be written there, or set wal.dir to a folder on one',
      )
    case 'EACCES':
    case 'EPERM':
      return of.problem(
        `${what} cannot be written by this user`,
        `give it to the user of kprf, as in chown kprf ${folder}; or run doctor as that user`,
      )
    default:
      return of.problem(
        `${what} cannot be used: ${codeOf(error) ?? String(error)}`,
        'set wal.dir to a folder on a local disk',
      )
  }
}

async function holders(dir: string): Promise<string> {
  const slots = await findSlots(dir).catch(() => [])
  const inUse = slots.filter(({ holder }) => holder !== undefined)
  return inUse.map(({ name, holder }) => `; ${name} is ${shownHolder(holder)}`).join('')
}

/** Judges a file system by its name; `undefined` if doctor has no name for it. */
export function judgeFileSystem(of: Findings, name: string | undefined): Finding {
  if (name === undefined) return of.ok('the file system is none that is known to lose data')
  if (IN_MEMORY.has(name)) {
    return of.problem(
      `the file system is ${name}, which is memory: nothing of the log survives a restart of the machine, and syncing does nothing`,
      'set wal.dir to a folder on a local disk, or mount one there',
    )
  }
  if (REMOTE.has(name)) {
    return of.warning(
      `the file system is ${name}, which is on another machine: each push waits for the network, and locks may not hold`,
      'set wal.dir to a folder on a local disk',
    )
  }
  return name === 'overlayfs'
    ? of.warning(
        'the file system is overlayfs, that of a container: the log is gone with the container',
        'mount a volume at wal.dir',
      )
    : of.ok(`the file system is ${name}`)
}

/** Judges the free space. @param usedBytes - what the log takes already. */
export function judgeSpace(
  of: Findings,
  freeBytes: number,
  usedBytes: number,
  { maxBytes, minFreeBytes }: Pick<Config['wal'], 'maxBytes' | 'minFreeBytes'>,
  workers: number,
): Finding {
  const limit = maxBytes * workers
  const needed = Math.max(0, limit - usedBytes) + minFreeBytes
  const shown = `${shownBytes(freeBytes)} free; the log may grow to ${shownBytes(limit)} and has ${shownBytes(usedBytes)}`
  if (freeBytes < minFreeBytes) {
    return of.problem(
      `${shown}: less than wal.min_free_bytes (${shownBytes(minFreeBytes)}) is free, so that pushes get 503`,
      'make room on this disk',
    )
  }
  return freeBytes < needed
    ? of.warning(
        `${shown}: it cannot grow so far`,
        'make room on this disk, or lower wal.max_bytes to what an outage of Kafka may take',
      )
    : of.ok(shown)
}

/** Bytes of all files below the folder. */
async function usedBytes(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  let bytes = 0
  for (const entry of entries.filter((one) => one.isFile())) {
    const size = await unlessGone(async () => (await stat(join(entry.parentPath, entry.name))).size)
    bytes += size ?? 0
  }
  return bytes
}

/** How long single syncs take, ms, in ascending order. */
async function syncTimes(folder: string, clock: Pick<Clock, 'nowMs'>): Promise<readonly number[]> {
  const path = join(folder, `.kprf-doctor-${randomUUID()}`)
  const file = await open(path, 'wx', 0o600)
  try {
    // No name stays, also if doctor is killed.
    await unlink(path)
    const times: number[] = []
    const startMs = clock.nowMs()
    while (times.length < SYNCS && clock.nowMs() - startMs < MEASURE_MS) {
      await file.write(BLOCK)
      const beforeMs = clock.nowMs()
      await file.datasync()
      times.push(clock.nowMs() - beforeMs)
    }
    return times.toSorted((one, other) => one - other)
  } finally {
    await file.close()
  }
}

/** Judges how long syncs take. @param times - ms, in ascending order. */
export function judgeSyncs(
  of: Findings,
  times: readonly number[],
  sync: Config['wal']['sync'],
): Finding {
  const at = (share: number): number => times[Math.ceil(times.length * share) - 1] ?? 0
  const [p50, p99] = [at(0.5), at(0.99)]
  const shown = `a sync takes ${shownMs(p50)} (median), ${shownMs(p99)} (99th percentile of ${times.length})`
  if (p99 <= SLOW_MS || sync !== 'always') return of.ok(shown)
  return of.warning(
    `${shown}: with wal.sync: always, each reply waits for one`,
    'use a faster local disk, such as an SSD; or wal.sync: interval, if the loss of wal.sync_interval_ms at a power loss is acceptable',
  )
}
