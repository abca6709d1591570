/** Logs of processes that are gone, in a folder that another process uses now. */
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deliveryError, RDKAFKA } from '../../src/producer/delivery-errors.ts'
import { ProducerEvents } from '../../src/producer/events.ts'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { Log } from '../../src/wal/log.ts'
import { openFolder } from '../../src/wal/node-storage.ts'
import { WriteAheadLog } from '../../src/wal/write-ahead-log.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { FakeProducer } from '../support/fake-producer.ts'
import { RecordingObserver } from '../wal/support/log-harness.ts'

const SETTINGS = {
  sync: 'os',
  ...{ syncIntervalMs: 1_000, segmentBytes: 2 ** 20, maxBytes: 2 ** 30 },
  ...{ minFreeBytes: 0, retentionMs: 1_000, deadLetterTopic: undefined },
  maxOutstandingBytes: 2 ** 20,
} as const
const RECORD: ProducerRecord = {
  ...{ topic: 't', partition: undefined, key: null, headers: [], value: null },
  timestampMs: undefined,
}

let folder: string
let clock: FakeClock
let observer: RecordingObserver
let producer: FakeProducer
let wal: WriteAheadLog

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-'))
  clock = new FakeClock()
  observer = new RecordingObserver()
  producer = new FakeProducer()
  wal = new WriteAheadLog(
    { ...SETTINGS, folder },
    { producer, clock, observer, random: () => 0.5, events: new ProducerEvents() },
  )
})

afterEach(async () => {
  await wal.stop()
  await wal.close()
  await rm(folder, { recursive: true })
})

/** Leaves a slot with a record of this value, as a process that was killed. */
async function leave(slot: string, value: string): Promise<void> {
  const storage = await openFolder(join(folder, slot, 'log'))
  const log = await Log.open({
    ...{ ...SETTINGS, storage, clock, observer, random: () => 0.25 },
  })
  await log.append([{ ...RECORD, value }], 0)
  await log.close()
}

/** What the log reported. The clock of the tests may pass 5 s during one write to the real disk, and that report says nothing. */
const reported = (): readonly string[] =>
  observer.failures.filter((text) => !text.includes('has not answered for'))

const delivered = (): readonly string[] => producer.records.map(({ value }) => String(value))

/** Lets kprf look for slots that nobody uses, once. */
async function look(): Promise<void> {
  await clock.advance(10_000)
  for (let turn = 0; turn < 20; turn += 1) await settle()
}

describe('a slot that nobody uses', () => {
  it('is taken over, one after the other, and its records are delivered', async () => {
    await wal.open()
    for (const number of [1, 2, 3]) await leave(`slot-0${number}`, String(number))
    wal.start()

    await expect
      .poll(async () => {
        await look()
        return delivered()
      })
      .toEqual(['1', '2', '3'])
    await expect
      .poll(async () => {
        await look()
        return readdir(join(folder, 'slot-03', 'log'))
      })
      .toEqual([])
    expect(reported()).toEqual([])
  })

  it('does not hold up the others although one of its records becomes a dead letter, with a copy for their topic', async () => {
    wal = new WriteAheadLog(
      { ...SETTINGS, folder, deadLetterTopic: 'dead' },
      { producer, clock, observer, random: () => 0.5, events: new ProducerEvents() },
    )
    await wal.open()
    for (const number of [1, 2]) await leave(`slot-0${number}`, String(number))
    producer.refuseNext(1, deliveryError(RDKAFKA.messageSizeTooLarge))
    wal.start()

    await expect
      .poll(async () => {
        await look()
        return producer.records.map(({ topic, value }) => `${topic} ${String(value)}`)
      })
      .toEqual(['dead 1', 't 2'])
    expect(reported()).toEqual([])
  })

  it('is said to be unusable once, and does not hold up the others', async () => {
    await wal.open()
    await leave('slot-01', '1')
    await leave('slot-02', '2')
    const foreign = join(folder, 'slot-01', 'log', 'notes.txt')
    await writeFile(foreign, 'x')
    wal.start()
    await expect
      .poll(async () => {
        await look()
        return delivered()
      })
      .toEqual(['2'])
    const said = 'adopt: Error: slot-01: notes.txt is not a file of a write-ahead log of kprf'
    for (let time = 0; time < 5; time += 1) await look()
    expect(reported()).toEqual([said])

    await rename(foreign, join(folder, 'slot-01', 'log', 'other.txt'))
    await expect
      .poll(async () => {
        await look()
        return reported()
      })
      .toEqual([said, said.replace('notes', 'other')])
    await rm(join(folder, 'slot-01', 'log', 'other.txt'))
    await expect
      .poll(async () => {
        await look()
        return delivered()
      })
      .toEqual(['2', '1'])
  })

  it.each([
    ['dead letters', 'dead-letters'],
    ['keys', 'keys'],
  ])('is left as it is if only its %s are unusable', async (_what, name) => {
    wal = new WriteAheadLog(
      { ...SETTINGS, folder },
      {
        ...{ producer, clock, observer, random: () => 0.5, events: new ProducerEvents() },
        keyLimits: { windowMs: 60_000, maxKeys: 10 },
      },
    )
    await wal.open()
    const log = join(folder, 'slot-01', 'log')
    const unusable = join(folder, 'slot-01', name)
    for (const path of [log, unusable]) await mkdir(path, { recursive: true })
    await writeFile(join(log, '0000000000000001.wal'), 'x')
    await writeFile(join(unusable, 'notes.txt'), 'x')
    wal.start()
    await expect
      .poll(async () => {
        await look()
        return reported()
      })
      .toHaveLength(1)

    expect(await readdir(log)).toEqual(['0000000000000001.wal'])
  })
})
