/** The outcomes of records whose owners have different timeouts, although they share batches. */
import { describe, expect, it } from 'vitest'
import { Statistics } from '../../src/producer/statistics/statistics.ts'
import type { ProduceOutcome } from '../../src/producer/transport.ts'
import type { DeliveryReport, ProducerRecord, RecordOwner } from '../../src/producer/types.ts'
import { decodeBatch } from '../support/decode-batch.ts'
import { settle } from '../support/fake-clock.ts'
import { ProducerHarness, record } from '../support/producer-harness.ts'
import { RecordedCall, silentOwner } from '../support/send-all.ts'

const UNANSWERED: ProduceOutcome = {
  ...{ status: 'failed', errorNumber: -195, wasSent: true, reason: 'test' },
}
const NEVER_SENT: ProduceOutcome = { ...UNANSWERED, wasSent: false }

/** Writes down how each of its records ended. */
class Listener implements RecordOwner {
  readonly deliveryTimeoutMs: number
  readonly reports: (readonly [index: number, report: DeliveryReport])[] = []

  constructor(deliveryTimeoutMs: number) {
    this.deliveryTimeoutMs = deliveryTimeoutMs
  }

  settled(report: DeliveryReport, index: number): void {
    this.reports.push([index, report])
  }

  /** By index: the offset of a record that Kafka has, else what is told of it. */
  get ends(): (readonly [index: number, end: bigint | string | undefined])[] {
    return this.reports.map(([index, report]) => [
      index,
      report.status === 'persisted' ? report.offset : `${report.status} ${report.error.number}`,
    ])
  }
}

/** Takes back what is left when the producer closes. */
class Keeper extends Listener {
  readonly handed: (readonly [index: number, mayBePersisted: boolean])[] = []

  handedBack(index: number, mayBePersisted: boolean): void {
    this.handed.push([index, mayBePersisted])
  }
}

/** Hears only how many records failed. */
class Counter implements RecordOwner {
  readonly deliveryTimeoutMs: number
  readonly counts: number[] = []

  constructor(deliveryTimeoutMs: number) {
    this.deliveryTimeoutMs = deliveryTimeoutMs
  }

  failed(count: number): void {
    this.counts.push(count)
  }
}

/** Sends records for partition 0 of topic `t`. */
function send(
  { producer }: ProducerHarness,
  owner: RecordOwner,
  ...records: readonly (string | ProducerRecord)[]
): RecordedCall {
  const call = new RecordedCall(records.length, owner)
  producer.sendAll(
    records.map((one) => (typeof one === 'string' ? record(one) : one)),
    call,
  )
  return call
}

/** Sends a to f: a, c and d have half a second, b, e and f have for ever. */
function sendMixed(harness: ProducerHarness): { hasty: Listener; patient: Listener } {
  const [hasty, patient] = [new Listener(500), new Listener(Infinity)]
  send(harness, hasty, 'a')
  send(harness, patient, 'b')
  send(harness, hasty, 'c', 'd')
  send(harness, patient, 'e', 'f')
  return { hasty, patient }
}

const sentValues = ({ transport }: ProducerHarness): string[][] =>
  transport.requests.map(({ recordBatch }) =>
    decodeBatch(recordBatch).map(({ value }) => String(value)),
  )

