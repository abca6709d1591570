import { describe, expect, test } from 'vitest'
import { Accumulator } from '../../src/producer/accumulator.ts'
import {
  PartitionQueue,
  TopicQueue,
  type TopicQueueParts,
  type AccumulatorSettings,
  type RecordPlace,
} from '../../src/producer/topic-queue.ts'
import type { AdmittedRecord, Batch } from '../../src/producer/batch.ts'
import { ChunkPool } from '../../src/producer/chunk-pool.ts'
import {
  BATCH_HEADER_BYTES,
  MAX_RECORD_OVERHEAD_BYTES,
  measure,
} from '../../src/producer/record-batch.ts'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { decodeBatch } from '../support/decode-batch.ts'
import { record } from '../support/producer-harness.ts'
import { silentOwner } from '../support/send-all.ts'

const ROOMY: AccumulatorSettings = {
  batchNumMessages: 10_000,
  batchSizeBytes: 1_000_000,
  messageMaxBytes: 1_000_000,
  stickyPartitioningLingerMs: 20,
}

function parts(settings: AccumulatorSettings = ROOMY): TopicQueueParts {
  return { settings, random: () => 0, pool: new ChunkPool() }
}

function makeQueue(settings: Partial<AccumulatorSettings> = {}): PartitionQueue {
  const all = { ...ROOMY, ...settings }
  return new PartitionQueue(new TopicQueue('t', parts(all)), 0, all)
}

/** A record that expires at the time at which it is admitted. */
function admit(
  value: string,
  admittedMs = 0,
  overrides: Partial<ProducerRecord> = {},
): AdmittedRecord {
  const produced = record(value, overrides)
  const sizes = measure(produced)
  return {
    record: produced,
    sizes,
    admittedMs,
    timestampMs: 1_700_000_000_000,
    valueBytes: sizes.valueBytes,
    owner: silentOwner(0),
    index: 0,
    isPinned: false,
  }
}

/** Puts the next batch in flight. */
function begin(queue: PartitionQueue): void {
  const batch = queue.takeNext()
  const outcomes = Promise.resolve([])
  const attempt = { outcomes, wasSent: true, abandon: () => undefined }
  if (batch) queue.begin(batch, { leader: 1, attempt })
}

function appendAll(queue: PartitionQueue, values: string): boolean[] {
  return Array.from(values, (value) => queue.append(admit(value)))
}

function valuesOf(batch: Batch | undefined): string | undefined {
  if (!batch) return undefined
  const values = decodeBatch(batch.begin()).map(({ value }) => value?.toString())
  batch.release()
  return values.join('')
}

/** Takes everything out: the values of each batch, in the order in which they would be sent. */
function drain(queue: PartitionQueue): string[] {
  const batches: string[] = []
  for (let batch = queue.takeNext(); batch; batch = queue.takeNext()) {
    batches.push(valuesOf(batch) ?? '')
  }
  return batches
}

/** The size on the wire of a batch that holds one such record. */
function sizeAlone(admitted: AdmittedRecord): number {
  const queue = makeQueue()
  queue.append(admitted)
  return queue.takeNext()?.sizeBytes ?? 0
}

