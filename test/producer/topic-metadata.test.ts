import { describe, expect, test } from 'vitest'
import type { PartitionLeaders } from '../../src/producer/partitioner.ts'
import type { TopicState } from '../../src/producer/topic-entry.ts'
import { TopicMetadata, type TopicMetadataSettings } from '../../src/producer/topic-metadata.ts'
import type { MetadataSnapshot, TopicSnapshot } from '../../src/producer/transport.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'

const SETTINGS: TopicMetadataSettings = {
  retryBackoffMs: 100,
  retryBackoffMaxMs: 1_000,
  topicMetadataRefreshFastIntervalMs: 100,
  metadataMaxAgeMs: 900_000,
  topicMetadataRefreshIntervalMs: 300_000,
  topicMetadataPropagationMaxMs: 30_000,
  mayCreateTopics: false,
  maxTopicCreationsPerMinute: 60,
  maxUnknownTopics: 1_000,
}

const UNKNOWN: TopicState = { status: 'unknown' }
const known = (...leaders: PartitionLeaders): TopicState => ({ status: 'known', leaders })
const failed = (errorNumber: number): TopicState => ({ status: 'failed', errorNumber })

/** Topic metadata with brokers that know topic `t` with two partitions; the test scripts them. */
class Fixture {
  readonly clock = new FakeClock()
  readonly topics: TopicMetadata
  /** The requested topics, with times. */
  readonly asked: (readonly [atMs: number, topics: string])[] = []
  readonly answers: (readonly [topic: string, state: TopicState])[] = []
  readonly #errors = new Map<string, number>()
  readonly #leaders = new Map<string, PartitionLeaders>([['t', [1, 2]]])
  /** Called for each answer, before it is noted. */
  onAnswer: (topic: string) => void = () => undefined
  isDown = false
  #gate: Promise<void> | undefined

  readonly forgotten: string[] = []
  readonly creations: string[] = []
  /** Whether records wait for the topics. */
  isWanted = true

  constructor(settings: Partial<TopicMetadataSettings> = {}) {
    const { clock } = this
    this.topics = new TopicMetadata(
      { ...SETTINGS, ...settings },
      {
        clock,
        fetch: (topics) => this.#fetch(topics),
        isWanted: () => this.isWanted,
        onForgotten: (topic) => this.forgotten.push(topic),
        onCreation: (topic) => this.creations.push(topic),
        onAnswer: (topic, state) => {
          this.onAnswer(topic)
          this.answers.push([topic, state])
        },
      },
    )
  }

  /** The times at which brokers were asked. */
  get askedAtMs(): number[] {
    return this.asked.map(([atMs]) => atMs)
  }

  setError(topic: string, errorNumber: number): void {
    this.#errors.set(topic, errorNumber)
  }

  setLeaders(topic: string, ...leaders: PartitionLeaders): void {
    this.#errors.delete(topic)
    this.#leaders.set(topic, leaders)
  }

  /** Keeps answers back until the returned function is called. */
  hold(): () => Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#gate = promise
    return () => {
      this.#gate = undefined
      resolve(undefined)
      return settle()
    }
  }

  async #fetch(topics: readonly string[]): Promise<MetadataSnapshot> {
    this.asked.push([this.clock.nowMs(), topics.join(' ')])
    const snapshot = topics.flatMap((name) => this.#describe(name))
    await this.#gate
    if (this.isDown) throw new Error('no broker')
    return { brokers: [], topics: snapshot }
  }

  /** A topic that was given neither leaders nor an error is left out of the answer. */
  #describe(name: string): TopicSnapshot[] {
    const errorNumber = this.#errors.get(name) ?? 0
    const leaders = this.#leaders.get(name)
    if (errorNumber !== 0) return [{ name, errorNumber, leaders: [] }]
    return leaders ? [{ name, errorNumber, leaders }] : []
  }
}

/** A fixture in which this topic was asked for and answered for at time 0. */
async function askedFor(topic: string, errorNumber = 0): Promise<Fixture> {
  const fixture = new Fixture()
  if (errorNumber !== 0) fixture.setError(topic, errorNumber)
  fixture.topics.state(topic)
  await fixture.clock.advance(0)
  return fixture
}