describe('records with a deadline and records without one', () => {
  it('share a batch', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 10 })
    const { hasty, patient } = sendMixed(harness)

    await harness.clock.advance(10)

    expect(sentValues(harness)).toEqual([['a', 'b', 'c', 'd', 'e', 'f']])
    expect(hasty.ends).toEqual([
      [0, 0n],
      [0, 2n],
      [1, 3n],
    ])
    expect(patient.ends).toEqual([
      [0, 1n],
      [0, 4n],
      [1, 5n],
    ])
  })

  it('part while their batch waits: its bytes hold only those that have not expired', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 600 })
    const alone = await ProducerHarness.warm({ lingerMs: 600 })
    const { hasty, patient } = sendMixed(harness)
    send(alone, silentOwner(Infinity), 'b')
    send(alone, silentOwner(Infinity), 'e', 'f')

    await harness.clock.advance(499)
    const early = hasty.ends
    await harness.clock.advance(1)
    expect(early).toEqual([])
    expect(hasty.ends).toEqual([
      [0, 'notPersisted -192'],
      [0, 'notPersisted -192'],
      [1, 'notPersisted -192'],
    ])
    expect(patient.ends).toEqual([])
    expect([harness.producer.bufferedRecords, harness.producer.bufferedBytes]).toEqual([3, 3])

    await harness.clock.advance(100)
    await alone.clock.advance(600)
    expect(sentValues(harness)).toEqual([['b', 'e', 'f']])
    expect(harness.transport.requests[0]?.recordBatch).toEqual(
      alone.transport.requests[0]?.recordBatch,
    )
    expect(patient.ends).toEqual([
      [0, 0n],
      [0, 1n],
      [1, 2n],
    ])
    expect(harness.producer.memoryBytes).toBe(0)
  })

  it('part in flight: those that stay have the offsets that they were sent with', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 0 })
    send(harness, silentOwner(), 'before')
    await harness.clock.advance(0)
    harness.transport.script.push('hold')
    const { hasty, patient } = sendMixed(harness)

    await harness.clock.advance(500)
    expect(hasty.ends).toEqual([
      [0, 'possiblyPersisted -192'],
      [0, 'possiblyPersisted -192'],
      [1, 'possiblyPersisted -192'],
    ])
    expect(patient.ends).toEqual([])
    expect(harness.producer.bufferedRecords).toBe(3)

    await harness.clock.advance(60_000)
    harness.transport.acknowledgeHeld()
    await harness.clock.advance(0)
    expect(sentValues(harness)).toEqual([['before'], ['a', 'b', 'c', 'd', 'e', 'f']])
    expect(harness.transport.values('t', 0)).toEqual(['before', 'a', 'b', 'c', 'd', 'e', 'f'])
    expect(patient.ends).toEqual([
      [0, 2n],
      [0, 5n],
      [1, 6n],
    ])
    expect(hasty.reports).toHaveLength(3)
    expect([harness.deliveredCount, harness.failedCount]).toEqual([4, 3])
    expect(harness.producer.memoryBytes).toBe(0)
  })

  it('part in flight: those that stay are sent again without the others', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 0 })
    harness.transport.script.push('hold')
    const { hasty, patient } = sendMixed(harness)
    await harness.clock.advance(500)

    harness.transport.held.shift()?.answer(UNANSWERED)
    await harness.clock.advance(1_000)

    expect(sentValues(harness)).toEqual([
      ['a', 'b', 'c', 'd', 'e', 'f'],
      ['b', 'e', 'f'],
    ])
    expect(patient.ends).toEqual([
      [0, 0n],
      [0, 1n],
      [1, 2n],
    ])
    expect(hasty.reports).toHaveLength(3)
  })

  it('part while their request was not sent: those that stay are sent later, at no cost of retries', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 0, retries: 0 })
    harness.transport.isSent = false
    harness.transport.script.push('hold')
    const { hasty, patient } = sendMixed(harness)
    await harness.clock.advance(400)
    harness.transport.isSent = true

    await harness.clock.advance(1_000)

    expect(hasty.ends).toEqual([
      [0, 'notPersisted -192'],
      [0, 'notPersisted -192'],
      [1, 'notPersisted -192'],
    ])
    expect(harness.transport.values('t', 0)).toEqual(['b', 'e', 'f'])
    expect(patient.ends).toEqual([
      [0, 0n],
      [0, 1n],
      [1, 2n],
    ])
  })

  it('part while nothing is known of their topic', async () => {
    const harness = new ProducerHarness({ lingerMs: 0 })
    harness.transport.availability = 'down'
    const { hasty, patient } = sendMixed(harness)

    await harness.clock.advance(500)
    expect(hasty.ends).toEqual([
      [0, 'notPersisted -192'],
      [0, 'notPersisted -192'],
      [1, 'notPersisted -192'],
    ])
    expect(patient.ends).toEqual([])
    expect([harness.producer.bufferedRecords, harness.producer.bufferedBytes]).toEqual([3, 3])

    await harness.clock.advance(3_600_000)
    harness.transport.comeBack()
    await harness.clock.advance(0)
    expect(sentValues(harness)).toEqual([['b', 'e', 'f']])
    expect(patient.ends).toEqual([
      [0, 0n],
      [0, 1n],
      [1, 2n],
    ])
    expect(harness.producer.memoryBytes).toBe(0)
  })

  it('stay together in a batch that Kafka may have, and would not recognise otherwise', async () => {
    const harness = await ProducerHarness.warm({
      ...{ enableIdempotence: true, lingerMs: 0, retries: 1_000, retryBackoffMaxMs: 100 },
    })
    harness.transport.script.push(UNANSWERED)
    harness.transport.otherwise = () => NEVER_SENT
    const { hasty, patient } = sendMixed(harness)

    await harness.clock.advance(500)
    expect(hasty.ends).toEqual([
      [0, 'possiblyPersisted -192'],
      [0, 'possiblyPersisted -192'],
      [1, 'possiblyPersisted -192'],
    ])
    expect(patient.ends).toEqual([])

    harness.transport.otherwise = undefined
    await harness.clock.advance(1_000)
    const batches = harness.transport.requests.map(({ recordBatch }) => recordBatch)
    expect(batches.at(-1)).toEqual(batches[0])
    expect(harness.transport.values('t', 0)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect(patient.ends).toEqual([
      [0, 1n],
      [0, 4n],
      [1, 5n],
    ])

    send(harness, patient, 'g')
    await harness.clock.advance(0)
    expect(harness.transport.claims.at(-1)).toEqual({ producerId: 1, epoch: 0, sequence: 6 })
  })

  it('are split together when Kafka refuses one of them', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 0 })
    harness.transport.otherwise = ({ recordBatch }) =>
      recordBatch.includes('poison') ? { status: 'refused', errorNumber: 87 } : undefined
    const [hasty, patient] = [new Listener(500), new Listener(Infinity)]
    send(harness, hasty, 'a')
    send(harness, patient, 'b', 'poison')
    send(harness, hasty, 'c')

    await harness.clock.advance(400)

    expect(harness.transport.values('t', 0)).toEqual(['a', 'b', 'c'])
    expect(hasty.ends).toEqual([
      [0, 0n],
      [0, 2n],
    ])
    expect(patient.ends).toEqual([
      [0, 1n],
      [1, 'notPersisted 87'],
    ])
  })

  it('give a request the time of the record with the most time left', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 0, socketTimeoutMs: 7_000 })
    const [hasty, patient] = [silentOwner(500), silentOwner(Infinity)]
    send(harness, hasty, 'a')
    await harness.clock.advance(0)
    send(harness, hasty, 'b')
    send(harness, patient, 'c')
    send(harness, silentOwner(2_000), 'd')
    await harness.clock.advance(0)
    send(harness, hasty, 'e')
    send(harness, silentOwner(2_000), 'f')
    await harness.clock.advance(0)

    expect(harness.transport.requests.map(({ requestTimeoutMs }) => requestTimeoutMs)).toEqual([
      500, 7_000, 2_000,
    ])
  })
})

