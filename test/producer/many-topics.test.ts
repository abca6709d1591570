import { describe, expect, it } from 'vitest'
import { HTTP_MAPPINGS } from '../../src/http/error-mapper.ts'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { countWork } from '../support/count-work.ts'
import { ProducerHarness, record, type HarnessSettings } from '../support/producer-harness.ts'

const NO_BOUNDS = { maxUnknownTopics: 1_000_000, maxTopicCreationsPerMinute: 0 }
const FEW = 100
const MANY = 10_000

/** A record for each of so many topics. */
const oneFor = (count: number, prefix = 'topic'): ProducerRecord[] =>
  Array.from({ length: count }, (_, n) =>
    record('x', { topic: `${prefix}-${n}`, partition: undefined }),
  )

/** A producer with a record for each of so many topics that are not known, Kafka being away. */
async function withTopicsWaiting(
  count: number,
  settings: Partial<HarnessSettings> = {},
): Promise<ProducerHarness> {
  const harness = new ProducerHarness({ ...NO_BOUNDS, ...settings }, { t: 1 })
  harness.transport.availability = 'down'
  await harness.send(...oneFor(count))
  return harness
}

/** A producer with a record for each of so many partitions, which wait for their leader's turn. */
async function withPartitionsWaiting(count: number): Promise<ProducerHarness> {
  const harness = await ProducerHarness.warm(
    { lingerMs: 1_000, messageTimeoutMs: 60_000 },
    { t: count + 1 },
  )
  await harness.send(...Array.from({ length: count }, (_, n) => record('x', { partition: n })))
  return harness
}

const producerWork = (run: () => void | Promise<void>): Promise<number> =>
  countWork('/src/producer/', run)

describe('while many topics wait for Kafka', () => {
  const workAmong = async (
    count: number,
    run: (harness: ProducerHarness) => void | Promise<void>,
  ): Promise<number> => {
    const harness = await withTopicsWaiting(count)
    return await producerWork(() => run(harness))
  }

  it.each<[string, (harness: ProducerHarness) => void]>([
    ['one more topic', (harness) => void harness.send(...oneFor(1, 'new'))],
    ['a topic that waits already', (harness) => void harness.send(...oneFor(1))],
    [
      'a look at the age of the oldest',
      ({ producer }) => {
        expect(producer.oldestAdmittedMs).toBe(0)
      },
    ],
  ])('%s takes as much work among 10,000 as among 100', async (_, run) => {
    const few = await workAmong(FEW, run)
    const many = await workAmong(MANY, run)

    expect(few).toBeGreaterThan(0)
    expect(many).toBeLessThan(few + 100)
  })

  it('their records expire one by one with work that does not grow with their number', async () => {
    const workOfExpiry = async (count: number): Promise<number> => {
      const harness = new ProducerHarness({ ...NO_BOUNDS, messageTimeoutMs: 2_000 }, {})
      harness.transport.availability = 'down'
      await harness.send(...oneFor(20, 'old'))
      await harness.clock.advance(1_000)
      await harness.send(...oneFor(count))
      const work = await producerWork(() => harness.clock.advance(1_000))
      expect(harness.failedCount).toBe(20)
      return work
    }

    expect(await workOfExpiry(MANY)).toBeLessThan(2 * (await workOfExpiry(2_000)))
  })

  it('their records expire together with ten times the work for ten times the topics', async () => {
    const workOfExpiry = async (count: number): Promise<number> => {
      const harness = await withTopicsWaiting(count, { messageTimeoutMs: 2_000 })
      const work = await producerWork(() => harness.clock.advance(2_000))
      expect(harness.failedCount).toBe(count)
      return work
    }

    expect(await workOfExpiry(MANY)).toBeLessThan(15 * (await workOfExpiry(MANY / 10)))
  })

  it('each request names 1,000 of them at most, and all are asked about', async () => {
    const harness = await withTopicsWaiting(2_500)
    harness.transport.comeBack()

    await harness.clock.advance(10)

    const asked = harness.transport.metadataRequests.slice(0, 3)
    expect(asked.map(({ length }) => length)).toEqual([1_000, 1_000, 500])
    expect(new Set(asked.flat()).size).toBe(2_500)
  })
})

