import { describe, expect, it } from 'vitest'
import {
  ALL_TOPICS,
  type ClusterAnswer,
  type TopicDescription,
  type WantedTopics,
} from '../../src/base/cluster-description.ts'
import { ClusterReader } from '../../src/producer/cluster-reader.ts'
import { TransportError } from '../../src/producer/transport.ts'
import { FakeClock } from '../support/fake-clock.ts'

const CLUSTER = { clusterId: 'c', controllerId: 1, brokerIds: [1] }

function topic(name: string): TopicDescription {
  return { name, partitions: [{ partition: 0, leader: 1, replicas: [1], inSync: [1] }] }
}

/** A reader of a Kafka that answers when the test says so. */
class Harness {
  readonly clock = new FakeClock()
  readonly asked: WantedTopics[] = []
  readonly reader = new ClusterReader({
    clock: this.clock,
    describe: (wanted) => {
      this.asked.push(wanted)
      const { promise, resolve, reject } = Promise.withResolvers<ClusterAnswer>()
      this.#open.push({ wanted, resolve, reject })
      return promise
    },
  })
  readonly #open: {
    readonly wanted: WantedTopics
    readonly resolve: (answer: ClusterAnswer) => void
    readonly reject: (error: Error) => void
  }[] = []
  readonly #names: readonly string[]

  constructor(...names: readonly string[]) {
    this.#names = names
  }

  /** Number of questions without an answer. */
  get inFlight(): number {
    return this.#open.length
  }

  /** Answers the oldest question. */
  async answer(): Promise<void> {
    const open = this.#open.shift()
    const names = this.#names.filter(
      (name) => open?.wanted === ALL_TOPICS || open?.wanted.includes(name) === true,
    )
    open?.resolve({ cluster: CLUSTER, topics: names.map(topic) })
    await this.clock.advance(0)
  }

  async fail(): Promise<void> {
    this.#open.shift()?.reject(new TransportError(-195, 'connect ECONNREFUSED 10.0.0.1:9092'))
    await this.clock.advance(0)
  }

  /** Has what was just asked for sent to Kafka, and answered. */
  async serve(): Promise<void> {
    await this.clock.advance(0)
    await this.answer()
  }
}