/** Runs a function that would crash the process; returns its error. */
async function rejectionsDuring(run: () => Promise<void>): Promise<unknown[]> {
  const rejections: unknown[] = []
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (reason) => rejections.push(reason))
  try {
    await run()
    await settle()
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
  }
  return rejections
}

describe('TopicMetadata for a new topic', () => {
  test('knows nothing yet and asks at once, but not in the same turn', async () => {
    const { topics, clock, asked } = new Fixture()

    const state = topics.state('t')
    const askedBefore = asked.length
    await clock.advance(0)

    expect(state).toEqual(UNKNOWN)
    expect(askedBefore).toBe(0)
    expect(asked).toEqual([[0, 't']])
    expect(topics.state('t')).toEqual(known(1, 2))
  })

  test('reports the answer', async () => {
    const { answers } = await askedFor('t')

    expect(answers).toEqual([['t', known(1, 2)]])
  })

  test('asks for all topics of one turn with one request', async () => {
    const { topics, clock, asked } = new Fixture()

    for (const topic of ['t', 'u', 'v', 't']) topics.state(topic)
    await clock.advance(0)

    expect(asked).toEqual([[0, 't u v']])
    expect(topics.size).toBe(3)
  })

  test('asks at once although a known topic is due much later', async () => {
    const { topics, clock, asked } = await askedFor('t')
    await clock.advance(50)

    topics.state('u')
    await clock.advance(0)

    expect(asked).toEqual([
      [0, 't'],
      [50, 'u'],
    ])
  })

  test('waits for the pending answer before it asks', async () => {
    const fixture = new Fixture()
    const { topics, clock, asked } = fixture
    const release = fixture.hold()
    topics.state('t')
    await clock.advance(5)

    topics.state('u')
    await clock.advance(1_000)
    const askedMeanwhile = asked.length
    await release()
    await clock.advance(0)

    expect(askedMeanwhile).toBe(1)
    expect(asked).toEqual([
      [0, 't'],
      [1_005, 'u'],
    ])
  })
})

describe('TopicMetadata for a topic that brokers say does not exist', () => {
  test('gives it up exactly at the end of topic.metadata.propagation.max.ms', async () => {
    const { topics, clock } = await askedFor('new', 3)

    await clock.advance(29_999)
    const before = topics.state('new')
    await clock.advance(1)

    expect(before).toEqual(UNKNOWN)
    expect(topics.state('new')).toEqual(failed(3))
  })

  test('asks every retry.backoff.ms during the grace and every second afterwards', async () => {
    const fixture = await askedFor('new', 3)
    const { topics, clock } = fixture

    await clock.advance(30_000)
    topics.state('new')
    await clock.advance(3_000)

    expect(fixture.askedAtMs).toEqual([
      ...Array.from({ length: 301 }, (_, index) => index * 100),
      31_000,
      32_000,
      33_000,
    ])
  })

  test('takes a topic that is missing from the answer for absent', async () => {
    const { topics, clock } = await askedFor('nowhere')

    await clock.advance(30_000)

    expect(topics.state('nowhere')).toEqual(failed(3))
  })

  test('gives it up at once when there is no grace', async () => {
    const fixture = new Fixture({ topicMetadataPropagationMaxMs: 0 })
    fixture.setError('new', 3)

    fixture.topics.state('new')
    await fixture.clock.advance(0)

    expect(fixture.answers).toEqual([['new', failed(3)]])
  })

  test('knows it within a backoff of its creation', async () => {
    const fixture = await askedFor('new', 3)
    await fixture.clock.advance(950)

    fixture.setLeaders('new', 7)
    await fixture.clock.advance(50)

    expect(fixture.topics.state('new')).toEqual(known(7))
  })

  test('knows it within a second of its creation when it had been given up', async () => {
    const fixture = await askedFor('new', 3)
    const { topics, clock } = fixture
    await clock.advance(30_000)
    topics.state('new')

    fixture.setLeaders('new', 7)
    await clock.advance(999)
    const before = topics.state('new')
    await clock.advance(1)

    expect(before).toEqual(failed(3))
    expect(topics.state('new')).toEqual(known(7))
  })

  test('keeps the leaders of a known topic for the length of the grace', async () => {
    const fixture = await askedFor('t')
    const { topics, clock } = fixture
    fixture.setError('t', 3)
    topics.refresh('t')

    await clock.advance(100 + 29_999)
    const before = topics.state('t')
    await clock.advance(1)

    expect(before).toEqual(known(1, 2))
    expect(topics.state('t')).toEqual(failed(3))
  })

  test('starts the grace anew after any other answer', async () => {
    const fixture = await askedFor('new', 3)
    const { topics, clock } = fixture
    await clock.advance(20_000)
    fixture.setError('new', 5)
    await clock.advance(100)
    fixture.setError('new', 3)
    await clock.advance(100)

    await clock.advance(29_999)
    const before = topics.state('new')
    await clock.advance(1)

    expect(before).toEqual(UNKNOWN)
    expect(topics.state('new')).toEqual(failed(3))
  })

  test('does not count time without any answer as absence', async () => {
    const fixture = await askedFor('new', 3)
    fixture.isDown = true
    await fixture.clock.advance(10_000)
    fixture.isDown = false
    fixture.setLeaders('new', 7)
    await fixture.clock.advance(1_000)

    expect(fixture.topics.state('new')).toEqual(known(7))
  })
})