describe('while many partitions wait for their leader', () => {
  it.each<[string, (harness: ProducerHarness) => void]>([
    [
      'a record for another partition',
      (harness) => void harness.send(record('x', { partition: MANY })),
    ],
    [
      'a partition whose batch is full',
      (harness) => void harness.send(record('x'.repeat(900_000)), record('x'.repeat(900_000))),
    ],
  ])('%s takes as much work among 10,000 as among 100', async (_, run) => {
    const few = await withPartitionsWaiting(FEW)
    const many = await withPartitionsWaiting(MANY)

    const workAmongFew = await producerWork(() => {
      run(few)
    })
    const workAmongMany = await producerWork(() => {
      run(many)
    })

    expect(workAmongMany).toBeLessThan(workAmongFew + 300)
  })

  it('requests that carry one batch each take ten times the work for ten times the partitions', async () => {
    const workOfSending = async (count: number): Promise<number> => {
      const harness = await ProducerHarness.warm(
        { lingerMs: 5, maxInFlight: 1, batchNumMessages: 1 },
        { t: count },
      )
      harness.transport.script.push('hold')
      const value = Buffer.alloc(600_000)
      await harness.send(
        ...Array.from({ length: count }, (_, n) => ({ ...record(null, { partition: n }), value })),
      )
      const work = await countWork('/sender.ts', async () => {
        harness.transport.acknowledgeHeld()
        await harness.clock.advance(10)
      })
      expect(harness.deliveredCount).toBe(count)
      return work
    }

    expect(await workOfSending(300)).toBeLessThan(15 * (await workOfSending(30)))
  })
})

describe('kafka.max_unknown_topics', () => {
  const settings = { maxUnknownTopics: 10, maxTopicCreationsPerMinute: 0, messageTimeoutMs: 2_000 }

  it('refuses a record of one topic more, with a number of its own, and takes those of the others', async () => {
    const harness = new ProducerHarness(settings, {})
    harness.transport.availability = 'down'
    await harness.send(...oneFor(10))

    const refusals = await harness.send(...oneFor(11))

    expect(refusals?.map((refusal) => refusal?.code)).toEqual([
      ...Array.from({ length: 10 }, () => undefined),
      'TOO_MANY_UNKNOWN_TOPICS',
    ])
    expect(refusals?.[10]?.number).toBe(HTTP_MAPPINGS.TOO_MANY_UNKNOWN_TOPICS.errorCode)
    expect(harness.producer.bufferedRecords).toBe(20)
    expect(harness.producer.unknownTopics).toBe(10)
  })

  it('does not concern topics that are known', async () => {
    const harness = await ProducerHarness.warm(settings, { t: 1, u: 1 })
    harness.transport.otherwise = () => 'hold'
    await harness.send(...oneFor(10))

    const refusals = await harness.send(record('a'), record('b', { topic: 'u' }))
    await harness.clock.advance(10)

    expect(refusals).toBeUndefined()
    expect(harness.transport.held).toHaveLength(2)
    expect(harness.producer.unknownTopics).toBe(10)
  })

  it('no longer counts a topic once a broker says that it exists', async () => {
    const harness = new ProducerHarness(settings, {})
    for (let n = 0; n < 10; n += 1) harness.transport.setTopic(`topic-${n}`, 1)
    await harness.send(...oneFor(10))
    await harness.clock.advance(10)

    expect(harness.producer.unknownTopics).toBe(0)
    expect(await harness.send(...oneFor(10, 'new'))).toBeUndefined()
  })

  it('makes room at once for a new topic when records of another have expired', async () => {
    const harness = new ProducerHarness(settings, {})
    harness.transport.availability = 'down'
    await harness.send(...oneFor(10))
    await harness.clock.advance(2_000)

    expect(harness.failedCount).toBe(10)
    expect(await harness.send(...oneFor(10, 'new'))).toBeUndefined()
    expect(harness.producer.unknownTopics).toBe(10)
  })

  it('replaces the missing topic that was used least recently by a new one', async () => {
    const harness = new ProducerHarness({ ...settings, topicMetadataPropagationMaxMs: 0 }, {})
    await harness.send(...oneFor(10))
    await harness.clock.advance(10)
    const stillRefused = await harness.send(...oneFor(1))

    await harness.send(...oneFor(1, 'new'))

    expect(stillRefused).toMatchObject([{ code: 'TOPIC_UNKNOWN' }])
    expect(await harness.send(...oneFor(1))).toMatchObject([{ code: 'TOPIC_UNKNOWN' }])
    expect(await harness.send(...oneFor(2).slice(1))).toBeUndefined()
  })
})

