import type { Clock } from '../base/clock.ts'
import type { Batch } from './batch.ts'
import { deliveryError } from './delivery-errors.ts'
import type { EventSink } from './events.ts'
import type { Idempotence, SequenceClaim } from './idempotence.ts'
import type { ProducerSettings } from './settings.ts'
import type { Settlement } from './settlement.ts'
import type { PartitionQueue } from './topic-queue.ts'
import type { EncodedBatch, ProduceAttempt, ProduceOutcome, Transport } from './transport.ts'
import { type Waiter, WaitingLine } from './waiting-line.ts'

/** Limit for the bytes of all batches in one request after the first (the Java client's max.request.size). */
const MAX_REQUEST_BYTES = 1_048_576
/** Limit for the batches in one request, so that the encoding of a request and the reading of its answer stay short. */
const MAX_REQUEST_BATCHES = 1_000

/** The share of its linger that a batch may skip if a request goes to its leader anyway. */
const SPARED_LINGER = 0.5

/** The shortest timeout of a request, ms, as in librdkafka, however soon its records expire. */
const MIN_REQUEST_TIMEOUT_MS = 100

/** Settings of the {@link Sender}. */
export type SenderSettings = Pick<
  ProducerSettings,
  'lingerMs' | 'maxInFlight' | 'requiredAcks' | 'requestTimeoutMs' | 'socketTimeoutMs'
>

/** Dependencies of the {@link Sender}. */
export interface SenderDependencies {
  readonly clock: Clock
  readonly transport: Pick<Transport, 'produce'>
  /** `undefined` without `enable.idempotence`. */
  readonly idempotence: Idempotence | undefined
  readonly settlement: Pick<Settlement, 'settle' | 'failWaiting'>
  readonly events: EventSink
  /** Called for each partition after its request has ended, so that its next batch may be sent. */
  readonly onFree: (queue: PartitionQueue) => void
}

type Line = WaitingLine<PartitionQueue>

/** The next batch of a partition, taken for a request. */
interface TakenBatch {
  readonly queue: PartitionQueue
  readonly batch: Batch
}

/** The batches of one request, and their encoded forms. */
interface TakenBatches {
  readonly batches: readonly TakenBatch[]
  readonly encoded: readonly EncodedBatch[]
}

/**
 * Sends produce requests. It decides when each broker gets its next request, and which partitions share it. A
 * request is sent when the first waiting partition of the broker is due. Other partitions that have lingered for
 * more than half of their time join it, because a request costs more than a batch, and linger is an upper bound. (The
 * Java client includes all partitions, which would leave a slow partition beside a fast one without batching.)
 *
 * Invariant: a broker with waiting partitions has a timer for its next request, or as many requests in flight as it
 * may have; the end of a request starts the next one. A waiting partition is in `dueTimes`, and also either in `resting`
 * or in `ready`. Thousands of partitions may wait, so no call except `stopLingering` visits all of them. The recorded
 * times of a partition may be too early, because records expire, but never too late.
 */
export class Sender {
  readonly #settings: SenderSettings
  readonly #dependencies: SenderDependencies
  /** By the node id of their broker. */
  readonly #lines = new Map<number, Line>()
  #lingerMs: number

  constructor(settings: SenderSettings, dependencies: SenderDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
    this.#lingerMs = settings.lingerMs
  }

  /** Makes all batches due without lingering from now on, as librdkafka's flush() does. Backoffs still apply. */
  stopLingering(): void {
    this.#lingerMs = 0
    for (const line of this.#lines.values()) {
      for (const waiter of line.dueTimes.items()) this.#note(waiter, line)
    }
  }

  /** Lets a partition wait for the next request to its leader. To be called again when it becomes due earlier. */
  join(queue: PartitionQueue, brokerId: number): void {
    const line = this.#line(brokerId)
    const { waiter } = queue
    if (waiter.line !== line) {
      this.leave(queue)
      waiter.enter(line)
    }
    this.#note(waiter, line)
    this.#arm(line, waiter.due.key)
  }