describe('PartitionQueue.append', () => {
  test('fills a batch with exactly batch.num.messages records', () => {
    const queue = makeQueue({ batchNumMessages: 3 })

    const filled = appendAll(queue, 'abcdefg')

    expect(filled).toEqual([false, false, true, false, false, true, false])
    expect(drain(queue)).toEqual(['abc', 'def', 'g'])
  })

  test('fills a batch with every record when batch.num.messages is 1', () => {
    const queue = makeQueue({ batchNumMessages: 1 })

    expect(appendAll(queue, 'ab')).toEqual([true, true])
    expect(drain(queue)).toEqual(['a', 'b'])
  })

  test.each([
    ['one byte below batch.size', 1, false],
    ['exactly batch.size', 0, true],
    ['one byte above batch.size', -1, true],
  ])('with a batch %s, says whether it is full', (_, roomLeft, isFull) => {
    const admitted = admit('x'.repeat(500))
    const queue = makeQueue({ batchSizeBytes: sizeAlone(admitted) + roomLeft })

    expect(queue.append(admitted)).toBe(isFull)
  })

  test('does not count a batch at message.max.bytes as full', () => {
    const admitted = admit('x'.repeat(500))
    const queue = makeQueue({ messageMaxBytes: sizeAlone(admitted) })

    expect(queue.append(admitted)).toBe(false)
  })

  test.each([
    ['batchSizeBytes', 1, ['ab']],
    ['batchSizeBytes', 0, ['ab']],
    ['batchSizeBytes', -1, ['a', 'b']],
    ['messageMaxBytes', 1, ['ab']],
    ['messageMaxBytes', 0, ['ab']],
    ['messageMaxBytes', -1, ['a', 'b']],
  ] as const)('puts a second record in while %s has room for it (%i)', (limit, spare, batches) => {
    const first = admit('a', 0, { headers: [{ key: 'h', value: 'x'.repeat(30) }] })
    const second = admit('b', 0, { key: 'key', headers: [{ key: 'h', value: 'y' }] })
    const { keyBytes, valueBytes, headersBytes } = second.sizes
    const secondBytes = MAX_RECORD_OVERHEAD_BYTES + keyBytes + valueBytes + headersBytes
    const queue = makeQueue({ [limit]: sizeAlone(first) + secondBytes + spare })

    queue.append(first)
    queue.append(second)

    expect(drain(queue)).toEqual(batches)
  })

  test('says that a batch is full when the record only fits into the next one', () => {
    const queue = makeQueue({ messageMaxBytes: 200 })
    queue.append(admit('a'.repeat(100)))

    expect(queue.append(admit('b'.repeat(100)))).toBe(true)

    expect(drain(queue)).toEqual(['a'.repeat(100), 'b'.repeat(100)])
  })

  test('adds the first record of a batch, however large it is', () => {
    const queue = makeQueue({ batchSizeBytes: 1, messageMaxBytes: 1 })

    expect(queue.append(admit('a'))).toBe(true)
    expect(queue.append(admit('b'))).toBe(true)

    expect(drain(queue)).toEqual(['a', 'b'])
  })

  test('never makes a batch larger than message.max.bytes out of several records', () => {
    const queue = makeQueue({ messageMaxBytes: 1_000 })

    for (let n = 0; n < 200; n += 1) queue.append(admit('x'.repeat(n % 100)))

    const sizes: number[] = []
    for (let batch = queue.takeNext(); batch; batch = queue.takeNext()) sizes.push(batch.sizeBytes)
    expect(sizes.length).toBeGreaterThan(10)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000)
    expect(Math.min(...sizes)).toBeGreaterThan(BATCH_HEADER_BYTES)
  })
})

describe('PartitionQueue.takeNext', () => {
  test('gives sealed batches first, then the open one, then nothing', () => {
    const queue = makeQueue({ batchNumMessages: 2 })
    appendAll(queue, 'abcde')

    const taken = [1, 2, 3, 4].map(() => valuesOf(queue.takeNext()))

    expect(taken).toEqual(['ab', 'cd', 'e', undefined])
    expect(queue.isEmpty).toBe(true)
  })

  test('gives a batch that was put back before all others', () => {
    const queue = makeQueue({ batchNumMessages: 2 })
    appendAll(queue, 'abcd')
    const first = queue.takeNext()
    appendAll(queue, 'e')

    if (first) queue.putBack(first)

    expect(drain(queue)).toEqual(['ab', 'cd', 'e'])
  })

  test('gives both halves of a batch that was split before all others, in order', () => {
    const queue = makeQueue({ batchNumMessages: 4 })
    appendAll(queue, 'abcdefgh')
    const first = queue.takeNext()

    if (first) queue.putBack(first, first.split())

    expect(drain(queue)).toEqual(['ab', 'cd', 'efgh'])
  })

  test('leaves later records to a batch of their own', () => {
    const queue = makeQueue()
    appendAll(queue, 'ab')
    const first = queue.takeNext()

    appendAll(queue, 'c')

    expect(valuesOf(first)).toBe('ab')
    expect(drain(queue)).toEqual(['c'])
  })
})

describe('PartitionQueue.readyAtMs', () => {
  test('is never while nothing waits', () => {
    expect(makeQueue().readyAtMs(10)).toBe(Infinity)
  })

  test('is lingerMs after the first record of the open batch was admitted', () => {
    const queue = makeQueue()
    queue.append(admit('a', 100))
    queue.append(admit('b', 105))

    expect(queue.readyAtMs(10)).toBe(110)
  })

  test('is at once when a batch is full, whatever came after it', () => {
    const queue = makeQueue({ batchNumMessages: 1 })
    queue.append(admit('a', 100))

    expect(queue.readyAtMs(10)).toBeLessThanOrEqual(100)
  })

  test('is after the backoff of the batch that was put back, for all behind it too', () => {
    const queue = makeQueue({ batchNumMessages: 1 })
    queue.append(admit('a', 100))
    queue.append(admit('b', 100))
    const first = queue.takeNext()

    if (first) {
      first.notBeforeMs = 500
      queue.putBack(first)
    }

    expect(queue.readyAtMs(10)).toBe(500)
  })
})