describe('ClusterReader', () => {
  it('asks for one topic by its name, and for the cluster without any', async () => {
    const harness = new Harness('a', 'b')
    const one = harness.reader.topic('b')
    await harness.serve()
    expect(await one).toEqual(topic('b'))

    await harness.clock.advance(1_000)
    const cluster = harness.reader.cluster()
    await harness.serve()

    expect(await cluster).toEqual(CLUSTER)
    expect(harness.asked).toEqual([['b'], []])
  })

  it('lists all topics by name', async () => {
    const harness = new Harness('b', 'a', 'B')

    const list = harness.reader.topics()
    await harness.serve()

    expect((await list).map(({ name }) => name)).toEqual(['B', 'a', 'b'])
    expect(harness.asked).toEqual([ALL_TOPICS])
  })

  it('keeps an answer for a second', async () => {
    const harness = new Harness('a')
    const { clock, reader } = harness
    const first = reader.topics()
    await harness.serve()
    await first

    await clock.advance(999)
    expect([(await reader.topics()).length, await reader.topic('a')]).toEqual([1, topic('a')])
    expect(await reader.cluster()).toEqual(CLUSTER)
    expect(harness.asked).toHaveLength(1)

    await clock.advance(1)
    const again = [reader.topics(), reader.topic('a'), reader.cluster()]
    await harness.serve()

    expect(await Promise.all(again)).toHaveLength(3)
    expect(harness.asked).toEqual([ALL_TOPICS, ALL_TOPICS])
  })

  it.each([
    ['200 ms for two seconds', 200, 2_000],
    ['4 s for 40', 4_000, 40_000],
    ['next to nothing for one', 1, 1_000],
  ])('keeps a list that took %s', async (_, tookMs, keptMs) => {
    const harness = new Harness('a')
    const { clock, reader } = harness
    const first = reader.topics()
    await clock.advance(tookMs)
    await harness.answer()
    await first

    await clock.advance(keptMs - 1)
    await reader.topics()
    expect(harness.asked).toHaveLength(1)

    await clock.advance(1)
    const again = reader.topics()
    await harness.serve()
    await again
    expect(harness.asked).toHaveLength(2)
  })

  it('has one question in flight, and all who ask meanwhile share the next', async () => {
    const harness = new Harness('a', 'b', 'c')
    const { clock, reader } = harness
    const first = reader.topic('a')
    await clock.advance(0)
    const others = [reader.topic('b'), reader.topic('c'), reader.topic('b'), reader.cluster()]

    await clock.advance(1_000)
    expect(harness.inFlight).toBe(1)
    await harness.answer()
    await harness.serve()

    expect(await first).toEqual(topic('a'))
    expect(await Promise.all(others)).toEqual([topic('b'), topic('c'), topic('b'), CLUSTER])
    expect(harness.asked).toEqual([['a'], ['b', 'c']])
  })

  it('asks at most ten times a second, whatever clients ask for', async () => {
    const harness = new Harness()
    const { clock, reader } = harness

    for (let ms = 0; ms < 999; ms += 1) {
      void reader.topic(`missing-${ms}`)
      await clock.advance(1)
      while (harness.inFlight > 0) await harness.answer()
    }

    expect(harness.asked).toHaveLength(10)
  })

  it('asks for all topics when more than a hundred are wanted', async () => {
    const harness = new Harness('t100')
    const wanted = Array.from({ length: 101 }, (_, index) => harness.reader.topic(`t${index}`))

    await harness.serve()

    expect((await Promise.all(wanted)).at(-1)).toEqual(topic('t100'))
    expect(harness.asked).toEqual([ALL_TOPICS])
  })

  it('asks again about a topic that did not exist', async () => {
    const harness = new Harness()
    const first = harness.reader.topic('new')
    await harness.serve()
    expect(await first).toBeUndefined()

    const again = harness.reader.topic('new')
    await harness.clock.advance(100)
    await harness.answer()

    expect(await again).toBeUndefined()
    expect(harness.asked).toEqual([['new'], ['new']])
  })

  it('asks for nothing, and as late, for a topic that a client may not know of', async () => {
    const harness = new Harness()
    const missing = harness.reader.topic('missing')
    const hidden = harness.reader.noTopic()
    const done: string[] = []
    void missing.then(() => done.push('missing'))
    void hidden.then(() => done.push('hidden'))

    await harness.clock.advance(0)
    expect([done, harness.asked]).toEqual([[], [['missing']]])
    await harness.answer()

    expect(done.toSorted()).toEqual(['hidden', 'missing'])
    const again = harness.reader.noTopic()
    await harness.clock.advance(100)
    await harness.answer()
    await again
    expect(harness.asked).toEqual([['missing'], []])
  })

  it('says that Kafka cannot be reached, without its addresses, and asks again', async () => {
    const harness = new Harness('a')
    const first = harness.reader.topic('a')
    const refused = expect(first).rejects.toMatchObject({
      ...{ code: 'BROKER_UNAVAILABLE', message: 'Kafka cannot be reached: no broker can be asked' },
    })
    await harness.clock.advance(0)
    await harness.fail()
    await refused

    const again = harness.reader.topic('a')
    await harness.clock.advance(100)
    await harness.answer()
    expect(await again).toEqual(topic('a'))
  })

  it('makes nobody wait for longer than 5 s, and takes late answers', async () => {
    const harness = new Harness('a')
    const { clock, reader } = harness
    const late = 'Kafka cannot be reached: no broker answered within 5 s'
    const first = expect(reader.topic('a')).rejects.toThrow(late)
    await clock.advance(1_000)
    const second = expect(reader.topics()).rejects.toThrow(late)

    await clock.advance(5_000)
    await first
    await second
    expect(harness.asked).toEqual([['a']])
    await harness.answer()

    expect(await reader.topic('a')).toEqual(topic('a'))
    expect([harness.asked.length, clock.timers]).toEqual([1, 0])
  })
})
