import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import type { ProduceOutcome } from '../../src/producer/transport.ts'
import type { DeliveryReport, ProducerRecord, RecordOwner } from '../../src/producer/types.ts'
import type { FakeTransport, SentBatch } from '../support/fake-transport.ts'
import { atOnce, compressedWith, later } from '../support/compression.ts'
import { ProducerHarness } from '../support/producer-harness.ts'
import { RecordedCall } from '../support/send-all.ts'
import { runs } from '../support/random-runs.ts'

/** What the broker does with one request. */
type Fate =
  | 'store'
  | 'storeThenLose'
  | 'lose'
  | 'neverSent'
  | { readonly refuse: number }
  | { readonly blame: readonly number[] }
  | { readonly storeThenRefuse: number }
  | { readonly storeAfterMs: number }

const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Fate>('store') },
  { weight: 2, arbitrary: fc.constantFrom<Fate>('storeThenLose', 'lose', 'neverSent') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(2, 3, 5, 6, 7, 10, 19, 29, 56, 87).map((refuse) => ({ refuse })),
  },
  { weight: 1, arbitrary: fc.record({ blame: fc.array(fc.integer({ min: -1, max: 6 })) }) },
  { weight: 1, arbitrary: fc.constantFrom(7, 20).map((code) => ({ storeThenRefuse: code })) },
  { weight: 2, arbitrary: fc.constantFrom(30, 700).map((storeAfterMs) => ({ storeAfterMs })) },
)

/** The timeout of an owner, and the reports that it gets. */
const OWNER_KINDS = [60, 500, 2_000, Infinity].flatMap((deliveryTimeoutMs) =>
  [false, true].flatMap((isHeard) =>
    [false, true].map((takesBack) => ({ deliveryTimeoutMs, isHeard, takesBack })),
  ),
)

type OwnerKind = (typeof OWNER_KINDS)[number]

/** Expired records are looked for as often as this at most. */
const SWEEP_MS = 10

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
      owner: fc.nat({ max: OWNER_KINDS.length - 1 }),
      roomWaitMs: fc.constantFrom(0, 20, 200),
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

function play(
  { transport, clock }: ProducerHarness,
  request: SentBatch,
  what: Fate,
): ProduceOutcome | 'hold' {
  const lost = { status: 'failed', errorNumber: -195, reason: 'test' } as const
  if (what === 'store') return transport.store(request)
  if (what === 'neverSent') return { ...lost, wasSent: false }
  if (what === 'lose') return { ...lost, wasSent: true }
  if (what === 'storeThenLose') {
    transport.store(request)
    return { ...lost, wasSent: true }
  }
  if ('blame' in what) {
    const faults = what.blame.map((position) => ({ position, reason: `reason ${position % 3}` }))
    return { status: 'refused', errorNumber: 87, faults }
  }
  if ('refuse' in what) return { status: 'refused', errorNumber: what.refuse }
  if ('storeAfterMs' in what) {
    clock.schedule(what.storeAfterMs, () => {
      transport.held.find((held) => held.request === request)?.answer(transport.store(request))
    })
    return 'hold'
  }
  transport.store(request)
  return { status: 'refused', errorNumber: what.storeThenRefuse }
}

interface Sent {
  readonly record: ProducerRecord
  readonly value: string
  readonly kind: OwnerKind
  readonly reports: DeliveryReport[]
  /** When it may be reported at the latest, by the clock, and when it was. */
  readonly latestMs: number
  reportedMs: number
  /** By each time that it was handed back: whether Kafka may have it. */
  readonly handedBack: boolean[]
  isRefused: boolean
}

class Ledger {
  readonly sent: Sent[] = []
  /** What owners heard of failures by number, by kind. */
  readonly #failed = new Map<OwnerKind, number>()
  readonly #counting = new Map<OwnerKind, RecordOwner>()