describe('PartitionQueue.oldestAdmittedMs', () => {
  test('is that of the batch in flight, then of the sealed ones, then of the open one', () => {
    const queue = makeQueue({ batchNumMessages: 2 })
    Array.from('abcde', (value, index) => queue.append(admit(value, index)))
    begin(queue)
    const withThreeBatches = queue.oldestAdmittedMs

    queue.end()
    const withoutInFlight = queue.oldestAdmittedMs
    queue.takeNext()
    const withOpenOnly = queue.oldestAdmittedMs
    queue.takeNext()

    expect([withThreeBatches, withoutInFlight, withOpenOnly]).toEqual([0, 2, 4])
    expect(queue.oldestAdmittedMs).toBe(Infinity)
  })
})

describe('PartitionQueue.visit', () => {
  test('hands out all that waits, oldest first, and not what is in flight', () => {
    const queue = makeQueue({ batchNumMessages: 2 })
    appendAll(queue, 'abcdefg')
    begin(queue)
    const firstAdmitted: number[] = []

    queue.takeOut((batch) => firstAdmitted.push(batch.count))

    expect(firstAdmitted).toEqual([2, 2, 1])
    expect(drain(queue)).toEqual(['cd', 'ef', 'g'])
  })

  test('forgets the batches that were settled, and keeps the rest', () => {
    const queue = makeQueue({ batchNumMessages: 2 })
    appendAll(queue, 'abcde')

    queue.takeOut((batch) => {
      if (batch.count === 2) batch.takeAll()
    })

    expect(queue.isEmpty).toBe(false)
    expect(drain(queue)).toEqual(['e'])
  })

  test('starts a new batch after the open one was settled', () => {
    const queue = makeQueue()
    appendAll(queue, 'ab')

    queue.takeOut((batch) => {
      batch.takeAll()
    })
    const isEmptyAfterwards = queue.isEmpty
    appendAll(queue, 'c')

    expect(isEmptyAfterwards).toBe(true)
    expect(drain(queue)).toEqual(['c'])
  })

  test('keeps an open batch open that lost its first records', () => {
    const queue = makeQueue()
    Array.from('abc', (value, index) => queue.append(admit(value, index)))

    queue.takeOut((batch) => {
      batch.takeExpired(1)
    })
    appendAll(queue, 'd')

    expect(drain(queue)).toEqual(['cd'])
  })
})

describe('PartitionQueue.visit up to a time', () => {
  test('leaves out batches whose records all expire later', () => {
    const queue = makeQueue({ batchNumMessages: 1 })
    for (const admittedMs of [1, 2, 3]) queue.append(admit('x', admittedMs))
    const visited: number[] = []

    queue.takeOut((batch) => visited.push(batch.firstAdmittedMs), 2)

    expect(visited).toEqual([1, 2])
    expect(queue.waiting.sealed.records).toBe(3)
  })

  test('leaves out the open batch, and keeps what is not settled in order', () => {
    const queue = makeQueue({ batchNumMessages: 2 })
    for (const admittedMs of [1, 2, 3, 4, 5]) queue.append(admit('x', admittedMs))

    queue.takeOut((batch) => batch.takeExpired(3), 3)

    expect(queue.takeNext()?.firstAdmittedMs).toBe(4)
    expect(queue.takeNext()?.firstAdmittedMs).toBe(5)
    expect(queue.isEmpty).toBe(true)
  })
})

describe('TopicQueue', () => {
  test('keeps one queue for each partition, by its number', () => {
    const topic = new TopicQueue('t', parts())

    const third = topic.partition(3)
    topic.partition(1)

    expect(topic.partition(3)).toBe(third)
    expect([...topic.partitions].map(({ partition }) => partition)).toEqual([1, 3])
    expect(third.topic).toBe(topic)
  })

  test('has a sticky partition that lingers as configured', () => {
    const numbers = [0, 0.5]
    const topic = new TopicQueue('t', { ...parts(), random: () => numbers.shift() ?? 0 })

    const chosen = [0, 19.9, 20].map((nowMs) => topic.sticky.choose([1, 1], nowMs))

    expect(chosen).toEqual([0, 0, 1])
  })
})