describe('records of different timeouts', () => {
  it('expire each at its own time, whatever the order in which they came', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 10_000, batchNumMessages: 2 })
    harness.transport.otherwise = () => NEVER_SENT
    const owners = [700, 300, 500, 100, 600].map((timeoutMs) => new Listener(timeoutMs))
    for (const owner of owners) send(harness, owner, 'x')
    const expiredAtMs = new Map<number, number>()

    for (let nowMs = 1; nowMs <= 700; nowMs += 1) {
      await harness.clock.advance(1)
      for (const { deliveryTimeoutMs, reports } of owners) {
        if (reports.length > 0 && !expiredAtMs.has(deliveryTimeoutMs)) {
          expiredAtMs.set(deliveryTimeoutMs, nowMs)
        }
      }
    }

    expect([...expiredAtMs]).toEqual(
      [100, 300, 500, 600, 700].map((timeoutMs) => [timeoutMs, timeoutMs]),
    )
    expect(harness.producer.bufferedRecords).toBe(0)
  })

  it('leave no timer for those that never expire', () => {
    const harness = new ProducerHarness()
    harness.transport.availability = 'down'
    const { timers } = harness.clock

    send(harness, silentOwner(Infinity), 'a')

    // The only one is that of the request for metadata.
    expect(harness.clock.timers).toBe(timers + 1)
  })
})