describe('TopicMetadata for a topic that may not be written to', () => {
  test.each([
    [29, 'topic authorization failed'],
    [17, 'invalid topic'],
    [31, 'cluster authorization failed'],
  ])('fails it at once on %i (%s) and asks again each second', async (errorNumber) => {
    const fixture = await askedFor('bad', errorNumber)

    expect(fixture.topics.state('bad')).toEqual(failed(errorNumber))
    await fixture.clock.advance(2_500)

    expect(fixture.askedAtMs).toEqual([0, 1_000, 2_000])
  })

  test('fails a topic that was known', async () => {
    const fixture = await askedFor('t')
    fixture.setError('t', 29)

    fixture.topics.refresh('t')
    await fixture.clock.advance(100)

    expect(fixture.topics.state('t')).toEqual(failed(29))
  })

  test('does not keep other topics from being known', async () => {
    const fixture = new Fixture()
    fixture.setError('bad', 29)
    fixture.topics.state('bad')
    fixture.topics.state('t')

    await fixture.clock.advance(0)

    expect(fixture.answers).toEqual([
      ['bad', failed(29)],
      ['t', known(1, 2)],
    ])
  })
})

describe('TopicMetadata on an error that will pass', () => {
  test('leaves a new topic unknown and asks again after a backoff', async () => {
    const fixture = await askedFor('new', 5)

    await fixture.clock.advance(250)

    expect(fixture.topics.state('new')).toEqual(UNKNOWN)
    expect(fixture.askedAtMs).toEqual([0, 100, 200])
  })

  test('keeps the leaders of a known topic, tells of it, and asks again after a backoff', async () => {
    const fixture = await askedFor('t')
    fixture.setError('t', 5)
    fixture.topics.refresh('t')
    await fixture.clock.advance(100)
    fixture.setLeaders('t', 2, 2)

    await fixture.clock.advance(100)

    expect(fixture.askedAtMs).toEqual([0, 100, 200])
    expect(fixture.answers).toEqual([
      ['t', known(1, 2)],
      ['t', known(1, 2)],
      ['t', known(2, 2)],
    ])
  })

  test('leaves a failed topic failed and asks again after a second', async () => {
    const fixture = await askedFor('bad', 29)
    fixture.setError('bad', 5)

    await fixture.clock.advance(2_000)

    expect(fixture.topics.state('bad')).toEqual(failed(29))
    expect(fixture.askedAtMs).toEqual([0, 1_000, 2_000])
  })
})

