import { describe, expect, it } from 'vitest'
import { deliveryError, RDKAFKA } from '../../src/producer/delivery-errors.ts'
import type {
  DeliveryReport,
  ProducerRecord,
  RecordProducer,
  SendCall,
} from '../../src/producer/types.ts'
import { Feeder } from '../../src/wal/feeder.ts'
import { Log } from '../../src/wal/log.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { SeededRandom } from '../support/random.ts'
import { runs } from '../support/random-runs.ts'
import { ACCEPTED_MS, RecordingObserver } from './support/log-harness.ts'
import { SimulatedStorage, systemError } from './support/simulated-storage.ts'

const DELIVERED: DeliveryReport = {
  ...{ status: 'persisted', topic: 't', partition: 0, offset: 0n, timestampMs: 0 },
}
const UNKNOWN_TOPIC = deliveryError(RDKAFKA.unknownTopic)
const SEGMENT = '0000000000000001.wal'
const TOO_LARGE = deliveryError(RDKAFKA.messageSizeTooLarge)

/** A record that was admitted and has no outcome yet. */
interface Waiting {
  readonly topic: string
  readonly value: string
  readonly acceptedMs: number | undefined
  readonly end: (report: DeliveryReport) => void
}

/** Admits what it is told to, and ends records when a test says so. */
class ScriptedProducer implements RecordProducer {
  readonly waiting: Waiting[] = []
  /** Values in the order in which Kafka would have them. */
  readonly stored: string[] = []
  /** Topics that do not exist. */
  readonly unknown = new Set<string>()
  /** Records that were offered so far. */
  offered = 0
  /** So many records are refused for now. */
  refusals = 0
  /** Calls whose admission waits. */
  isFull = false
  readonly #line: (() => void)[] = []

  vet(): undefined {
    return undefined
  }

  sendAll(records: readonly ProducerRecord[], call: SendCall): void {
    if (this.isFull)
      this.#line.push(() => {
        this.#admit(records, call)
      })
    else this.#admit(records, call)
  }

  makeRoom(): void {
    this.isFull = false
    for (const admit of this.#line.splice(0)) admit()
  }

  /** Delivers the oldest records, or all. */
  deliver(count = Infinity): void {
    for (const { value, end } of this.waiting.splice(0, count)) {
      this.stored.push(value)
      end(DELIVERED)
    }
  }

  #admit(records: readonly ProducerRecord[], call: SendCall): void {
    for (const [index, { topic, value }] of records.entries()) {
      if (call.isRefused(index)) continue
      this.offered += 1
      if (this.refusals > 0) {
        this.refusals -= 1
        call.refused(index, UNKNOWN_TOPIC)
      } else if (this.unknown.has(topic)) call.refused(index, UNKNOWN_TOPIC)
      else {
        const end = (report: DeliveryReport): void => call.owner.settled?.(report, index)
        const { acceptedMs } = call.owner
        this.waiting.push({ topic, value: String(value), acceptedMs, end })
      }
    }
    call.admissionEnded()
  }
}

interface Setup {
  readonly storage?: SimulatedStorage
  readonly maxOutstandingBytes?: number
  readonly retentionMs?: number
}

class Harness {
  readonly clock: FakeClock
  readonly producer = new ScriptedProducer()
  readonly buried: string[] = []
  readonly log: Log
  readonly feeder: Feeder
  readonly storage: SimulatedStorage
  readonly observer: RecordingObserver

  private constructor(
    { log, clock, storage, observer }: Pick<Harness, 'log' | 'clock' | 'storage' | 'observer'>,
    setup: Setup,
  ) {
    this.log = log
    this.clock = clock
    this.storage = storage
    this.observer = observer
    this.feeder = new Feeder({
      ...{ log, clock, producer: this.producer },
      bury: (_push, _position, { value }) => {
        this.buried.push(String(value))
        return Promise.resolve()
      },
      retentionMs: setup.retentionMs ?? 60_000,
      maxOutstandingBytes: setup.maxOutstandingBytes ?? 2 ** 20,
    })
    this.feeder.start()
  }