describe('an owner that only counts', () => {
  it('hears once of all records that failed together, and not of those that were delivered', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 600 })
    const [counter, delivered] = [new Counter(500), new Counter(5_000)]
    send(harness, counter, 'a', 'b')
    send(harness, counter, 'c')
    send(harness, delivered, 'd')

    await harness.clock.advance(600)

    expect([counter.counts, delivered.counts]).toEqual([[3], []])
    expect(harness.failedCount).toBe(3)
    expect(harness.transport.values('t', 0)).toEqual(['d'])
  })

  it('hears of each of its records once, with records of other owners between them', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 600 })
    const [counter, other, listener] = [new Counter(500), new Counter(500), new Listener(500)]
    send(harness, counter, 'a', 'b')
    send(harness, listener, 'c')
    send(harness, counter, 'd')
    send(harness, other, 'e', 'f')
    send(harness, silentOwner(500), 'g')

    await harness.clock.advance(500)

    expect([counter.counts, other.counts]).toEqual([[2, 1], [2]])
    expect(listener.ends).toEqual([[0, 'notPersisted -192']])
    expect([harness.failedCount, harness.producer.bufferedRecords]).toEqual([7, 0])
  })

  it('hears of what is purged when the producer closes', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 600 })
    const counter = new Counter(500)
    send(harness, counter, 'a', 'b')

    await harness.producer.close()

    expect(counter.counts).toEqual([2])
  })
})

describe('a producer that closes', () => {
  /** One batch in flight, one that waits, and records of a topic that is not known. */
  async function withRecordsEverywhere(owners: readonly RecordOwner[]): Promise<ProducerHarness> {
    const harness = await ProducerHarness.warm({ batchNumMessages: 2 * owners.length })
    harness.transport.script.push('hold')
    for (const value of ['in flight', 'waiting', 'unassigned']) {
      const topic = value === 'unassigned' ? 'new' : 't'
      for (const owner of owners) {
        send(harness, owner, record(`${value} 0`, { topic }), record(`${value} 1`, { topic }))
      }
      await harness.clock.advance(0)
    }
    return harness
  }

  it('hands each record back to an owner that takes it, and says whether Kafka may have it', async () => {
    const [keeper, other] = [new Keeper(Infinity), new Keeper(5_000)]
    const harness = await withRecordsEverywhere([keeper, other])

    await harness.producer.close()

    for (const { handed, reports } of [keeper, other]) {
      expect(handed.toSorted(([, one], [, two]) => Number(two) - Number(one))).toEqual([
        [0, true],
        [1, true],
        [0, false],
        [1, false],
        [0, false],
        [1, false],
      ])
      expect(reports).toEqual([])
    }
    expect([harness.failedCount, harness.deliveredCount, harness.failures]).toEqual([0, 0, []])
    expect([harness.producer.bufferedRecords, harness.producer.bufferedBytes]).toEqual([0, 0])
  })

  it('purges the records of the others in the same batches', async () => {
    const [keeper, listener] = [new Keeper(5_000), new Listener(5_000)]
    const harness = await withRecordsEverywhere([keeper, listener])

    await harness.producer.close()

    expect(keeper.handed).toHaveLength(6)
    expect(
      listener.ends.toSorted(([, one], [, two]) => String(two).localeCompare(String(one))),
    ).toEqual([
      [0, 'possiblyPersisted -151'],
      [1, 'possiblyPersisted -151'],
      [0, 'notPersisted -152'],
      [1, 'notPersisted -152'],
      [0, 'notPersisted -152'],
      [1, 'notPersisted -152'],
    ])
    expect([harness.failedCount, harness.deliveredCount]).toEqual([6, 0])
    expect(harness.producer.bufferedRecords).toBe(0)
  })

  it('ignores an answer that comes for what was handed back, and then has no memory left', async () => {
    const keeper = new Keeper(Infinity)
    const harness = await withRecordsEverywhere([keeper])
    await harness.producer.close()

    harness.transport.acknowledgeHeld()
    await harness.clock.advance(60_000)

    expect([keeper.handed.length, keeper.reports.length]).toEqual([6, 0])
    expect([harness.deliveredCount, harness.producer.memoryBytes]).toEqual([0, 0])
    expect(harness.clock.timers).toBe(0)
  })

  it('says that Kafka may have what waits to be sent again after an attempt without an answer', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 0 })
    harness.transport.script.push(UNANSWERED)
    const keeper = new Keeper(Infinity)
    send(harness, keeper, 'a')
    await harness.clock.advance(0)
    send(harness, keeper, 'b', 'c')

    await harness.producer.close()

    expect(keeper.handed).toEqual([
      [0, true],
      [0, false],
      [1, false],
    ])
  })

  it('hands nothing back that was reported before', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 0 })
    harness.transport.script.push('hold')
    const [hasty, patient] = [new Keeper(500), new Keeper(Infinity)]
    send(harness, hasty, 'a')
    send(harness, patient, 'b')
    await harness.clock.advance(500)

    await harness.producer.close()

    expect([hasty.ends, hasty.handed]).toEqual([[[0, 'possiblyPersisted -192']], []])
    expect([patient.ends, patient.handed]).toEqual([[], [[0, true]]])
  })

  it('hands back what was left when it was drained', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 0 })
    harness.transport.otherwise = () => NEVER_SENT
    const keeper = new Keeper(Infinity)
    send(harness, keeper, 'a', 'b')

    const drained = harness.producer.drain(1_000)
    await harness.clock.advance(1_000)
    await harness.producer.close()

    expect(await drained).toBe(2)
    expect(keeper.handed).toEqual([
      [0, false],
      [1, false],
    ])
  })

  it('passes indexes to an owner that only takes records back', async () => {
    const harness = await ProducerHarness.warm()
    const handed: (readonly [index: number, mayBePersisted: boolean])[] = []
    const owner: RecordOwner = {
      deliveryTimeoutMs: Infinity,
      handedBack: (...record) => handed.push(record),
    }
    send(harness, owner, 'a', 'b', 'c')

    await harness.producer.close()

    expect(handed).toEqual([
      [0, false],
      [1, false],
      [2, false],
    ])
  })

  it('counts what it hands back among all messages that a partition has had', async () => {
    let statistics: Statistics | undefined
    const harness = new ProducerHarness({}, { t: 1 }, undefined, undefined, (clock) => {
      statistics = new Statistics(
        {
          ...{ clientId: 'kprf', brokers: ['fake:9092'], intervalMs: 1_000, number: 3 },
          ...{ queueBufferingMaxMessages: 100, queueBufferingMaxKbytes: 2 },
        },
        clock,
      )
      return statistics
    })
    await harness.clock.advance(0)
    send(harness, new Keeper(Infinity), 'a', 'b')
    send(harness, new Listener(Infinity), 'c')
    await harness.clock.advance(1)

    await harness.producer.close()
    statistics?.close()

    expect(statistics?.take().topics['t']?.partitions[0]?.msgs).toBe(3)
  })
})

