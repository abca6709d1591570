/** How long a start takes that finds 1 GiB of records that Kafka does not have, and how long it takes to read them. */
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { systemClock } from '../../src/base/clock.ts'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { Log } from '../../src/wal/log.ts'
import { LogReader } from '../../src/wal/log-reader.ts'
import type { LogOptions } from '../../src/wal/log-types.ts'
import { openFolder } from '../../src/wal/node-storage.ts'
import type { Figure } from '../measure.ts'
import { startKprf } from '../support/server.ts'
import { show, spreadOf } from '../support/statistics.ts'
import type { DiskFolder } from './disk-folder.ts'

const LOG_BYTES = 2 ** 30
const RECORD_BYTES = 4_096
const GROUP = 256
const MAX_SECONDS = 3
/** Nothing listens there. */
const NO_KAFKA = '127.0.0.1:1'

const RECORD: ProducerRecord = {
  ...{ topic: 't', partition: undefined, key: null, value: 'x'.repeat(RECORD_BYTES) },
  ...{ headers: [], timestampMs: undefined },
}

/** Measures the start with and without such a log, in turn, and the reading of all of it. */
export async function opening(rounds: number, { path }: DiskFolder): Promise<readonly Figure[]> {
  const folder = join(path, 'full')
  const records = await fill(join(folder, 'slot-00', 'log'))
  const full: number[] = []
  const empty: number[] = []
  const reading: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    empty.push(await startSeconds(join(path, 'empty')))
    full.push(await startSeconds(folder))
    reading.push(await readSeconds(join(folder, 'slot-00', 'log'), records))
  }
  const slower = spreadOf(full).median - spreadOf(empty).median
  const read = spreadOf(reading)
  return [
    {
      name: 'the start with 1 GiB in the log, until pushes are accepted',
      measured: `${show(spreadOf(full), 's', 2)}, with an empty one ${show(spreadOf(empty), 's', 2)}: ${slower.toFixed(2)} s more`,
      target: `<= ${MAX_SECONDS} s more`,
      isReached: slower <= MAX_SECONDS,
      values: { slower },
    },
    {
      name: 'reading 1 GiB of records of 4 KiB, with all checksums',
      measured: show(read, 's', 2),
      target: `<= ${MAX_SECONDS} s`,
      isReached: read.median <= MAX_SECONDS,
      values: { seconds: read.median },
    },
  ]
}

/** Writes the log. @returns the number of its records. */
async function fill(folder: string): Promise<number> {
  const log = await open(folder)
  let records = 0
  while (log.bytes < LOG_BYTES) {
    const group = Array.from({ length: GROUP }, () => log.append([RECORD], Date.now()))
    await Promise.all(group)
    records += GROUP
  }
  await log.close()
  return records
}

async function startSeconds(folder: string): Promise<number> {
  const startedMs = performance.now()
  const kprf = await startKprf(NO_KAFKA, {
    ...{ 'wal.enabled': 'true', 'wal.dir': folder, 'wal.max_bytes': 2 ** 40 },
    'shutdown.timeout_ms': 0,
  })
  const seconds = (performance.now() - startedMs) / 1000
  await kprf.stop()
  return seconds
}

/** @throws Error if not all of the records can be read. */
async function readSeconds(folder: string, expected: number): Promise<number> {
  const startedMs = performance.now()
  const log = await open(folder)
  const reader = new LogReader(log)
  let records = 0
  for (let entry = await reader.next(); entry; entry = await reader.next()) {
    const { recordCount } = entry.header
    // They are not settled: the log stays as it is.
    log.passed(entry, recordCount)
    records += recordCount
  }
  const seconds = (performance.now() - startedMs) / 1000
  await log.close()
  if (records !== expected) throw new Error(`${expected} records were written, ${records} read`)
  return seconds
}

async function open(folder: string): Promise<Log> {
  const options: LogOptions = {
    ...{ storage: await openFolder(folder), clock: systemClock, random: Math.random },
    ...{ sync: 'os', syncIntervalMs: 1_000, segmentBytes: 64 * 2 ** 20 },
    ...{ maxBytes: 2 ** 40, minFreeBytes: 0 },
    observer: {
      failed: throwIt,
      syncFailed: throwIt,
      replayed: () => undefined,
      damaged: throwIt,
      torn: throwIt,
      buried: throwIt,
      backlog: throwIt,
    },
  }
  return await Log.open(options)
}

function throwIt(...what: readonly unknown[]): never {
  throw new Error(what.map(String).join(' '))
}
