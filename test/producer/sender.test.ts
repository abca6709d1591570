import { describe, expect, test } from 'vitest'
import {
  PartitionQueue,
  TopicQueue,
  type AccumulatorSettings,
} from '../../src/producer/topic-queue.ts'
import type { Batch } from '../../src/producer/batch.ts'
import { ChunkPool } from '../../src/producer/chunk-pool.ts'
import { measure } from '../../src/producer/record-batch.ts'
import { Sender } from '../../src/producer/sender.ts'
import type {
  ProduceAttempt,
  ProduceOutcome,
  ProduceRequest,
} from '../../src/producer/transport.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { record } from '../support/producer-harness.ts'
import { NO_EVENTS } from '../support/recording-events.ts'
import { silentOwner } from '../support/send-all.ts'

const LINGER_MS = 10
const SETTINGS: AccumulatorSettings = {
  batchNumMessages: 100,
  batchSizeBytes: 1_000_000,
  messageMaxBytes: 1_000_000,
  stickyPartitioningLingerMs: 20,
}

/** Gives records so little time that one expires after eight milliseconds. */
const OWNER = silentOwner(8)

interface Sent {
  readonly atMs: number
  readonly brokerId: number
  readonly partitions: readonly number[]
  readonly end: () => void
}

/** A sender on a clock of the test, with partitions of one topic. */
class Harness {
  readonly clock = new FakeClock()
  readonly sent: Sent[] = []
  readonly #topic = new TopicQueue('t', {
    settings: SETTINGS,
    random: () => 0,
    pool: new ChunkPool(),
  })
  readonly sender: Sender

  constructor(maxInFlight = 5) {
    this.sender = new Sender(
      {
        ...{ lingerMs: LINGER_MS, maxInFlight, requiredAcks: -1 },
        ...{ requestTimeoutMs: 1_000, socketTimeoutMs: 1_000 },
      },
      {
        clock: this.clock,
        transport: { produce: (request) => this.#produce(request) },
        idempotence: undefined,
        settlement: {
          settle: (queue) => {
            queue.end()
          },
          failWaiting: () => undefined,
        },
        events: NO_EVENTS,
        onFree: () => undefined,
      },
    )
  }

  #produce({ leader, batches }: ProduceRequest): ProduceAttempt {
    const { promise, resolve } = Promise.withResolvers<readonly ProduceOutcome[]>()
    this.sent.push({
      atMs: this.clock.nowMs(),
      brokerId: leader,
      partitions: batches.map(({ partition }) => partition),
      end: () => {
        const baseOffset = undefined
        const outcome = { status: 'acknowledged', baseOffset, logAppendTimeMs: undefined } as const
        resolve(batches.map(() => outcome))
      },
    })
    return { outcomes: promise, wasSent: true, abandon: () => undefined }
  }

  /** Puts a record into a partition, and lets it wait for its leader. */
  add(partition: number, brokerId: number, value = 'x'): PartitionQueue {
    const queue = this.#topic.partition(partition)
    this.append(queue, value)
    this.sender.join(queue, brokerId)
    return queue
  }

  append(queue: PartitionQueue, value: string): void {
    const produced = record(value)
    const sizes = measure(produced)
    queue.append({
      ...{ record: produced, sizes, valueBytes: sizes.valueBytes, owner: OWNER, index: 0 },
      isPinned: false,
      ...{ admittedMs: this.clock.nowMs(), timestampMs: this.clock.epochMs() },
    })
  }

  /** Puts a batch that failed back, to be sent again at a time. */
  putBack(partition: number, brokerId: number, notBeforeMs: number): void {
    const queue = this.#topic.partition(partition)
    this.append(queue, 'again')
    const batch: Batch | undefined = queue.takeNext()
    if (!batch) throw new Error('a batch was put in')
    batch.notBeforeMs = notBeforeMs
    queue.putBack(batch)
    this.sender.join(queue, brokerId)
  }

  get log(): string[] {
    return this.sent.map(
      ({ atMs, brokerId, partitions }) => `${atMs} ms: ${brokerId} gets ${partitions.join(' ')}`,
    )
  }
}