  async send(
    { producer, clock }: ProducerHarness,
    records: readonly ProducerRecord[],
    kind: OwnerKind,
    roomWaitMs: number,
  ): Promise<void> {
    const entries = records.map((record) => ({
      record,
      value: String(record.value),
      kind,
      reports: [] as DeliveryReport[],
      latestMs: clock.nowMs() + roomWaitMs + kind.deliveryTimeoutMs + SWEEP_MS,
      reportedMs: -Infinity,
      handedBack: [] as boolean[],
      isRefused: false,
    }))
    this.sent.push(...entries)
    const call = new RecordedCall(records.length, this.#owner(kind, entries, clock), roomWaitMs)
    producer.sendAll(records, call)
    const refusals = await call.admitted
    refusals?.forEach((refusal, index) => {
      const entry = entries[index]
      if (refusal && entry) entry.isRefused = true
    })
  }

  /** Checks that each record ended once, as its owner and the observer were told. */
  check({ deliveredCount, failedCount }: ProducerHarness): void {
    for (const { kind, reports, handedBack, isRefused, reportedMs, latestMs } of this.sent) {
      expect(reportedMs).toBeLessThanOrEqual(latestMs)
      const ends = reports.length + handedBack.length
      if (isRefused) expect(ends).toBe(0)
      else if (kind.isHeard) expect(ends).toBe(1)
      else expect([reports.length, handedBack.length]).toEqual([0, handedBack.length ? 1 : 0])
    }
    const reports = this.sent.flatMap((one) => one.reports)
    const heardDelivered = reports.filter(({ status }) => status === 'persisted').length
    let unheardDelivered = 0
    let unheardFailed = 0
    for (const kind of OWNER_KINDS) {
      const failed = this.#failed.get(kind) ?? 0
      if (kind.isHeard) expect(failed).toBe(0)
      else {
        const admitted = this.sent.filter((one) => one.kind === kind && !one.isRefused)
        const delivered = admitted.filter((one) => one.handedBack.length === 0).length - failed
        expect(delivered).toBeGreaterThanOrEqual(0)
        unheardDelivered += delivered
        unheardFailed += failed
      }
    }
    expect(deliveredCount).toBe(heardDelivered + unheardDelivered)
    expect(failedCount).toBe(reports.length - heardDelivered + unheardFailed)
  }

  #owner(kind: OwnerKind, entries: readonly Sent[], clock: Clock): RecordOwner {
    const { deliveryTimeoutMs, isHeard, takesBack } = kind
    // One owner for all calls, as the service has one for all records whose client does not wait.
    const known = this.#counting.get(kind)
    if (known) return known
    const owner: RecordOwner = {
      deliveryTimeoutMs,
      failed: (count) => {
        this.#failed.set(kind, (this.#failed.get(kind) ?? 0) + count)
      },
      ...(isHeard && {
        settled: (report, index) => {
          const entry = entries[index]
          if (!entry) return
          entry.reports.push(report)
          entry.reportedMs = clock.nowMs()
        },
      }),
      ...(takesBack && {
        handedBack: (index, mayBePersisted) => entries[index]?.handedBack.push(mayBePersisted),
      }),
    }
    if (!isHeard && !takesBack) this.#counting.set(kind, owner)
    return owner
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
        }),
        fc.constantFrom(undefined, atOnce, later),
        fc.nat({ max: 2 }).map((number) => number === 0),
        async (steps, fates, settings, compress, closesEarly) => {
          const harness = new ProducerHarness(
            settings,
            { t: 4, u: 1 },
            undefined,
            compress && compressedWith(compress),
          )
          const { transport, clock, producer } = harness
          transport.failTopic('forbidden', 29)
          transport.otherwise = (request) => play(harness, request, fates.shift() ?? 'store')
          const ledger = new Ledger()
          const pending: Promise<void>[] = []
          let serial = 0

          for (const action of steps) {
            if (action.kind === 'advance') await clock.advance(action.ms)
            else if (action.kind === 'availability') transport.availability = action.value
            else {
              const { topic, partition, size, roomWaitMs } = action
              const kind = OWNER_KINDS[action.owner]
              const records = action.keys.map((key) => ({
                topic,
                partition,
                key,
                value: `${serial++}:${'x'.repeat(size)}`,
                headers: [],
                timestampMs: undefined,
              }))
              if (kind) pending.push(ledger.send(harness, records, kind, roomWaitMs))
            }
          }
          if (closesEarly) await producer.close()
          await clock.advance(10_000)
          await Promise.all(pending)
          const isOver =
            closesEarly || ledger.sent.every(({ kind }) => kind.deliveryTimeoutMs < Infinity)
          if (!isOver) {
            // Records that never expire end when Kafka works again.
            fates.length = 0
            transport.comeBack()
            await clock.advance(60_000)
          }

          ledger.check(harness)
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
          for (const { record, value, reports, handedBack, isRefused } of ledger.sent) {
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
            const isCertainlyAbsent = report?.status === 'notPersisted' || handedBack[0] === false
            if (isRefused || isCertainlyAbsent) expect(place).toBeUndefined()
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
      { numRuns: runs(150) },
    )
  })
})