describe('kafka.max_topic_creations_per_minute', () => {
  const settings = { maxTopicCreationsPerMinute: 2, messageTimeoutMs: 5_000 }
  const creating = (): ProducerHarness => {
    const harness = new ProducerHarness(settings, { t: 1 })
    harness.transport.createsTopics = true
    return harness
  }

  it('asks about a topic without having it created first', async () => {
    const harness = creating()
    await harness.send(record('a'))
    await harness.clock.advance(10)

    expect(harness.transport.creationRequests).toEqual([])
    expect(harness.creations).toBe(0)
    expect(harness.transport.values('t', 0)).toEqual(['a'])
  })

  it('has a topic created that does not exist, at once', async () => {
    const harness = creating()
    await harness.send(...oneFor(1))
    await harness.clock.advance(10)

    expect(harness.transport.metadataRequests).toEqual([['topic-0'], ['topic-0']])
    expect(harness.transport.creationRequests).toEqual([['topic-0']])
    expect(harness.creations).toBe(1)
    expect(harness.deliveredCount).toBe(1)
  })

  it('creates no more topics than that, and fails records of the others with the reason', async () => {
    const harness = creating()
    await harness.send(...oneFor(5))
    await harness.clock.advance(5_000)

    expect(harness.transport.creationRequests).toEqual([['topic-0', 'topic-1']])
    expect(harness.deliveredCount).toBe(2)
    expect(harness.reports.slice(2)).toMatchObject(
      Array.from({ length: 3 }, () => ({
        status: 'notPersisted',
        error: {
          code: 'TOPIC_CREATION_LIMITED',
          number: HTTP_MAPPINGS.TOPIC_CREATION_LIMITED.errorCode,
        },
      })),
    )
  })

  it('lets a topic have its turn when a part of the minute is over', async () => {
    const harness = new ProducerHarness({ ...settings, messageTimeoutMs: 60_000 }, {})
    harness.transport.createsTopics = true
    await harness.send(...oneFor(3))
    await harness.clock.advance(29_999)
    const before = harness.transport.creationRequests.length

    await harness.clock.advance(20)

    expect(before).toBe(1)
    expect(harness.transport.creationRequests.slice(1)).toEqual([['topic-2']])
    expect(harness.deliveredCount).toBe(3)
  })

  it('accepts a topic that another client created, without a turn', async () => {
    const harness = creating()
    await harness.send(...oneFor(3))
    await harness.clock.advance(100)

    harness.transport.setTopic('topic-2', 1)
    await harness.clock.advance(1_000)

    expect(harness.creations).toBe(2)
    expect(harness.deliveredCount).toBe(3)
  })

  it('does not begin the grace of a topic before its turn', async () => {
    const harness = creating()
    await harness.send(...oneFor(3))

    await harness.clock.advance(4_999)

    expect(harness.failedCount).toBe(0)
  })

  it('gives no turn to a topic whose records have expired', async () => {
    const harness = new ProducerHarness({ ...settings, messageTimeoutMs: 20_000 }, {})
    harness.transport.createsTopics = true
    await harness.send(...oneFor(3))
    await harness.clock.advance(25_000)
    await harness.send(...oneFor(1, 'later'))
    await harness.clock.advance(6_000)

    expect(harness.transport.creationRequests.at(-1)).toEqual(['later-0'])
    expect(harness.transport.topics.has('topic-2')).toBe(false)
  })

  it('reports that Kafka was away when a record expired, whatever it waited for before', async () => {
    const harness = creating()
    await harness.send(...oneFor(3))
    await harness.clock.advance(100)
    harness.transport.availability = 'down'

    await harness.clock.advance(5_000)

    expect(harness.failures.map(({ error }) => error.code)).toEqual(['BROKER_UNAVAILABLE'])
  })

  it('asks for a topic to be created again while it does not show up, with one turn for all', async () => {
    const harness = new ProducerHarness({ ...settings, topicMetadataPropagationMaxMs: 800 }, {})
    await harness.send(...oneFor(1))

    await harness.clock.advance(500)
    harness.transport.createsTopics = true
    await harness.clock.advance(200)

    expect(harness.transport.creationRequests.length).toBeGreaterThan(2)
    expect(harness.creations).toBe(1)
    expect(harness.deliveredCount).toBe(1)
  })

  it('has nothing created where allow.auto.create.topics is false', async () => {
    const harness = new ProducerHarness({ ...settings, mayCreateTopics: false }, {})
    await harness.send(...oneFor(3))

    await harness.clock.advance(1_000)

    expect(harness.transport.creationRequests).toEqual([])
    expect(harness.failures.map(({ error }) => error.code)).toEqual([
      'TOPIC_UNKNOWN',
      'TOPIC_UNKNOWN',
      'TOPIC_UNKNOWN',
    ])
  })

  it('does not create a topic again that was deleted and that nobody sends to', async () => {
    const harness = await ProducerHarness.warm({ topicMetadataRefreshIntervalMs: 1_000 }, { t: 1 })
    harness.transport.createsTopics = true
    harness.transport.topics.delete('t')

    await harness.clock.advance(10_000)

    expect(harness.transport.creationRequests).toEqual([])
    expect(await harness.send(record('a'))).toBeUndefined()
    await harness.clock.advance(20)
    expect(harness.transport.values('t', 0)).toEqual(['a'])
  })
})
