/**
 * Takes batches out of the accumulator when their time has come, hands them to the transport, and
 * decides what happens when that fails. One batch is in flight per partition: that keeps the order
 * across retries and bounds what sits in a socket.
 *
 * Between calls, a partition with waiting records has a batch in flight, or a timer for its next
 * batch, or waits for metadata, whose arrival pumps it: it is never forgotten.
 */
import type { CancelTimer, Clock } from '../clock.ts'
import type { PartitionQueue } from './accumulator.ts'
import type { AdmittedRecord, Batch } from './batch.ts'
import { deliveryError, RDKAFKA, timedOutError, unknownOutcome } from './delivery-errors.ts'
import type { Delivery, ProducerObserver, Receipt } from './delivery.ts'
import type { PartitionLeaders, Random } from './partitioner.ts'
import type { Idempotence } from './idempotence.ts'
import {
  backoffMs,
  isRecordFault,
  isSequenceError,
  mayBePersistedDespite,
  retryPolicy,
} from './retry-policy.ts'
import type { ProducerSettings } from './settings.ts'
import type { TopicMetadata } from './topic-metadata.ts'
import type { ProduceOutcome, Transport } from './transport.ts'
import type { DeliveryError } from './types.ts'

/** librdkafka's floor for the time that a request gets, however little its records have left. */
const MIN_REQUEST_TIMEOUT_MS = 100

/** What a {@link Dispatcher} works with. */
export interface DispatcherDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly transport: Transport
  readonly topics: TopicMetadata
  readonly delivery: Delivery
  readonly observer: ProducerObserver
  /** `undefined` where records may be stored twice. */
  readonly idempotence: Idempotence | undefined
}

/** An outcome other than the acknowledgement. */
type Failure = Exclude<ProduceOutcome, { status: 'acknowledged' }>

/** See the head of this file. */
export class Dispatcher {
  readonly #settings: ProducerSettings
  readonly #dependencies: DispatcherDependencies
  readonly #wakes = new Map<PartitionQueue, CancelTimer>()
  #lingerMs: number

  constructor(settings: ProducerSettings, dependencies: DispatcherDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
    this.#lingerMs = settings.lingerMs
  }

  /** From now on batches do not linger, as in librdkafka's flush(). A backoff is still kept. */
  stopLingering(): void {
    this.#lingerMs = 0
  }

  /** Adds a record to its partition and sees to it that it is sent in time. */
  append(queue: PartitionQueue, admitted: AdmittedRecord): void {
    const wasEmpty = queue.isEmpty
    const isFull = queue.append(admitted)
    if (queue.inFlight) return
    if (isFull) this.pump(queue)
    // Even without linger the batch goes by timer, so that the records of one request share it.
    else if (wasEmpty) this.#wakeAt(queue, queue.readyAtMs(this.#lingerMs))
  }

  /** Sends the partition's next batch if it may go now, else makes sure that somebody comes back. */
  pump(queue: PartitionQueue): void {
    this.#cancelWake(queue)
    if (queue.inFlight || queue.isEmpty) return
    const leaders = this.#leaders(queue)
    if (!leaders) return
    const readyAtMs = queue.readyAtMs(this.#lingerMs)
    if (readyAtMs > this.#dependencies.clock.nowMs()) this.#wakeAt(queue, readyAtMs)
    else if (leaders[queue.partition] === undefined)
      this.#dependencies.topics.refresh(queue.topic.name)
    else this.#sendNext(queue)
  }

  /**
   * Reports the waiting records admitted at or before `sinceMs` as timed out. A batch in flight is left
   * to the timeout of its request.
   */
  expire(queue: PartitionQueue, sinceMs: number): void {
    const { transport } = this.#dependencies
    this.#failWaiting(queue, timedOutError(transport.availability), (batch) =>
      batch.countAdmittedUntil(sinceMs),
    )
  }

  /** Gives up everything of a partition, in flight or not. An answer that still comes is ignored. */
  abort(queue: PartitionQueue): void {
    const batch = queue.inFlight
    if (batch) {
      queue.inFlight = undefined
      batch.release()
      batch.mayBePersisted = true
      this.#fail(queue, batch, batch.count, deliveryError(RDKAFKA.purgeInFlight))
    }
    this.#failWaiting(queue, deliveryError(RDKAFKA.purgeQueue))
  }

  /** The partition's leaders, if its topic is good; fails what waits if it is not. */
  #leaders(queue: PartitionQueue): PartitionLeaders | undefined {
    const state = this.#dependencies.topics.state(queue.topic.name)
    if (state.status === 'unknown') return undefined
    if (state.status === 'known' && queue.partition < state.leaders.length) return state.leaders
    const errorNumber = state.status === 'failed' ? state.errorNumber : RDKAFKA.unknownPartition
    this.#failWaiting(queue, deliveryError(errorNumber))
    return undefined
  }