describe('TopicMetadata when no broker answers', () => {
  test('asks again after 100, 200, 400, 800 and then every 1000 ms', async () => {
    const fixture = new Fixture()
    fixture.isDown = true
    fixture.topics.state('t')

    await fixture.clock.advance(4_600)

    expect(fixture.askedAtMs).toEqual([0, 100, 300, 700, 1_500, 2_500, 3_500, 4_500])
    expect(fixture.answers).toEqual([])
  })

  test('starts from 100 ms again after an answer', async () => {
    const fixture = new Fixture()
    fixture.isDown = true
    fixture.topics.state('t')
    await fixture.clock.advance(600)
    fixture.isDown = false
    await fixture.clock.advance(100)
    fixture.isDown = true
    fixture.topics.refresh('t')

    await fixture.clock.advance(600)

    expect(fixture.askedAtMs).toEqual([0, 100, 300, 700, 800, 900, 1_100])
  })

  test('keeps the leaders it knows', async () => {
    const fixture = await askedFor('t')
    fixture.isDown = true

    fixture.topics.refresh('t')
    await fixture.clock.advance(10_000)

    expect(fixture.topics.state('t')).toEqual(known(1, 2))
  })
})

describe('TopicMetadata.refresh', () => {
  test('asks at once when the last time is long ago', async () => {
    const { topics, clock, asked } = await askedFor('t')
    await clock.advance(5_000)

    topics.refresh('t')
    await clock.advance(0)

    expect(asked).toEqual([
      [0, 't'],
      [5_000, 't'],
    ])
  })

  test('asks as often as topic.metadata.refresh.fast.interval.ms says', async () => {
    const fixture = new Fixture({ topicMetadataRefreshFastIntervalMs: 7 })
    fixture.topics.state('t')
    await fixture.clock.advance(0)

    fixture.topics.refresh('t')
    await fixture.clock.advance(6)
    const before = fixture.askedAtMs
    await fixture.clock.advance(1)

    expect(before).toEqual([0])
    expect(fixture.askedAtMs).toEqual([0, 7])
  })

  test('asks at most once per retry.backoff.ms, however often it is called', async () => {
    const fixture = await askedFor('t')

    for (let n = 0; n < 25; n += 1) {
      fixture.topics.refresh('t')
      await fixture.clock.advance(10)
    }

    expect(fixture.askedAtMs).toEqual([0, 100, 200])
  })

  test('asks once and not again when the answer is good', async () => {
    const fixture = await askedFor('t')

    fixture.topics.refresh('t')
    await fixture.clock.advance(10_000)

    expect(fixture.askedAtMs).toEqual([0, 100])
  })

  test('asks again when an answer shows that the leader is still missing', async () => {
    const fixture = await askedFor('t')
    fixture.setLeaders('t', undefined)
    fixture.onAnswer = (topic) => {
      fixture.topics.refresh(topic)
    }

    fixture.topics.refresh('t')
    await fixture.clock.advance(250)

    expect(fixture.askedAtMs).toEqual([0, 100, 200])
  })

  test('is not forgotten when it comes while an older answer is under way', async () => {
    const fixture = await askedFor('t')
    await fixture.clock.advance(5_000)
    const release = fixture.hold()
    fixture.topics.refresh('t')
    await fixture.clock.advance(10)
    fixture.setLeaders('t', 2, 2)

    fixture.topics.refresh('t')
    await release()
    await fixture.clock.advance(100)

    expect(fixture.asked.length).toBe(3)
    expect(fixture.topics.state('t')).toEqual(known(2, 2))
    await fixture.clock.advance(10_000)
    expect(fixture.asked.length).toBe(3)
  })

  test('does nothing for a topic that nobody has used', async () => {
    const { topics, clock, asked } = new Fixture()

    topics.refresh('t')
    await clock.advance(1_000)

    expect(asked).toEqual([])
    expect(topics.size).toBe(0)
    expect(clock.timers).toBe(0)
  })
})