describe('room in the queue', () => {
  it('is free again once for each record, however it ended', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 600, queueBufferingMaxMessages: 4 })
    send(harness, new Counter(100), 'a')
    send(harness, new Listener(200), 'b', 'c')
    send(harness, new Keeper(Infinity), 'd')
    const roomAfter = async (ms: number): Promise<number> => {
      await harness.clock.advance(ms)
      return 4 - harness.producer.bufferedRecords
    }

    expect([await roomAfter(0), await roomAfter(100), await roomAfter(100)]).toEqual([0, 1, 3])
    const refusals = send(harness, silentOwner(), '1', '2', '3', '4').refusals
    expect(refusals?.map((refusal) => refusal?.number)).toEqual([
      ...[undefined, undefined, undefined],
      -184,
    ])
    await harness.producer.close()
    expect([harness.producer.bufferedRecords, harness.producer.bufferedBytes]).toEqual([0, 0])
  })

  it('is waited for by each call as long as it may', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 0, queueBufferingMaxMessages: 1 })
    harness.transport.script.push('hold')
    const call = (value: string, roomWaitMs: number): RecordedCall => {
      const one = new RecordedCall(1, silentOwner(Infinity), roomWaitMs)
      harness.producer.sendAll([record(value)], one)
      return one
    }
    call('first', 0)
    await harness.clock.advance(0)

    const patient = call('patient', 1_000)
    const hasty = call('hasty', 50)
    const impatient = call('impatient', 0)
    const numberOf = ({ refusals }: RecordedCall): unknown => refusals?.[0]?.number
    expect([patient, hasty, impatient].map(({ isAdmitted }) => isAdmitted)).toEqual([
      ...[false, false, true],
    ])
    expect(numberOf(impatient)).toBe(-184)

    await harness.clock.advance(50)
    expect([patient.isAdmitted, hasty.isAdmitted, numberOf(hasty)]).toEqual([false, true, -184])

    harness.transport.acknowledgeHeld()
    await settle()
    expect([patient.isAdmitted, patient.refusals]).toEqual([true, undefined])
    await harness.clock.advance(0)
    expect(harness.transport.values('t', 0)).toEqual(['first', 'patient'])
  })

  it('is not taken for a record that was refused before', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 0, queueBufferingMaxMessages: 2 })
    const listener = new Listener(5_000)
    const call = new RecordedCall(3, listener)
    const refusal = { number: -1, text: 'test', code: 'RATE_LIMITED' } as const
    call.refused(1, refusal)

    harness.producer.sendAll([record('a'), record('b'), record('c')], call)
    await harness.clock.advance(0)

    expect(call.refusals).toEqual([undefined, refusal, undefined])
    expect(harness.transport.values('t', 0)).toEqual(['a', 'c'])
    expect(listener.ends).toEqual([
      [0, 0n],
      [2, 1n],
    ])
    expect(harness.refused).toEqual([])
  })
})

