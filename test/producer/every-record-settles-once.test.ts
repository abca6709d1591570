import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ProduceOutcome } from '../../src/producer/transport.ts'
import type { DeliveryReport, ProducerRecord } from '../../src/producer/types.ts'
import type { FakeTransport, SentBatch } from '../support/fake-transport.ts'
import { atOnce, compressedWith, later } from '../support/compression.ts'
import { ProducerHarness } from '../support/producer-harness.ts'

/** What the broker does with one request. */
type Fate =
  | 'store'
  | 'storeThenLose'
  | 'lose'
  | 'neverSent'
  | { readonly refuse: number }
  | { readonly storeThenRefuse: number }

const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Fate>('store') },
  { weight: 2, arbitrary: fc.constantFrom<Fate>('storeThenLose', 'lose', 'neverSent') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(2, 3, 5, 6, 7, 10, 19, 29, 56, 87).map((refuse) => ({ refuse })),
  },
  { weight: 1, arbitrary: fc.constantFrom(7, 20).map((code) => ({ storeThenRefuse: code })) },
)

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      topic: fc.constantFrom('t', 'u', 'missing', 'forbidden'),
      keys: fc.array(fc.option(fc.constantFrom('k1', 'k2', 'k3', ''), { nil: null }), {
        minLength: 1,
        maxLength: 6,
      }),
      partition: fc.option(fc.nat({ max: 4 }), { nil: undefined }),
      size: fc.nat({ max: 60 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat({ max: 400 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('availability' as const),
      value: fc.constantFrom('up' as const, 'down' as const),
    }),
  },
)

function play(transport: FakeTransport, request: SentBatch, what: Fate): ProduceOutcome {
  const lost = { status: 'failed', errorNumber: -195, reason: 'test' } as const
  if (what === 'store') return transport.store(request)
  if (what === 'neverSent') return { ...lost, wasSent: false }
  if (what === 'lose') return { ...lost, wasSent: true }
  if (what === 'storeThenLose') {
    transport.store(request)
    return { ...lost, wasSent: true }
  }
  if ('refuse' in what) return { status: 'refused', errorNumber: what.refuse }
  transport.store(request)
  return { status: 'refused', errorNumber: what.storeThenRefuse }
}

interface Sent {
  readonly record: ProducerRecord
  readonly value: string
  readonly reports: DeliveryReport[]
  isRefused: boolean
}

class Ledger {
  readonly sent: Sent[] = []

  async send(harness: ProducerHarness, records: readonly ProducerRecord[]): Promise<void> {
    const entries = records.map((record) => ({
      record,
      value: String(record.value),
      reports: [] as DeliveryReport[],
      isRefused: false,
    }))
    this.sent.push(...entries)
    const refusals = await harness.producer.sendAll(records, (report, index) => {
      entries[index]?.reports.push(report)
    })
    refusals?.forEach((refusal, index) => {
      const entry = entries[index]
      if (refusal && entry) entry.isRefused = true
    })
  }
}

/** Position of each value's first occurrence in each partition of a topic. */
function firstPositions(transport: FakeTransport, topic: string): Map<string, [number, number]> {
  const positions = new Map<string, [number, number]>()
  for (let partition = 0; partition < 4; partition++) {
    transport.values(topic, partition).forEach((value = '', position) => {
      if (!positions.has(value)) positions.set(value, [partition, position])
    })
  }
  return positions
}

describe('under random faults', () => {
  it('every record settles exactly once, truthfully and in order, and the budget returns to zero', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 25 }),
        fc.array(fate, { maxLength: 30 }),
        fc.record({
          batchNumMessages: fc.constantFrom(1, 2, 5, 10_000),
          queueBufferingMaxMessages: fc.constantFrom(3, 10, 100_000),
          queueBufferingMaxKbytes: fc.constant(1024),
          // Room for two records, for some twenty, and for all.
          queueMemoryMaxBytes: fc.constantFrom(270_000, 350_000, 2 ** 30),
          lingerMs: fc.constantFrom(0, 10, 50),
          retries: fc.constantFrom(0, 1, 3),
          messageTimeoutMs: fc.constantFrom(60, 500, 2_000),
        }),
        fc.constantFrom(undefined, atOnce, later),
        async (steps, fates, settings, compress) => {
          const harness = new ProducerHarness(
            settings,
            { t: 4, u: 1 },
            undefined,
            compress && compressedWith(compress),
          )
          const { transport, clock, producer } = harness
          transport.failTopic('forbidden', 29)
          transport.otherwise = (request) => play(transport, request, fates.shift() ?? 'store')
          const ledger = new Ledger()
          const pending: Promise<void>[] = []
          let serial = 0

          for (const action of steps) {
            if (action.kind === 'advance') await clock.advance(action.ms)
            else if (action.kind === 'availability') transport.availability = action.value
            else {
              const { topic, partition, size } = action
              const records = action.keys.map((key) => ({
                topic,
                partition,
                key,
                value: `${serial++}:${'x'.repeat(size)}`,
                headers: [],
                timestampMs: undefined,
              }))
              pending.push(ledger.send(harness, records))
            }
          }
          await clock.advance(10_000)
          await Promise.all(pending)

          for (const { reports, isRefused } of ledger.sent) {
            expect(reports).toHaveLength(isRefused ? 0 : 1)
          }
          expect(producer.bufferedRecords).toBe(0)
          expect(producer.bufferedBytes).toBe(0)
          expect(producer.memoryBytes).toBe(0)
          expect([...producer.bufferedByTopic()]).toEqual([])
          expect(transport.maxInFlightPerPartition).toBeLessThanOrEqual(1)

          const positions = {
            t: firstPositions(transport, 't'),
            u: firstPositions(transport, 'u'),
          }
          const lastByPlace = new Map<string, number>()
          for (const { record, value, reports, isRefused } of ledger.sent) {
            const [report] = reports
            const place =
              record.topic === 't' || record.topic === 'u'
                ? positions[record.topic].get(value)
                : undefined
            if (report?.status === 'persisted') {
              expect(place?.[0]).toBe(report.partition)
              const log = transport.values(report.topic, report.partition)
              expect(log[Number(report.offset)]).toBe(value)
            }
            if (isRefused || report?.status === 'notPersisted') expect(place).toBeUndefined()
            if (place && record.partition !== undefined) expect(place[0]).toBe(record.partition)
            if (place) {
              const where = `${record.topic}/${place[0]}`
              expect(place[1]).toBeGreaterThan(lastByPlace.get(where) ?? -1)
              lastByPlace.set(where, place[1])
            }
          }
          await producer.close()
          expect(clock.timers).toBe(0)
        },
      ),
      { numRuns: 500 },
    )
  })
})