describe('Sender', () => {
  test('sends a batch when it has lingered', async () => {
    const harness = new Harness()
    harness.add(0, 1)

    await harness.clock.advance(LINGER_MS - 1)
    const before = harness.log
    await harness.clock.advance(1)

    expect(before).toEqual([])
    expect(harness.log).toEqual(['10 ms: 1 gets 0'])
  })

  test('includes partitions of the same leader that lingered for more than half of their time', async () => {
    const harness = new Harness()
    harness.add(0, 1)
    harness.add(9, 2)
    await harness.clock.advance(4)
    harness.add(1, 1)
    await harness.clock.advance(1)
    harness.add(2, 1)
    await harness.clock.advance(1)
    harness.add(3, 1)

    await harness.clock.advance(30)

    expect(harness.log).toEqual(['10 ms: 1 gets 0 1', '10 ms: 2 gets 9', '15 ms: 1 gets 2 3'])
  })

  test('sends to a leader at once when told to, if a partition is due', async () => {
    const harness = new Harness()
    const queue = harness.add(0, 1)
    harness.sender.run(1)
    const before = harness.log
    for (let n = 0; n < SETTINGS.batchNumMessages; n += 1) harness.append(queue, 'x')

    harness.sender.join(queue, 1)
    harness.sender.run(1)
    await harness.clock.advance(0)

    expect(before).toEqual([])
    expect(harness.log).toEqual(['0 ms: 1 gets 0'])
  })

  test('does not include a batch whose backoff is not over', async () => {
    const harness = new Harness()
    harness.add(0, 1)
    harness.putBack(1, 1, 12)

    await harness.clock.advance(30)

    expect(harness.log).toEqual(['10 ms: 1 gets 0', '12 ms: 1 gets 1'])
  })

  test('has one request in flight to one broker where max.in.flight says so', async () => {
    const harness = new Harness(1)
    harness.sender.stopLingering()
    for (const partition of [0, 1, 2]) {
      harness.add(partition, 1)
      await harness.clock.advance(1)
    }
    harness.add(7, 2)
    await harness.clock.advance(1)
    const before = harness.log

    harness.sent[0]?.end()
    await harness.clock.advance(0)

    expect(before).toEqual(['0 ms: 1 gets 0', '3 ms: 2 gets 7'])
    expect(harness.log.slice(before.length)).toEqual(['4 ms: 1 gets 1 2'])
  })

  test('has no more than max.in.flight requests in flight to one broker, and goes on when one ends', async () => {
    const harness = new Harness()
    harness.sender.stopLingering()
    for (let partition = 0; partition < 7; partition += 1) {
      harness.add(partition, 1)
      await harness.clock.advance(1)
    }
    harness.add(7, 2)
    await harness.clock.advance(10)
    const before = harness.log

    harness.sent[2]?.end()
    await harness.clock.advance(0)

    expect(before).toEqual([
      ...[0, 1, 2, 3, 4].map((n) => `${n} ms: 1 gets ${n}`),
      '7 ms: 2 gets 7',
    ])
    expect(harness.log.slice(before.length)).toEqual(['17 ms: 1 gets 5 6'])
  })

  test('puts no more than a mebibyte into a request, but for a single batch', async () => {
    const harness = new Harness()
    harness.add(0, 1, 'x'.repeat(900_000))
    harness.add(1, 1, 'x'.repeat(100_000))
    harness.add(2, 1, 'x'.repeat(100_000))
    harness.add(3, 1, 'x'.repeat(1_200_000))

    await harness.clock.advance(LINGER_MS)

    expect(harness.log).toEqual(['0 ms: 1 gets 3', '10 ms: 1 gets 0 1', '10 ms: 1 gets 2'])
  })

  test('puts no more than 1,000 batches into a request', async () => {
    const harness = new Harness()
    for (let partition = 0; partition < 1_500; partition += 1) harness.add(partition, 1)

    await harness.clock.advance(LINGER_MS)

    expect(harness.sent.map(({ partitions }) => partitions.length)).toEqual([1_000, 500])
  })

  test('keeps the order in which partitions came, whichever of them is due first', async () => {
    const harness = new Harness(1)
    harness.add(0, 1)
    await harness.clock.advance(LINGER_MS)
    harness.add(1, 1)
    harness.putBack(2, 1, 0)
    const full = harness.add(3, 1)
    for (let n = 0; n < SETTINGS.batchNumMessages; n += 1) harness.append(full, 'x')
    harness.sender.join(full, 1)
    await harness.clock.advance(LINGER_MS)

    harness.sent[0]?.end()
    await harness.clock.advance(0)

    expect(harness.log).toEqual(['10 ms: 1 gets 0', '20 ms: 1 gets 1 2 3'])
  })

  test('waits anew for a partition whose old records expired', async () => {
    const harness = new Harness()
    const queue = harness.add(0, 1)
    await harness.clock.advance(8)
    harness.append(queue, 'later')
    queue.takeOut((batch) => batch.takeExpired(harness.clock.nowMs()))

    await harness.clock.advance(30)

    expect(harness.log).toEqual(['18 ms: 1 gets 0'])
  })

  test('sends all waiting partitions at once when it stops lingering', async () => {
    const harness = new Harness()
    for (const partition of [0, 1, 2]) harness.add(partition, 1)
    await harness.clock.advance(1)

    harness.sender.stopLingering()
    harness.sender.run(1)

    expect(harness.log).toEqual(['1 ms: 1 gets 0 1 2'])
  })

  test('follows a partition to its new leader', async () => {
    const harness = new Harness()
    const queue = harness.add(0, 1)
    harness.sender.join(queue, 2)

    await harness.clock.advance(30)

    expect(harness.log).toEqual(['10 ms: 2 gets 0'])
  })

  test('forgets a partition that leaves, and its timer', async () => {
    const harness = new Harness()
    const queue = harness.add(0, 1)

    harness.sender.leave(queue)
    await harness.clock.advance(30)

    expect(harness.log).toEqual([])
    expect(harness.clock.timers).toBe(0)
  })

  test('leaves no timer behind when all is sent', async () => {
    const harness = new Harness()
    harness.add(0, 1)
    harness.add(1, 2)
    await harness.clock.advance(LINGER_MS)

    for (const { end } of harness.sent) end()
    await harness.clock.advance(0)

    expect(harness.sent).toHaveLength(2)
    expect(harness.clock.timers).toBe(0)
  })
})