describe('Accumulator', () => {
  test('keeps one queue for each topic', () => {
    const accumulator = new Accumulator(parts())

    const first = accumulator.topic('a')
    accumulator.topic('b')

    expect(accumulator.topic('a')).toBe(first)
    expect(accumulator.find('a')).toBe(first)
    expect([...accumulator.topics].map(({ name }) => name)).toEqual(['a', 'b'])
  })

  test('does not make a queue for a topic that is only looked for', () => {
    const accumulator = new Accumulator(parts())

    expect(accumulator.find('a')).toBeUndefined()

    expect([...accumulator.topics]).toEqual([])
  })

  test('makes a new queue for a topic that was forgotten', () => {
    const accumulator = new Accumulator(parts())
    const first = accumulator.topic('a')

    accumulator.forgetIfIdle(first)

    expect(accumulator.find('a')).toBeUndefined()
    expect(accumulator.topic('a')).not.toBe(first)
  })

  test('keeps a topic that has records, or a batch in flight', () => {
    const accumulator = new Accumulator(parts())
    const buffered = accumulator.topic('buffered')
    buffered.bufferedRecords = 1
    const inFlight = accumulator.topic('inFlight')
    inFlight.partition(0).append(admit('a'))
    begin(inFlight.partition(0))

    accumulator.forgetIfIdle(buffered)
    accumulator.forgetIfIdle(inFlight)

    expect([...accumulator.topics]).toEqual([buffered, inFlight])
  })

  test('does not forget a topic because an earlier one of that name is idle', () => {
    const accumulator = new Accumulator(parts())
    const former = accumulator.topic('a')
    accumulator.forgetIfIdle(former)
    const current = accumulator.topic('a')

    accumulator.forgetIfIdle(former)

    expect(accumulator.find('a')).toBe(current)
  })
})

describe('Accumulator by deadline', () => {
  const namesOf = (places: readonly RecordPlace[]): string[] =>
    places.map((place) =>
      place instanceof TopicQueue ? place.name : `${place.topic.name}/${place.partition}`,
    )
  const expired = (accumulator: Accumulator, nowMs: number): string[] => {
    const places: RecordPlace[] = []
    accumulator.visitExpired(nowMs, (place) => places.push(place))
    return namesOf(places)
  }

  test('hands out places with an expired record, the first to expire first, and no others', () => {
    const accumulator = new Accumulator(parts())
    accumulator.topic('a').partition(0).append(admit('x', 5))
    accumulator.topic('b').hold(admit('x', 3))
    accumulator.topic('a').partition(1).append(admit('x', 9))
    accumulator.topic('a').partition(0).append(admit('x', 10))

    expect(expired(accumulator, 8)).toEqual(['b', 'a/0'])
    expect(expired(accumulator, 8)).toEqual(['b', 'a/0'])
    expect(expired(accumulator, 9)).toEqual(['b', 'a/0', 'a/1'])
    expect(expired(accumulator, 2)).toEqual([])
  })

  test('leaves out a place whose expired records are gone, until the rest expires', () => {
    const accumulator = new Accumulator(parts())
    const queue = accumulator.topic('a').partition(0)
    queue.append(admit('x', 1))
    queue.append(admit('x', 4))
    queue.takeOut((batch) => batch.takeExpired(1))

    expect(expired(accumulator, 3)).toEqual([])
    expect([accumulator.firstDeadlineMs, accumulator.oldestAdmittedMs]).toEqual([4, 4])
    expect(expired(accumulator, 4)).toEqual(['a/0'])
  })

  test('counts what is in flight, and what is put back', () => {
    const accumulator = new Accumulator(parts())
    const queue = accumulator.topic('a').partition(0)
    queue.append(admit('x', 1))
    begin(queue)
    const timesOf = (): number[] => [accumulator.firstDeadlineMs, accumulator.oldestAdmittedMs]
    const inFlight = timesOf()
    const batch = queue.inFlight
    queue.end()
    const meanwhile = timesOf()
    if (batch) queue.putBack(batch)

    expect(inFlight).toEqual([1, 1])
    expect(meanwhile).toEqual([Infinity, Infinity])
    expect(timesOf()).toEqual([1, 1])
  })

  test('visits a place again to which a record was added meanwhile', () => {
    const accumulator = new Accumulator(parts())
    const queue = accumulator.topic('a').partition(0)
    queue.append(admit('x', 1))

    accumulator.visitExpired(1, () => {
      queue.takeOut((batch) => batch.takeExpired(1))
      queue.append(admit('x', 2))
    })

    expect(expired(accumulator, 2)).toEqual(['a/0'])
  })

  test('forgets the places of a topic that is forgotten', () => {
    const accumulator = new Accumulator(parts())
    const topic = accumulator.topic('a')
    topic.partition(0).append(admit('x', 1))
    topic.hold(admit('x', 1))

    accumulator.forgetIfIdle(topic)

    expect(accumulator.firstDeadlineMs).toBe(Infinity)
    expect(accumulator.oldestAdmittedMs).toBe(Infinity)
    expect(expired(accumulator, 1)).toEqual([])
  })
})
