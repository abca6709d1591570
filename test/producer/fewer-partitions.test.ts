import { describe, expect, it } from 'vitest'
import { PARTITIONERS } from '../../src/producer/partitioner.ts'
import type { ProduceOutcome } from '../../src/producer/transport.ts'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { ProducerHarness, record, type HarnessSettings } from '../support/producer-harness.ts'

const refused = (errorNumber: number): ProduceOutcome => ({ status: 'refused', errorNumber })

/** The partition that librdkafka chooses for a key. */
const partitionOf = (key: string, partitions: number): number =>
  PARTITIONERS.consistent_random(key, new Array<number>(partitions).fill(1), () => 0) ?? -1

/** Keys that go to a partition of eight which a topic of two does not have. */
const KEYS = Array.from({ length: 200 }, (_, number) => `key ${number}`).filter(
  (key) => partitionOf(key, 8) >= 2,
)

const keyed = (value: string, key: string | null = value): ProducerRecord =>
  record(value, { partition: undefined, key })

/**
 * A producer that knows a topic of eight partitions, which has been created again with two; no broker has said so
 * yet.
 */
async function staleHarness(settings: Partial<HarnessSettings> = {}): Promise<ProducerHarness> {
  const harness = await ProducerHarness.warm({ lingerMs: 0, ...settings }, { t: 8 })
  harness.transport.setTopic('t', 2)
  harness.transport.otherwise = ({ partition }) => (partition < 2 ? undefined : refused(3))
  return harness
}

const values = ({ transport }: ProducerHarness): (string | undefined)[][] =>
  Array.from({ length: 8 }, (_, partition) => transport.values('t', partition))

describe('a topic that was created again with fewer partitions', () => {
  it('gets a record without a partition where its key belongs now', async () => {
    const [key = ''] = KEYS
    const harness = await staleHarness()

    await harness.send(keyed('a', key))
    await harness.clock.advance(2_000)

    const partition = partitionOf(key, 2)
    expect(harness.reports).toMatchObject([{ status: 'persisted', partition }])
    expect(values(harness)[partition]).toEqual(['a'])
    expect([harness.producer.bufferedRecords, harness.producer.memoryBytes]).toEqual([0, 0])
  })

  it('gets the records of a key in their order, with those that came later', async () => {
    const harness = await staleHarness()
    const sent = KEYS.slice(0, 20).flatMap((key) => [0, 1, 2].map((n) => keyed(`${key}:${n}`, key)))
    await harness.send(...sent)
    await harness.clock.advance(50)
    await harness.send(...KEYS.slice(0, 20).map((key) => keyed(`${key}:3`, key)))

    await harness.clock.advance(2_000)

    const stored = values(harness)
    expect(stored.flat()).toHaveLength(80)
    for (const key of KEYS.slice(0, 20)) {
      const ofKey = stored[partitionOf(key, 2)]?.filter((value) => value?.startsWith(`${key}:`))
      expect(ofKey).toEqual([0, 1, 2, 3].map((n) => `${key}:${n}`))
    }
  })

  it('gets a record without a key, too', async () => {
    const harness = await staleHarness()

    await harness.send(...['a', 'b', 'c'].map((value) => keyed(value, null)))
    await harness.clock.advance(2_000)

    expect(values(harness).flat().toSorted()).toEqual(['a', 'b', 'c'])
    expect(harness.failedCount).toBe(0)
  })

  it('does not get a record whose client chose a partition: that one fails', async () => {
    const [key = ''] = KEYS
    const partition = partitionOf(key, 8)
    const harness = await staleHarness()

    await harness.send(
      keyed('ours 1', key),
      record('theirs', { partition, key }),
      keyed('ours 2', key),
    )
    await harness.clock.advance(2_000)

    expect(values(harness)[partitionOf(key, 2)]).toEqual(['ours 1', 'ours 2'])
    expect(harness.failures).toMatchObject([
      { status: 'notPersisted', error: { number: -190, code: 'PARTITION_UNKNOWN' } },
    ])
  })

  it('gets records before later ones of their key that wait for the same partition', async () => {
    const [key = ''] = KEYS
    const harness = await ProducerHarness.warm({ lingerMs: 0 }, { t: 8 })
    harness.transport.script.push('hold')
    await harness.send(keyed('in flight', key))
    await harness.clock.advance(0)
    harness.transport.setTopic('t', 2)
    // Another partition of the topic finds out first.
    harness.transport.script.push(refused(6))
    await harness.send(record('other', { partition: 0 }))
    await harness.clock.advance(300)
    harness.transport.otherwise = () => refused(19)
    await harness.send(keyed('later', key))
    await harness.clock.advance(0)

    harness.transport.held[0]?.answer(refused(3))
    await harness.clock.advance(300)
    harness.transport.otherwise = undefined
    await harness.clock.advance(1_500)

    const stored = values(harness)[partitionOf(key, 2)]
    expect(stored?.filter((value) => value !== 'other')).toEqual(['in flight', 'later'])
  })

  it('gets no record twice from an idempotent producer: one that Kafka may have keeps its place, and fails', async () => {
    const [key = ''] = KEYS
    const harness = await staleHarness({ enableIdempotence: true, requiredAcks: -1 })
    const lost = { status: 'failed', errorNumber: -195, wasSent: true, reason: 'lost' } as const
    harness.transport.script.push(lost)

    await harness.send(keyed('in doubt', key))
    await harness.clock.advance(10)
    await harness.send(keyed('behind it', key))
    await harness.clock.advance(2_000)

    expect(harness.failures).toMatchObject([{ status: 'possiblyPersisted' }])
    expect(values(harness).flat()).toEqual(['behind it'])
    expect([harness.producer.bufferedRecords, harness.producer.memoryBytes]).toEqual([0, 0])
  })

  it('does not delay the end of records that expire', async () => {
    const [key = ''] = KEYS
    const harness = await staleHarness({ messageTimeoutMs: 1_000 })
    const ends: [string, number][] = []
    const send = async (...records: readonly ProducerRecord[]): Promise<void> => {
      await harness.sendAll(records, (_, index) => {
        ends.push([String(records[index]?.value), harness.clock.nowMs()])
      })
    }
    harness.transport.otherwise = ({ partition }) => refused(partition < 2 ? 19 : 3)
    const startMs = harness.clock.nowMs()
    await send(keyed('old', key))
    await harness.clock.advance(5)
    await send(record('young', { partition: partitionOf(key, 2) }))

    await harness.clock.advance(3_000)

    for (const [value, endMs] of ends) {
      expect([value, endMs - startMs <= 1_000 + 5 + 20]).toEqual([value, true])
    }
    expect(ends.map(([value]) => value)).toEqual(['old', 'young'])
  })
})