describe('TopicMetadata.retryNow', () => {
  test('asks at once for what got no answer', async () => {
    const fixture = new Fixture()
    fixture.isDown = true
    fixture.topics.state('t')
    await fixture.clock.advance(2_000)
    fixture.isDown = false

    fixture.topics.retryNow()
    await fixture.clock.advance(0)

    expect(fixture.askedAtMs).toEqual([0, 100, 300, 700, 1_500, 2_000])
    expect(fixture.topics.state('t')).toEqual(known(1, 2))
  })

  test('leaves alone what was answered for, at once or in the end', async () => {
    const fixture = await askedFor('t')
    fixture.isDown = true
    fixture.setError('bad', 29)
    fixture.topics.state('bad')
    await fixture.clock.advance(0)
    fixture.isDown = false
    await fixture.clock.advance(500)

    fixture.topics.retryNow()
    await fixture.clock.advance(0)

    expect(fixture.asked).toEqual([
      [0, 't'],
      [0, 'bad'],
      [100, 'bad'],
    ])
  })
})

describe('TopicMetadata over time', () => {
  test('asks for a known topic again after topic.metadata.refresh.interval.ms', async () => {
    const fixture = await askedFor('t')
    fixture.setLeaders('t', 2, 1)

    await fixture.clock.advance(299_999)
    const before = fixture.topics.state('t')
    await fixture.clock.advance(1)

    expect(before).toEqual(known(1, 2))
    expect(fixture.topics.state('t')).toEqual(known(2, 1))
    expect(fixture.askedAtMs).toEqual([0, 300_000])
  })

  test('asks again when the answer is older than metadata.max.age.ms, where there is no interval', async () => {
    const fixture = new Fixture({
      topicMetadataRefreshIntervalMs: Infinity,
      metadataMaxAgeMs: 2_000,
    })
    fixture.topics.state('t')

    await fixture.clock.advance(2_000)

    expect(fixture.askedAtMs).toEqual([0, 2_000])
  })

  test('forgets a known topic that was not used for metadata.max.age.ms', async () => {
    const fixture = await askedFor('t')
    fixture.isWanted = false

    await fixture.clock.advance(3 * 300_000)
    const sizeBefore = fixture.topics.size
    await fixture.clock.advance(300_000)

    expect(sizeBefore).toBe(1)
    expect(fixture.topics.size).toBe(0)
    expect(fixture.clock.timers).toBe(0)
    expect(fixture.askedAtMs).toEqual([0, 300_000, 600_000, 900_000])
  })

  test('remembers a known topic that is used once in an interval', async () => {
    const { topics, clock } = await askedFor('t')

    for (let n = 0; n < 10; n += 1) {
      await clock.advance(300_000)
      topics.state('t')
    }

    expect(topics.state('t')).toEqual(known(1, 2))
  })

  test('forgets a failed topic that nobody asked for in five seconds', async () => {
    const fixture = await askedFor('bad', 29)
    fixture.isWanted = false
    fixture.topics.state('bad')

    await fixture.clock.advance(5_000)
    const sizeBefore = fixture.topics.size
    await fixture.clock.advance(1_000)

    expect(sizeBefore).toBe(1)
    expect(fixture.topics.size).toBe(0)
    expect(fixture.clock.timers).toBe(0)
  })

  test.each(['t', 'bad'])('remembers topic %s while records wait for it', async (topic) => {
    const fixture = await askedFor(topic, topic === 'bad' ? 29 : 0)

    await fixture.clock.advance(4 * 300_000)

    expect(fixture.topics.size).toBe(1)
  })

  test('forgets a topic that no broker ever answered for once nothing waits for it', async () => {
    const fixture = await askedFor('new', 5)
    fixture.isWanted = false

    await fixture.clock.advance(6_000)

    expect(fixture.topics.size).toBe(0)
    expect(fixture.clock.timers).toBe(0)
  })

  test('remembers a failed topic while it is asked for', async () => {
    const { topics, clock } = await askedFor('bad', 29)

    for (let n = 0; n < 20; n += 1) {
      await clock.advance(4_000)
      expect(topics.state('bad')).toEqual(failed(29))
    }
  })

  test('asks anew for a topic that it had forgotten', async () => {
    const fixture = await askedFor('bad', 29)
    fixture.isWanted = false
    await fixture.clock.advance(10_000)
    fixture.setLeaders('bad', 1)

    const state = fixture.topics.state('bad')
    await fixture.clock.advance(0)

    expect(state).toEqual(UNKNOWN)
    expect(fixture.topics.state('bad')).toEqual(known(1))
  })
})

