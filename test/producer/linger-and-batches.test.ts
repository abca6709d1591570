import { describe, expect, it } from 'vitest'
import { record, ProducerHarness } from '../support/producer-harness.ts'

const counts = (harness: ProducerHarness) =>
  harness.transport.requests.map(({ recordBatch }) => recordBatch.readInt32BE(57))

describe('queue.buffering.max.ms', () => {
  it('is measured from the first record of the partition, and not before', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 20 })
    await harness.send(record('a'))
    await harness.clock.advance(15)
    await harness.send(record('b'))

    await harness.clock.advance(4.9)
    expect(counts(harness)).toEqual([])
    await harness.clock.advance(0.1)
    expect(counts(harness)).toEqual([2])
  })

  it('runs for each partition on its own', async () => {
    const harness = await ProducerHarness.warm()
    await harness.send(record('a'))
    await harness.clock.advance(5)
    await harness.send(record('b', { partition: 1 }))

    await harness.clock.advance(5)
    expect(harness.transport.requests.map(({ partition }) => partition)).toEqual([0])
    await harness.clock.advance(5)
    expect(harness.transport.requests.map(({ partition }) => partition)).toEqual([0, 1])
  })

  it('at 0 still sends the records of one push together', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 0 })

    await harness.send(record('a'), record('b'), record('c'))
    await harness.clock.advance(0)

    expect(counts(harness)).toEqual([3])
  })

  it('lets a batch grow beyond it while the one before is in flight', async () => {
    const harness = await ProducerHarness.warm()
    harness.transport.script.push('hold')
    await harness.send(record('a'))
    await harness.clock.advance(10)
    for (const value of ['b', 'c', 'd']) {
      await harness.send(record(value))
      await harness.clock.advance(20)
    }

    harness.transport.acknowledgeHeld()
    await harness.clock.advance(0)

    expect(counts(harness)).toEqual([1, 3])
    expect(harness.transport.values('t', 0)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('counts from admission also for a record that waited for its topic to be known', async () => {
    const harness = new ProducerHarness({ lingerMs: 50 })
    harness.transport.availability = 'down'
    await harness.send(record('a'))
    await harness.clock.advance(40)
    harness.transport.availability = 'up'

    await harness.clock.advance(70)

    expect(counts(harness)).toEqual([1])
  })
})

describe('batch.num.messages', () => {
  it('sends a batch at once when it is reached', async () => {
    const harness = await ProducerHarness.warm({ batchNumMessages: 3 })

    await harness.send(record('a'), record('b'))
    await harness.clock.advance(0)
    expect(counts(harness)).toEqual([])
    await harness.send(record('c'), record('d'))
    await harness.clock.advance(0)

    expect(counts(harness)).toEqual([3])
    await harness.clock.advance(10)
    expect(counts(harness)).toEqual([3, 1])
  })
})

describe('batch.size', () => {
  it('closes a batch before the record that would exceed it', async () => {
    const harness = await ProducerHarness.warm({ batchSizeBytes: 1000 })

    await harness.send(record('x'.repeat(500)), record('y'.repeat(500)))
    await harness.clock.advance(0)

    expect(counts(harness)).toEqual([1])
    expect(harness.transport.values('t', 0)).toEqual(['x'.repeat(500)])
  })

  it('never refuses a single record, however large', async () => {
    const harness = await ProducerHarness.warm({ batchSizeBytes: 100 })

    await harness.send(record('x'.repeat(5000)))
    await harness.clock.advance(0)

    expect(counts(harness)).toEqual([1])
  })

  it('no batch grows beyond message.max.bytes either', async () => {
    const harness = await ProducerHarness.warm({ messageMaxBytes: 1000 })

    await harness.send(...Array.from({ length: 8 }, () => record('x'.repeat(300))))
    await harness.clock.advance(10)

    for (const { recordBatch } of harness.transport.requests) {
      expect(recordBatch.length).toBeLessThanOrEqual(1000)
    }
    expect(harness.transport.stored('t', 0)).toHaveLength(8)
  })
})

describe('a partition', () => {
  it('has one batch in flight at most, and keeps its order across retries', async () => {
    const harness = await ProducerHarness.warm({ batchNumMessages: 1 })
    harness.transport.script.push({ status: 'refused', errorNumber: 19 })

    await harness.send(record('a'), record('b'), record('c'))
    await harness.clock.advance(200)

    expect(harness.transport.maxInFlightPerPartition).toBe(1)
    expect(harness.transport.values('t', 0)).toEqual(['a', 'b', 'c'])
  })

  it('that retries does not delay others', async () => {
    const harness = await ProducerHarness.warm()
    harness.transport.otherwise = ({ partition }) =>
      partition === 0 ? { status: 'refused', errorNumber: 6 } : undefined

    await harness.send(record('a'), record('b', { partition: 1 }))
    await harness.clock.advance(10)

    expect(harness.transport.values('t', 1)).toEqual(['b'])
  })
})

describe('a record', () => {
  it('carries the time of admission when it has no timestamp of its own', async () => {
    const harness = await ProducerHarness.warm()
    await harness.clock.advance(123)

    await harness.send(record('a'), record('b', { timestampMs: 5 }))
    await harness.clock.advance(10)

    expect(harness.transport.stored('t', 0).map(({ timestampMs }) => timestampMs)).toEqual([
      1_700_000_000_123, 5,
    ])
    expect(harness.reports).toMatchObject([{ timestampMs: 1_700_000_000_123 }, { timestampMs: 5 }])
  })

  it('is reported with its own offset', async () => {
    const harness = await ProducerHarness.warm()

    await harness.send(record('a'), record('b'), record('c', { partition: 2 }))
    await harness.clock.advance(10)

    expect(harness.reports).toMatchObject([
      { status: 'persisted', topic: 't', partition: 0, offset: 0n },
      { status: 'persisted', topic: 't', partition: 0, offset: 1n },
      { status: 'persisted', topic: 't', partition: 2, offset: 0n },
    ])
  })

  it('has no offset with acks 0', async () => {
    const harness = await ProducerHarness.warm({ requiredAcks: 0 })
    harness.transport.script.push({
      status: 'acknowledged',
      baseOffset: undefined,
      logAppendTimeMs: undefined,
    })

    await harness.send(record('a'))
    await harness.clock.advance(10)

    expect(harness.transport.requests[0]?.requiredAcks).toBe(0)
    expect(harness.reports).toMatchObject([{ status: 'persisted', offset: undefined }])
  })

  it('is reported with the time of the broker where the topic stamps records', async () => {
    const harness = await ProducerHarness.warm()
    harness.transport.script.push({ status: 'acknowledged', baseOffset: 7n, logAppendTimeMs: 99 })

    await harness.send(record('a'))
    await harness.clock.advance(10)

    expect(harness.reports).toMatchObject([{ offset: 7n, timestampMs: 99 }])
  })
})