  /** Removes a partition that has nothing to send, or no leader. */
  leave({ waiter }: PartitionQueue): void {
    const { line } = waiter
    if (!line) return
    waiter.leave()
    if (line.dueTimes.size > 0) return
    this.#disarm(line)
    if (line.inFlight === 0) this.#lines.delete(line.brokerId)
  }

  /** Sends the due batches of a broker. */
  run(brokerId: number): void {
    const line = this.#lines.get(brokerId)
    if (line) this.#run(line)
  }

  #run(line: Line): void {
    this.#disarm(line)
    while (line.inFlight < this.#settings.maxInFlight) {
      const queues = this.#takeQueues(line)
      if (queues.length === 0) break
      line.inFlight += 1
      void this.#send(line.brokerId, queues).then(() => {
        line.inFlight -= 1
        this.#run(line)
      })
    }
    if (line.inFlight === this.#settings.maxInFlight) return
    if (line.dueTimes.size > 0) this.#arm(line, this.#nextDueMs(line))
    else if (line.inFlight === 0) this.#lines.delete(line.brokerId)
  }

  /** Takes the partitions of the next request out of the line; none if no partition is due. */
  #takeQueues(line: Line): readonly PartitionQueue[] {
    const nowMs = this.#dependencies.clock.nowMs()
    if (this.#nextDueMs(line) > nowMs) return []
    this.#wakeResting(line, nowMs)
    const queues: PartitionQueue[] = []
    let sizeBytes = 0
    for (let node = line.ready.first; node; node = line.ready.first) {
      if (queues.length === MAX_REQUEST_BATCHES) break
      const { queue } = node.item
      if (!this.#mayGo(queue, nowMs)) {
        // Its oldest records have expired in the meantime.
        this.#note(node.item, line)
        continue
      }
      const { nextBytes } = queue
      if (queues.length > 0 && sizeBytes + nextBytes > MAX_REQUEST_BYTES) break
      sizeBytes += nextBytes
      queues.push(queue)
      node.item.leave()
    }
    return queues
  }

  /**
   * Sends the next batch of each partition in one request, and settles all of them when it has ended. Never
   * rejects.
   */
  async #send(brokerId: number, queues: readonly PartitionQueue[]): Promise<void> {
    const { batches, encoded } = this.#takeBatches(queues)
    if (batches.length === 0) return
    const attempt = this.#begin(brokerId, batches, encoded)
    this.#end(batches, await attempt.outcomes)
  }

  /** Takes the next batch of each partition. An idempotent producer without its identity takes none. */
  #takeBatches(queues: readonly PartitionQueue[]): TakenBatches {
    const { idempotence } = this.#dependencies
    const batches: TakenBatch[] = []
    const encoded: EncodedBatch[] = []
    for (const queue of queues) {
      const claim = idempotence?.claim(queue.topic.name, queue.partition)
      if (idempotence && !claim) this.#awaitIdentity(queue, idempotence)
      else {
        const batch = queue.takeNext()
        if (!batch) continue
        encoded.push(encode(queue, batch, claim))
        batches.push({ queue, batch })
      }
    }
    return { batches, encoded }
  }

  /** Starts one request, which puts the batches in flight. */
  #begin(
    brokerId: number,
    batches: readonly TakenBatch[],
    encoded: readonly EncodedBatch[],
  ): ProduceAttempt {
    const { transport, events, clock } = this.#dependencies
    events.emit({ kind: 'requestSending', brokerId, nowMs: clock.nowMs(), batches })
    const { requiredAcks, requestTimeoutMs: ackTimeoutMs } = this.#settings
    const requestTimeoutMs = this.#requestTimeoutMs(batches)
    const limits = { requiredAcks, ackTimeoutMs, requestTimeoutMs }
    const attempt = transport.produce({ leader: brokerId, batches: encoded, ...limits })
    const request = { leader: brokerId, attempt }
    for (const { queue, batch } of batches) queue.begin(batch, request)
    return attempt
  }

  /** Settles the batches of a request that has ended. */
  #end(batches: readonly TakenBatch[], outcomes: readonly ProduceOutcome[]): void {
    const { settlement, onFree, clock } = this.#dependencies
    const nowMs = clock.nowMs()
    let index = 0
    for (const { queue, batch } of batches) {
      const outcome = outcomes[index]
      if (outcome) settlement.settle(queue, batch, outcome, nowMs)
      index += 1
    }
    for (const { queue } of batches) onFree(queue)
  }

  /**
   * Leaves the partition out of all lines until the identity of the producer is known; then it joins its line again. If
   * Kafka refuses the identity, the records fail, but not synchronously: the `sendAll` that admitted them may still run,
   * and owners are notified only after it.
   */
  #awaitIdentity(queue: PartitionQueue, idempotence: Idempotence): void {
    if (idempotence.refusalNumber === undefined) return
    queueMicrotask(() => {
      const { refusalNumber } = idempotence
      if (refusalNumber === undefined) return
      this.#dependencies.settlement.failWaiting(queue, deliveryError(refusalNumber))
      this.#dependencies.onFree(queue)
    })
  }

  /**
   * Source: librdkafka uses the smaller of socket.timeout.ms and the remaining time of the records. kprf uses the time of
   * the record with the most time left; the others are reported when they expire, independently of the request.
   */
  #requestTimeoutMs(batches: readonly TakenBatch[]): number {
    let latestMs = -Infinity
    for (const { batch } of batches) latestMs = Math.max(latestMs, batch.longestDeadlineMs)
    const restMs = latestMs - this.#dependencies.clock.nowMs()
    return Math.min(this.#settings.socketTimeoutMs, Math.max(MIN_REQUEST_TIMEOUT_MS, restMs))
  }

  #wakeResting(line: Line, nowMs: number): void {
    const { resting, ready } = line
    const early: Waiter<PartitionQueue>[] = []
    for (let node = resting.takeFirst(nowMs); node; node = resting.takeFirst(nowMs)) {
      if (this.#mayGo(node.item.queue, nowMs)) ready.set(node, node.item.number)
      else early.push(node.item)
    }
    for (const waiter of early) this.#note(waiter, line)
  }

  /** Returns when the first partition is due. */
  #nextDueMs({ dueTimes }: Line): number {
    const lingerMs = this.#lingerMs
    for (let node = dueTimes.first; node; node = dueTimes.first) {
      const dueMs = node.item.queue.readyAtMs(lingerMs)
      if (dueMs <= node.key) break
      dueTimes.set(node, dueMs)
    }
    return dueTimes.firstKey
  }

  /** Whether a partition is due, or may join a request. */
  #mayGo(queue: PartitionQueue, nowMs: number): boolean {
    const lingerMs = this.#lingerMs
    const dueInMs = queue.readyAtMs(lingerMs) - nowMs
    return dueInMs <= 0 || (!queue.isHeld && dueInMs < lingerMs * SPARED_LINGER)
  }

  /** Records when a partition is due and when it may join a request. */
  #note({ queue, due, turn }: Waiter<PartitionQueue>, { dueTimes, resting }: Line): void {
    const lingerMs = this.#lingerMs
    const dueMs = queue.readyAtMs(lingerMs)
    dueTimes.set(due, dueMs)
    resting.set(turn, queue.isHeld ? dueMs : dueMs - lingerMs * SPARED_LINGER)
  }

  #arm(line: Line, dueMs: number): void {
    if (dueMs >= line.dueMs || line.inFlight === this.#settings.maxInFlight) return
    this.#disarm(line)
    const { clock } = this.#dependencies
    line.dueMs = dueMs
    line.cancelTimer = clock.schedule(dueMs - clock.nowMs(), () => {
      this.#run(line)
    })
  }

  #disarm(line: Line): void {
    line.cancelTimer?.()
    line.cancelTimer = undefined
    line.dueMs = Infinity
  }

  #line(brokerId: number): Line {
    let line = this.#lines.get(brokerId)
    if (!line) {
      line = new WaitingLine(brokerId)
      this.#lines.set(brokerId, line)
    }
    return line
  }
}

function encode(
  { topic, partition }: PartitionQueue,
  batch: Batch,
  claim: SequenceClaim | undefined,
): EncodedBatch {
  const pieces = batch.begin(claim)
  return { topic: topic.name, partition, pieces, sizeBytes: batch.sizeBytes }
}