describe('TopicMetadata.close', () => {
  test('leaves no timer', async () => {
    const { topics, clock } = await askedFor('t')

    topics.close()

    expect(clock.timers).toBe(0)
  })

  test('asks no more, whatever is wanted', async () => {
    const fixture = await askedFor('t')
    fixture.topics.close()

    fixture.topics.refresh('t')
    fixture.topics.state('u')
    await fixture.clock.advance(1_000_000)

    expect(fixture.asked).toEqual([[0, 't']])
    expect(fixture.clock.timers).toBe(0)
  })

  test('asks no more and tells nobody when an answer comes late', async () => {
    const fixture = new Fixture()
    const release = fixture.hold()
    fixture.topics.state('t')
    await fixture.clock.advance(0)

    fixture.topics.close()
    await release()

    expect(fixture.clock.timers).toBe(0)
    expect(fixture.answers).toEqual([])
  })
})

describe('TopicMetadata when its listener throws', () => {
  test('lets the process crash, and does not treat a bug as a broker failure', async () => {
    const fixture = new Fixture()
    const bug = new Error('a bug of the listener')
    fixture.onAnswer = () => {
      throw bug
    }

    const crashes = await rejectionsDuring(async () => {
      fixture.topics.state('t')
      await fixture.clock.advance(0)
    })

    expect(crashes).toEqual([bug])
  })
})

describe('TopicMetadata with many topics', () => {
  test('does not restore a topic that was replaced while it was asked about', async () => {
    const fixture = new Fixture({ maxUnknownTopics: 1 })
    fixture.isWanted = false
    const release = fixture.hold()
    fixture.topics.state('first')
    await fixture.clock.advance(0)
    fixture.topics.release('first')

    const state = fixture.topics.state('second')
    await release()

    expect(state).toEqual(UNKNOWN)
    expect(fixture.forgotten).toEqual(['first'])
    expect(fixture.answers).toEqual([])
    expect(fixture.topics.size).toBe(1)
  })

  test('does not ask again, after a failure, about a topic that was replaced in the meantime', async () => {
    const fixture = new Fixture({ maxUnknownTopics: 1 })
    fixture.isDown = true
    fixture.isWanted = false
    const release = fixture.hold()
    fixture.topics.state('first')
    await fixture.clock.advance(0)
    fixture.topics.release('first')

    fixture.topics.state('second')
    await release()
    await fixture.clock.advance(100)

    expect(fixture.asked.at(-1)).toEqual([100, 'second'])
  })

  test('asks about a known topic in its turn, however many are unknown', async () => {
    const fixture = new Fixture({ maxUnknownTopics: 10_000 })
    fixture.topics.state('t')
    await fixture.clock.advance(0)
    for (let n = 0; n < 5_000; n += 1) {
      fixture.topics.state(`x${n}`)
      fixture.setError(`x${n}`, 5)
    }
    await fixture.clock.advance(150)
    const before = fixture.asked.length

    fixture.topics.refresh('t')
    await fixture.clock.advance(100)

    const requests = fixture.asked.slice(before).map(([, topics]) => topics.split(' '))
    expect(requests.findIndex((topics) => topics.includes('t'))).toBe(0)
    expect(Math.max(...requests.map(({ length }) => length))).toBe(1_000)
  })

  test('counts a deleted topic as unknown', async () => {
    const fixture = await askedFor('t')
    const before = fixture.topics.unknownTopics
    fixture.setError('t', 29)

    fixture.topics.refresh('t')
    await fixture.clock.advance(100)

    expect(before).toBe(0)
    expect(fixture.topics.unknownTopics).toBe(1)
  })

  test('does not turn away records of a topic that is already stored', () => {
    const fixture = new Fixture({ maxUnknownTopics: 1 })
    fixture.topics.state('first')

    expect(fixture.topics.state('second')).toEqual({ status: 'turnedAway' })
    expect(fixture.topics.state('first')).toEqual(UNKNOWN)
    expect(fixture.topics.size).toBe(1)
  })
})
