/** kprf as a process whose write-ahead log has a folder or a disk that it cannot use. */
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { crc32c } from '../../src/producer/crc32c.ts'
import { FORMAT_VERSION, SEGMENT_HEADER_BYTES, segmentHeader } from '../../src/wal/frame.ts'
import { lockFolder } from '../../src/wal/slot-lock.ts'
import { type KprfProcess, type KprfSettings, startKprf } from '../support/kprf-process.ts'

const SLOTS = 128

let folder: string
const closers: (() => unknown)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-'))
})

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  await rm(folder, { recursive: true })
})

const settingsOf = (dir: string): KprfSettings => ({ 'wal.enabled': 'true', 'wal.dir': dir })

/** Rejects with the exit code and the log of a kprf that does not start. */
function startIn(dir: string): Promise<KprfProcess> {
  return startKprf('127.0.0.1:1', settingsOf(dir))
}

/** The exit code, and the line of the log that says why. */
function refusal(text: string): RegExp {
  return new RegExp(`ended with 78[^]*"error"[^\\n]*wal\\.dir: [^\\n]*${text}`)
}

async function startedOn(cluster: TestCluster, settings: KprfSettings): Promise<KprfProcess> {
  const kprf = await startKprf(cluster.bootstrap, settings)
  closers.push(() => kprf.destroy())
  return kprf
}

/** Mounts a file system of this size, or a read-only one; false where that is not allowed. */
function mount(path: string, options: string): boolean {
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path])
  if (status !== 0) return false
  closers.push(() => spawnSync('umount', ['-l', path]))
  return true
}

describe('kprf does not start, says why in one line, and changes nothing, if wal.dir', () => {
  it('is a file', async () => {
    const path = join(folder, 'file')
    await writeFile(path, 'x')

    await expect(startIn(path)).rejects.toThrow(refusal('(ENOTDIR|EEXIST)'))
  })

  it('is a link to a folder that does not exist', async () => {
    const path = join(folder, 'link')
    await symlink(join(folder, 'unmounted'), path)

    await expect(startIn(path)).rejects.toThrow(refusal('ENOENT'))
  })

  it.each([
    ['a file of something else', 'notes.txt', Buffer.from('x'), 'notes.txt is not a file of'],
    [
      'a segment of a later version',
      '0000000000000001.wal',
      laterSegment(),
      'was written by a later version of kprf',
    ],
  ])('has %s', async (_what, name, bytes, message) => {
    const log = join(folder, 'slot-00', 'log')
    await mkdir(log, { recursive: true })
    await writeFile(join(log, name), bytes)

    await expect(startIn(folder)).rejects.toThrow(refusal(message))
    expect(await readdir(log)).toEqual([name])
  })

  it('has a log that can be used, and dead letters that cannot', async () => {
    const [log, letters] = ['log', 'dead-letters'].map((part) => join(folder, 'slot-00', part))
    if (log === undefined || letters === undefined) throw new Error('there are two')
    for (const path of [log, letters]) await mkdir(path, { recursive: true })
    // Both would be removed: a file that ends within its header, and acknowledgements of none.
    const names = ['0000000000000001-1.acks', '0000000000000002.wal']
    for (const name of names) await writeFile(join(log, name), 'x')
    await writeFile(join(letters, 'notes.txt'), 'x')

    await expect(startIn(folder)).rejects.toThrow(refusal('notes.txt is not a file of'))
    expect((await readdir(log)).sort()).toEqual(names)
  })

  it('is in use by as many processes as it may be', async () => {
    for (let number = 0; number < SLOTS; number += 1) {
      const slot = join(folder, `slot-${String(number).padStart(2, '0')}`)
      await mkdir(slot)
      const unlock = await lockFolder(slot)
      closers.push(async () => await unlock?.())
    }

    await expect(startIn(folder)).rejects.toThrow(refusal(`${SLOTS} processes use`))
  })

  it('is read-only', async ({ skip }) => {
    if (!mount(folder, 'ro')) skip('mount is not allowed')

    await expect(startIn(folder)).rejects.toThrow(refusal('EROFS'))
  })

  it('has a log and has become read-only', async ({ skip }) => {
    if (!mount(folder, 'rw')) skip('mount is not allowed')
    for (const part of ['log', 'dead-letters']) {
      await mkdir(join(folder, 'slot-00', part), { recursive: true })
    }
    spawnSync('mount', ['-o', 'remount,ro', folder])

    await expect(startIn(folder)).rejects.toThrow(refusal('EROFS'))
  })
})

describe('kprf with a write-ahead log on a disk that is full', () => {
  it('refuses pushes with 503, accepts them once Kafka took some, and delivers them all', async ({
    skip,
  }) => {
    if (!mount(folder, 'size=4m')) skip('mount is not allowed')
    const cluster = await TestCluster.start({ topics: { t: { partitions: 1 } } })
    closers.push(() => cluster.close())
    const kprf = await startedOn(cluster, {
      ...settingsOf(folder),
      ...{ 'wal.min_free_bytes': 0, 'wal.segment_bytes': 2 ** 20 },
    })
    const accepted: string[] = []
    const push = async (): Promise<number> => {
      const value = String(accepted.length).padEnd(100_000, '.')
      const { status } = await kprf.push({ records: [{ topic: 't', data: value }] })
      if (status === 200) accepted.push(value)
      return status
    }
    const values = (): readonly string[] => cluster.records('t').map(({ value }) => String(value))
    expect(await push()).toBe(200)
    await expect.poll(values).toEqual(accepted)
    await cluster.stopBroker(1)
    let status = 200
    while (status === 200) status = await push()
    expect(status).toBe(503)
    expect(accepted.length).toBeGreaterThan(25)

    await cluster.startBroker(1)
    await expect.poll(push).toBe(200)
    await expect.poll(() => values().length).toBe(accepted.length)
    expect(values()).toEqual(accepted)
    expect((await kprf.stop()).exitCode).toBe(0)
  })
})

describe('kprf whose folder of the write-ahead log is moved away', () => {
  it('refuses pushes that do not wait until the folder is back, and loses nothing', async () => {
    const cluster = await TestCluster.start({ topics: { t: { partitions: 1 } } })
    closers.push(() => cluster.close())
    const dir = join(folder, 'wal')
    const kprf = await startedOn(cluster, settingsOf(dir))
    const push = async (data: string): Promise<number> =>
      (await kprf.push({ records: [{ topic: 't', data }] })).status
    await cluster.stopBroker(1)
    expect(await push('before')).toBe(200)

    await rename(dir, join(folder, 'away'))
    expect(await push('refused')).toBe(503)
    await rename(join(folder, 'away'), dir)
    expect(await push('after')).toBe(200)

    await kprf.stop('SIGKILL')
    await cluster.startBroker(1)
    await startedOn(cluster, settingsOf(dir))
    const values = (): readonly string[] => cluster.records('t').map(({ value }) => String(value))
    await expect.poll(values).toEqual(['before', 'after'])
  })
})

function laterSegment(): Buffer {
  const bytes = segmentHeader({ salt: 1, createdMs: 0 }).subarray(0, SEGMENT_HEADER_BYTES / 2)
  bytes.writeUInt16LE(FORMAT_VERSION + 1, 8)
  bytes.writeUInt32LE(crc32c(bytes, 0, 24), 24)
  return bytes
}