  #sendNext(queue: PartitionQueue): void {
    const { idempotence } = this.#dependencies
    const claim = idempotence?.claim(queue.topic.name, queue.partition)
    if (idempotence && !claim) {
      const { refusalNumber } = idempotence
      if (refusalNumber !== undefined) this.#failWaiting(queue, deliveryError(refusalNumber))
      return
    }
    const batch = queue.takeNext()
    if (!batch) return
    queue.inFlight = batch
    const { requiredAcks, requestTimeoutMs } = this.#settings
    void this.#dependencies.transport
      .produce({
        topic: queue.topic.name,
        partition: queue.partition,
        recordBatch: batch.begin(claim),
        requiredAcks,
        ackTimeoutMs: requestTimeoutMs,
        requestTimeoutMs: this.#requestTimeoutMs(batch),
      })
      .then((outcome) => {
        this.#settle(queue, batch, outcome)
      })
  }

  /** Source: librdkafka gives a request the smaller of socket.timeout.ms and its first record's rest. */
  #requestTimeoutMs(batch: Batch): number {
    const { messageTimeoutMs, socketTimeoutMs } = this.#settings
    if (messageTimeoutMs === 0) return socketTimeoutMs
    const restMs = batch.firstAdmittedMs + messageTimeoutMs - this.#dependencies.clock.nowMs()
    return Math.min(socketTimeoutMs, Math.max(MIN_REQUEST_TIMEOUT_MS, restMs))
  }

  #settle(queue: PartitionQueue, batch: Batch, outcome: ProduceOutcome): void {
    if (queue.inFlight !== batch) return
    queue.inFlight = undefined
    if (outcome.status === 'acknowledged') {
      this.#succeed(queue, batch, outcome)
    } else if (this.#isKnownAlready(outcome)) {
      this.#succeed(queue, batch, { baseOffset: undefined, logAppendTimeMs: undefined })
    } else {
      this.#dependencies.observer.attemptFailed(outcome.errorNumber)
      batch.release()
      this.#recover(queue, batch, outcome)
    }
    this.pump(queue)
  }

  /** Kafka has the batch, from an attempt so long ago that it has forgotten where. */
  #isKnownAlready(failure: Failure): boolean {
    const isDuplicate = failure.errorNumber === RDKAFKA.duplicateSequenceNumber
    return isDuplicate && this.#dependencies.idempotence !== undefined
  }

  #succeed(
    queue: PartitionQueue,
    batch: Batch,
    { baseOffset, logAppendTimeMs }: Omit<Receipt, 'partition'>,
  ): void {
    const { delivery, clock, idempotence } = this.#dependencies
    idempotence?.advance(queue.topic.name, queue.partition, batch.encodedCount)
    const receipt = {
      partition: queue.partition,
      baseOffset: baseOffset === undefined ? undefined : baseOffset + BigInt(batch.reportedCount),
      logAppendTimeMs,
    }
    delivery.succeed(queue.topic, batch.acknowledge(), receipt, clock.nowMs())
  }

  /** Splits, retries or fails a batch that came back. */
  #recover(queue: PartitionQueue, batch: Batch, failure: Failure): void {
    const { errorNumber } = failure
    const { idempotence } = this.#dependencies
    // A batch that an earlier attempt may have stored could only go on under a new number: as a duplicate.
    if (idempotence && isSequenceError(errorNumber) && !batch.isFrozen) {
      idempotence.renew(queue.topic.name, queue.partition)
      this.#retry(queue, batch, failure)
      return
    }
    const policy = retryPolicy(errorNumber)
    if (policy.wantsMetadata) this.#dependencies.topics.refresh(queue.topic.name)
    const wasSent = failure.status === 'refused' || failure.wasSent
    const isInDoubt =
      failure.status === 'failed'
        ? wasSent
        : mayBePersistedDespite(errorNumber, this.#settings.requiredAcks)
    if (isInDoubt) batch.mayBePersisted = true
    if (isRecordFault(errorNumber) && batch.count > 1 && !batch.isFrozen) {
      queue.putBack(batch, batch.split())
      this.#dependencies.observer.split()
      return
    }
    const isCounted = policy.isCounted && wasSent
    // What was never sent is never the records' fault: they wait for as long as they may.
    const isRetriable = policy.isRetriable || !wasSent
    if (!isRetriable || (isCounted && batch.countedRetries >= this.#settings.retries)) {
      this.#fail(queue, batch, batch.count, deliveryError(errorNumber))
      return
    }
    if (isCounted) batch.countedRetries += 1
    this.#retry(queue, batch, failure)
  }

  /** Puts a batch back in front, to be sent again after a backoff; its expired records are reported. */
  #retry(queue: PartitionQueue, batch: Batch, failure: Failure): void {
    const { clock, random, observer } = this.#dependencies
    const { messageTimeoutMs } = this.#settings
    batch.attempts += 1
    const nowMs = clock.nowMs()
    const delayMs = backoffMs(batch.attempts, this.#settings, random)
    batch.notBeforeMs = nowMs + delayMs
    queue.putBack(batch)
    if (messageTimeoutMs > 0) this.expire(queue, nowMs - messageTimeoutMs)
    if (batch.state === 'settled') return
    observer.retried({
      topic: queue.topic.name,
      partition: queue.partition,
      recordCount: batch.count,
      mayBePersisted: batch.mayBePersisted && !batch.isFrozen,
      errorNumber: failure.errorNumber,
      reason: 'reason' in failure ? failure.reason : deliveryError(failure.errorNumber).text,
      backoffMs: delayMs,
    })
  }

  #failWaiting(
    queue: PartitionQueue,
    error: DeliveryError,
    count: (batch: Batch) => number = (batch) => batch.count,
  ): void {
    queue.visit((batch) => {
      this.#fail(queue, batch, count(batch), error)
    })
    if (queue.isEmpty) this.#cancelWake(queue)
  }

  #fail(queue: PartitionQueue, batch: Batch, count: number, error: DeliveryError): void {
    if (count === 0) return
    const { delivery, clock, idempotence } = this.#dependencies
    const outcome = batch.mayBePersisted
      ? ({ status: 'possiblyPersisted', error: unknownOutcome(error) } as const)
      : ({ status: 'notPersisted', error } as const)
    const failure = { partition: queue.partition, ...outcome }
    const records = batch.failFirst(count)
    // Kafka may or may not have counted the batch that nobody follows up any more.
    if (batch.state === 'settled' && batch.isFrozen) {
      idempotence?.renew(queue.topic.name, queue.partition)
    }
    delivery.fail(queue.topic, records, failure, clock.nowMs())
  }

  #wakeAt(queue: PartitionQueue, atMs: number): void {
    const { clock } = this.#dependencies
    this.#cancelWake(queue)
    const cancel = clock.schedule(atMs - clock.nowMs(), () => {
      this.#wakes.delete(queue)
      this.pump(queue)
    })
    this.#wakes.set(queue, cancel)
  }

  #cancelWake(queue: PartitionQueue): void {
    this.#wakes.get(queue)?.()
    this.#wakes.delete(queue)
  }
}