describe('Producer.vet', () => {
  const vet = ({ producer }: ProducerHarness, one: ProducerRecord): number | undefined =>
    producer.vet(one)?.number

  it('finds no error in a record for a topic that is known, or not known yet', async () => {
    const harness = await ProducerHarness.warm()

    expect(vet(harness, record('a'))).toBeUndefined()
    expect(vet(harness, record('a', { partition: undefined }))).toBeUndefined()
    expect(vet(harness, record('a', { topic: 'new', partition: 70_000 }))).toBeUndefined()
  })

  it('says that a record is larger than message.max.bytes, as it is compared at admission', async () => {
    const harness = await ProducerHarness.warm({ messageMaxBytes: 1_000 })
    const sizes = [963, 964, 965]

    const vetted = sizes.map((size) => vet(harness, record('x'.repeat(size))))

    expect(vetted).toEqual([undefined, undefined, 10])
    const sent = await harness.send(...sizes.map((size) => record('x'.repeat(size))))
    expect(sent?.map((refusal) => refusal?.number)).toEqual(vetted)
  })

  it('says that a partition does not exist, and refreshes the topic', async () => {
    const harness = await ProducerHarness.warm()
    await harness.clock.advance(10_000)
    const asked = harness.transport.metadataRequests.length
    harness.transport.setTopic('t', 5)

    const before = vet(harness, record('a', { partition: 4 }))
    await harness.clock.advance(0)
    const after = vet(harness, record('a', { partition: 4 }))

    expect([before, after]).toEqual([-190, undefined])
    expect(harness.transport.metadataRequests).toHaveLength(asked + 1)
  })

  it.each([
    ['does not exist', 3, -188],
    ['is forbidden', 29, 29],
    ['has a name that Kafka does not allow', 17, 17],
  ])('says that a topic %s', async (_, errorNumber, number) => {
    const harness = new ProducerHarness({ topicMetadataPropagationMaxMs: 0 }, {})
    harness.transport.failTopic('t', errorNumber)
    const before = vet(harness, record('a'))
    await harness.send(record('a'))
    await harness.clock.advance(1_000)

    expect([before, vet(harness, record('a'))]).toEqual([undefined, number])
  })

  it('says that too many topics are unknown', async () => {
    const harness = new ProducerHarness({ maxUnknownTopics: 1 }, {})
    harness.transport.availability = 'down'
    await harness.send(record('a', { topic: 'one' }))

    expect(harness.producer.vet(record('a', { topic: 'one' }))).toBeUndefined()
    expect(harness.producer.vet(record('a', { topic: 'two' }))?.code).toBe(
      'TOO_MANY_UNKNOWN_TOPICS',
    )
  })

  it('says that the producer accepts no more records', async () => {
    const harness = await ProducerHarness.warm()
    void harness.producer.drain(1_000)

    expect(vet(harness, record('a'))).toBe(-197)
  })

  it('reserves no room, and does not wait for any', async () => {
    const harness = await ProducerHarness.warm({ queueBufferingMaxMessages: 1, lingerMs: 600 })
    for (let n = 0; n < 10; n += 1) vet(harness, record('a'))
    expect([harness.producer.bufferedRecords, harness.producer.memoryBytes]).toEqual([0, 0])

    send(harness, silentOwner(), 'a')
    expect(vet(harness, record('b'))).toBeUndefined()
    expect([harness.producer.bufferedRecords, harness.refused.length]).toEqual([1, 0])
  })
})