  static async start(setup: Setup = {}): Promise<Harness> {
    const { storage = new SimulatedStorage() } = setup
    const clock = new FakeClock()
    const observer = new RecordingObserver()
    opened += 1
    const log = await Log.open({
      ...{ storage, clock, random: new SeededRandom(opened).next, sync: 'always' },
      ...{ observer, syncIntervalMs: 1_000 },
      ...{ segmentBytes: 2_048, maxBytes: 2 ** 30, minFreeBytes: 0 },
    })
    return new Harness({ log, clock, storage, observer }, setup)
  }

  /** Appends one push: `topic/value` for each record. */
  async push(...records: readonly string[]): Promise<void> {
    await this.log.append(records.map(recordOf), ACCEPTED_MS)
    await settle()
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms)
    await settle()
  }

  async killed(): Promise<Harness> {
    await this.feeder.stop()
    return Harness.start({ storage: this.storage.killed() })
  }
}

let opened = 100_000

function recordOf(text: string): ProducerRecord {
  const [topic = '', value = ''] = text.split('/')
  return {
    ...{ topic, value, partition: undefined, key: null, headers: [], timestampMs: undefined },
  }
}

describe('the feeder of the log', () => {
  it('says when each record was accepted, on the clock of the process', async () => {
    const harness = await Harness.start()
    await harness.advance(5_000)
    await harness.push('t/accepted 5 s ago')

    const [waiting] = harness.producer.waiting
    expect(waiting?.acceptedMs).toBe(harness.clock.nowMs() - 5_000)
  })

  it('hands records over in order, and removes them from the log once they are delivered', async () => {
    const harness = await Harness.start()
    await harness.push('t/1', 't/2')
    await harness.push('t/3')
    expect(harness.producer.waiting.map(({ value }) => value)).toEqual(['1', '2', '3'])

    harness.producer.deliver()
    await harness.advance(100)

    const next = await harness.killed()
    await settle()
    expect(next.producer.waiting).toEqual([])
  })

  it('hands over after a start what was not delivered before it', async () => {
    const harness = await Harness.start()
    await harness.push('t/1', 't/2', 't/3')
    harness.producer.waiting.splice(1, 1)[0]?.end(DELIVERED)
    await harness.advance(100)

    const next = await harness.killed()
    await expect.poll(() => next.producer.waiting.length).toBe(2)
    expect(next.producer.waiting.map(({ value }) => value)).toEqual(['1', '3'])
  })

  it('holds no more with the producer than it may, and goes on from the disk', async () => {
    const harness = await Harness.start({ maxOutstandingBytes: 3_000 })
    const values = Array.from({ length: 200 }, (_, index) => String(index))
    for (const value of values) await harness.push(`t/${value}`)
    expect(harness.producer.waiting.length).toBeLessThan(12)

    for (let round = 0; round < 400 && harness.producer.stored.length < 200; round += 1) {
      harness.producer.deliver(1)
      await settle()
    }
    expect(harness.producer.stored).toEqual(values)
  })

  it('keeps the records of a topic that is stuck on the disk, and hands over the others', async () => {
    const harness = await Harness.start({ maxOutstandingBytes: 6_000 })
    for (let index = 0; index < 50; index += 1) await harness.push(`stuck/s${index}`, `t/${index}`)
    const release = (): void => {
      const { waiting, stored } = harness.producer
      for (const one of waiting.filter(({ topic }) => topic === 't')) {
        waiting.splice(waiting.indexOf(one), 1)
        stored.push(one.value)
        one.end(DELIVERED)
      }
    }
    for (let round = 0; round < 100; round += 1) {
      release()
      await settle()
    }
    expect(harness.producer.stored).toEqual(Array.from({ length: 50 }, (_, index) => String(index)))

    harness.producer.stored.length = 0
    for (let round = 0; round < 100; round += 1) {
      harness.producer.deliver(1)
      await settle()
    }
    expect(harness.producer.stored).toEqual(Array.from({ length: 50 }, (_, index) => `s${index}`))
  })

  it('sends the records of a topic that does not exist again until it does, in order', async () => {
    const harness = await Harness.start()
    harness.producer.unknown.add('new')
    for (let index = 0; index < 5; index += 1) await harness.push(`new/n${index}`, `t/${index}`)
    expect(harness.producer.waiting.map(({ value }) => value)).toEqual(['0', '1', '2', '3', '4'])
    harness.producer.deliver()
    await harness.advance(1_000)
    harness.producer.unknown.clear()
    await harness.advance(2_000)
    await harness.push('new/n5')
    harness.producer.deliver()

    expect(harness.producer.stored.slice(5)).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5'])
  })

  it('keeps the order of records that are sent again, also if the first is refused anew', async () => {
    const harness = await Harness.start()
    for (const value of ['0', '1', '2']) await harness.push(`t/${value}`)
    for (const { end } of harness.producer.waiting.splice(0)) {
      end({ status: 'notPersisted', error: UNKNOWN_TOPIC })
    }
    harness.producer.refusals = 1
    await harness.advance(1_000)
    await harness.advance(2_000)
    // The first is tried alone, and the others follow it.
    expect(harness.producer.waiting.map(({ value }) => value)).toEqual(['0'])
    harness.producer.deliver()
    await settle()
    harness.producer.deliver()

    expect(harness.producer.stored).toEqual(['0', '1', '2'])
  })

  it('tries a topic that fails with its first push, and sends the others once that is delivered', async () => {
    const harness = await Harness.start()
    const { producer } = harness
    const values = Array.from({ length: 20 }, (_, index) => String(index))
    for (const value of values) await harness.push(`t/${value}`)
    for (const { end } of producer.waiting.splice(0)) {
      end({ status: 'notPersisted', error: UNKNOWN_TOPIC })
    }
    producer.unknown.add('t')
    producer.offered = 0
    for (const pauseMs of [1_000, 2_000, 4_000]) await harness.advance(pauseMs)
    expect(producer.offered).toBe(3)

    producer.unknown.clear()
    await harness.advance(8_000)
    producer.deliver()
    await settle()
    producer.deliver()
    expect(producer.stored).toEqual(values)
  })

  it('reads what failed again from the disk, also if that fails at first', async () => {
    const harness = await Harness.start()
    await harness.push('t/1', 't/2')
    for (const { end } of harness.producer.waiting.splice(0)) {
      end({ status: 'notPersisted', error: UNKNOWN_TOPIC })
    }
    harness.storage.fault = ({ name }) => {
      if (name === 'read') throw systemError('EIO')
    }
    await harness.advance(1_000)
    expect(harness.observer.failures).toEqual([expect.stringMatching(/^read: .*EIO/)])
    expect(harness.producer.waiting).toEqual([])

    harness.storage.fault = () => undefined
    await harness.advance(1_000)
    expect(harness.producer.waiting.map(({ value }) => value)).toEqual(['1', '2'])
  })

  it('gives up what failed and is damaged on the disk, tells of it, and goes on', async () => {
    const harness = await Harness.start()
    await harness.push('t/first', 't/second')
    await harness.push('t/third')
    for (const { end } of harness.producer.waiting.splice(0)) {
      end({ status: 'notPersisted', error: UNKNOWN_TOPIC })
    }
    const bytes = Buffer.from(harness.storage.bytesOf(SEGMENT))
    bytes[bytes.indexOf('second')] = 0
    harness.storage.overwrite(SEGMENT, bytes)
    await harness.advance(1_000)

    expect(harness.producer.waiting.map(({ value }) => value)).toEqual(['third'])
    expect(harness.observer.damages).toMatchObject([{ records: 2 }])
    expect(harness.log.pendingRecords).toBe(1)
  })

  it('buries what Kafka refuses for good, and what has no topic for wal.retention_ms', async () => {
    const harness = await Harness.start({ retentionMs: 10_000 })
    harness.producer.unknown.add('gone')
    await harness.push('t/large', 'gone/1', 't/2')
    harness.producer.waiting.shift()?.end({ status: 'notPersisted', error: TOO_LARGE })
    await settle()
    expect(harness.buried).toEqual(['large'])

    await harness.advance(9_000)
    expect(harness.buried).toEqual(['large'])
    await harness.advance(30_000)
    expect(harness.buried).toEqual(['large', '1'])
    harness.producer.deliver()
    await harness.advance(100)
    expect((await harness.killed()).producer.waiting).toEqual([])
  })

  it('reads again only after a pause, whatever comes meanwhile, and then passes what stays unreadable', async () => {
    const first = await Harness.start()
    for (const value of ['0', '1']) await first.push(`t/${value}`)
    await first.feeder.stop()
    const storage = first.storage.killed()
    let failed = 0
    storage.fault = ({ name, file, position }) => {
      // Not while it is opened, which reads less.
      if (name !== 'read' || file !== '0000000000000001.wal' || position === 0) return
      failed += 1
      throw systemError('EIO')
    }
    const harness = await Harness.start({ storage })
    await settle()
    const reads = failed
    for (const value of ['2', '3', '4']) await harness.push(`t/${value}`)
    expect(failed).toBe(reads)
    expect(harness.producer.waiting).toEqual([])

    for (let second = 0; second < 3; second += 1) await harness.advance(1_000)
    expect(harness.producer.waiting.map(({ value }) => value)).toEqual(['2', '3', '4'])
  })

  it('delivers every record, each topic in its order, whatever fails and waits', async () => {
    for (let seed = 1; seed <= runs(20); seed += 1) {
      const random = new SeededRandom(seed)
      let harness = await Harness.start({
        maxOutstandingBytes: random.pick([1_500, 5_000, 2 ** 20]),
      })
      const topics = ['a', 'b', 'c']
      let kills = 0
      const pushed: string[] = []
      const stored: string[] = []
      const take = (): void => void stored.push(...harness.producer.stored.splice(0))
      for (let step = 0; step < 150; step += 1) {
        const { producer } = harness
        if (random.chance(0.5)) {
          const records = Array.from(
            { length: random.between(1, 4) },
            (_, index) => `${random.pick(topics)}/${step}.${index}`,
          )
          pushed.push(...records)
          await harness.push(...records)
        }
        if (random.chance(0.05)) producer.unknown.add(random.pick(topics))
        if (random.chance(0.1)) producer.unknown.clear()
        if (random.chance(0.1)) producer.isFull = true
        if (random.chance(0.3)) producer.makeRoom()
        if (random.chance(0.4)) producer.deliver(random.between(1, 5))
        if (random.chance(0.2)) await harness.advance(random.pick([10, 100, 1_000]))
        take()
        if (random.chance(0.02)) {
          harness.producer.deliver()
          take()
          await harness.advance(100)
          harness.producer.makeRoom()
          harness = await harness.killed()
          kills += 1
        }
      }
      for (let round = 0; round < 100; round += 1) {
        harness.producer.unknown.clear()
        harness.producer.makeRoom()
        harness.producer.deliver()
        take()
        await harness.advance(1_000)
      }
      for (const topic of topics) {
        const wanted = pushed.flatMap((text) =>
          text.startsWith(`${topic}/`) ? [text.slice(2)] : [],
        )
        const got = stored.filter((value) => wanted.includes(value))
        // What was delivered just before a kill may be delivered again.
        expect(kills === 0 ? got : [...new Set(got)], `seed ${seed}`).toEqual(wanted)
      }
      expect(harness.buried).toEqual([])
    }
  })
})
