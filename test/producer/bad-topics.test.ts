import { describe, expect, it } from 'vitest'
import { record, ProducerHarness } from '../support/producer-harness.ts'

describe('a topic that does not exist', () => {
  it('fails its records when the grace is over, and refuses new ones at once', async () => {
    const harness = new ProducerHarness({ topicMetadataPropagationMaxMs: 800 })
    await harness.send(record('a', { topic: 'nope' }))

    await harness.clock.advance(799)
    expect(harness.reports).toEqual([])
    await harness.clock.advance(101)
    expect(harness.reports).toMatchObject([
      { status: 'notPersisted', error: { number: 3, code: 'TOPIC_UNKNOWN' } },
    ])
    expect(await harness.send(record('b', { topic: 'nope' }))).toMatchObject([
      { number: -188, code: 'TOPIC_UNKNOWN' },
    ])
    expect(harness.producer.bufferedRecords).toBe(0)
  })

  it('takes records within its grace when it is being created', async () => {
    const harness = new ProducerHarness({}, {})
    await harness.send(record('a'))
    await harness.clock.advance(300)
    harness.transport.setTopic('t', 2)

    await harness.clock.advance(200)

    expect(harness.transport.values('t', 0)).toEqual(['a'])
  })

  it('works again when it was created later', async () => {
    const harness = new ProducerHarness({}, {})
    await harness.send(record('a'))
    await harness.clock.advance(1_000)
    harness.transport.setTopic('t', 2)
    await harness.clock.advance(1_000)

    expect(await harness.send(record('b'))).toBeUndefined()
    await harness.clock.advance(10)
    expect(harness.transport.values('t', 0)).toEqual(['b'])
  })

  it('does not delay the records of other topics', async () => {
    const harness = new ProducerHarness()

    await harness.send(record('a', { topic: 'nope' }), record('b'))
    await harness.clock.advance(10)

    expect(harness.transport.values('t', 0)).toEqual(['b'])
  })
})

describe('a forbidden topic', () => {
  it.each([29, 17])('fails at once (%i)', async (errorNumber) => {
    const harness = new ProducerHarness({}, {})
    harness.transport.failTopic('t', errorNumber)

    await harness.send(record('a'))
    await harness.clock.advance(0)

    expect(harness.reports).toMatchObject([
      { status: 'notPersisted', error: { number: errorNumber } },
    ])
  })

  it.each([29, 31])('refuses new records with the same number (%i)', async (number) => {
    const harness = new ProducerHarness({}, {})
    harness.transport.failTopic('t', number)
    await harness.send(record('a'))
    await harness.clock.advance(0)

    expect(await harness.send(record('b'))).toMatchObject([{ number, code: 'TOPIC_FORBIDDEN' }])
  })
})

describe('a topic whose name Kafka does not allow', () => {
  it('refuses new records with Kafka’s number, and says that they can be corrected', async () => {
    const harness = new ProducerHarness({}, {})
    harness.transport.failTopic('t', 17)
    await harness.send(record('a'))
    await harness.clock.advance(0)

    const rejected = { number: 17, code: 'RECORD_REJECTED' }
    expect(harness.reports).toMatchObject([{ status: 'notPersisted', error: rejected }])
    expect(await harness.send(record('b'))).toMatchObject([rejected])
  })
})

describe('a topic that Kafka keeps for itself', () => {
  const forbidden = { code: 'TOPIC_FORBIDDEN' }

  it('is forbidden, not unknown, and is not created for a client, if it does not exist', async () => {
    const harness = new ProducerHarness({ mayCreateTopics: true }, {})
    const absent = { name: '__consumer_offsets', errorNumber: 3, isInternal: true, leaders: [] }
    harness.transport.topics.set('__consumer_offsets', absent)
    await harness.send(record('a', { topic: '__consumer_offsets' }))
    await harness.clock.advance(0)

    expect(harness.reports).toMatchObject([{ status: 'notPersisted', error: forbidden }])
    expect(await harness.send(record('b', { topic: '__consumer_offsets' }))).toMatchObject([
      forbidden,
    ])
    await harness.clock.advance(10_000)
    expect(harness.transport.creationRequests).toEqual([])
  })

  it('is forbidden if it exists', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 0 }, { __consumer_offsets: 1 })
    harness.transport.script.push({ status: 'refused', errorNumber: 17 })

    await harness.send(record('a', { topic: '__consumer_offsets' }))
    await harness.clock.advance(0)

    expect(harness.reports).toMatchObject([
      { status: 'notPersisted', error: { ...forbidden, number: 17 } },
    ])
  })
})

describe('a topic that is deleted under load', () => {
  it('fails what waits for it once the grace is over', async () => {
    const harness = await ProducerHarness.warm({ messageTimeoutMs: 60_000 })
    harness.transport.failTopic('t', 3)
    harness.transport.otherwise = () => ({ status: 'refused', errorNumber: 3 })

    await harness.send(record('a'))
    await harness.clock.advance(2_000)

    expect(harness.reports).toMatchObject([{ status: 'notPersisted', error: { number: 3 } }])
    expect(harness.producer.bufferedRecords).toBe(0)
  })
})

describe('a partition', () => {
  it('that turns out not to exist fails its record with -190', async () => {
    const harness = new ProducerHarness()

    await harness.send(record('a', { partition: 4 }), record('b', { partition: 3 }))
    await harness.clock.advance(10)

    expect(harness.reports).toMatchObject([
      { status: 'notPersisted', error: { number: -190, code: 'PARTITION_UNKNOWN' } },
      { status: 'persisted', partition: 3 },
    ])
  })

  it('without a leader waits for one, and metadata is asked for until there is one', async () => {
    const harness = await ProducerHarness.warm()
    harness.transport.topics.set('t', { name: 't', errorNumber: 0, leaders: [undefined, 1, 1, 1] })
    harness.transport.script.push({ status: 'refused', errorNumber: 5 })
    await harness.send(record('a'))
    await harness.clock.advance(1_000)
    expect(harness.transport.values('t', 0)).toEqual([])
    harness.transport.setTopic('t', 4)

    await harness.clock.advance(150)

    expect(harness.transport.values('t', 0)).toEqual(['a'])
  })
})

describe('when Kafka is reachable again', () => {
  it('topics that got no answer are asked for at once, whatever their backoff', async () => {
    const harness = new ProducerHarness({ lingerMs: 0 })
    harness.transport.availability = 'down'
    await harness.send(record('a'))
    await harness.clock.advance(1_600)

    harness.transport.comeBack()
    await harness.clock.advance(0)

    expect(harness.transport.values('t', 0)).toEqual(['a'])
  })
})
