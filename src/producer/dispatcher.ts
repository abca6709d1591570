/**
 * Takes batches out of the accumulator when their leader's turn has come, hands them to the transport, and
 * sees to it that something happens when that fails. One batch is in flight per partition: that keeps the
 * order across retries and bounds what sits in a socket.
 *
 * Between calls, a partition with waiting records has a batch in flight, or waits for its leader's turn, or
 * for metadata, whose arrival pumps it: it is never forgotten.
 */
import type { Clock } from '../base/clock.ts'
import type { Accumulator, PartitionQueue } from './accumulator.ts'
import type { AdmittedRecord, Batch } from './batch.ts'
import { deliveryError, RDKAFKA, timedOutError, unknownOutcome } from './delivery-errors.ts'
import type { Delivery, ProducerObserver, Receipt } from './delivery.ts'
import type { Idempotence, SequenceClaim } from './idempotence.ts'
import { LeaderTurns } from './leader-turns.ts'
import type { PartitionLeaders, Random } from './partitioner.ts'
import { Recovery, type Failure } from './recovery.ts'
import type { ProducerSettings } from './settings.ts'
import type { Statistics } from './statistics/statistics.ts'
import type { TopicMetadata } from './topic-metadata.ts'
import type { EncodedBatch, ProduceOutcome, Transport } from './transport.ts'
import type { DeliveryError } from './types.ts'

/** librdkafka's floor for the time that a request gets, however little its records have left. */
const MIN_REQUEST_TIMEOUT_MS = 100

/** What a {@link Dispatcher} works with. */
export interface DispatcherDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly transport: Transport
  readonly accumulator: Accumulator
  readonly topics: TopicMetadata
  readonly delivery: Delivery
  readonly observer: ProducerObserver
  /** `undefined` where records may be stored twice. */
  readonly idempotence: Idempotence | undefined
  /** `undefined` where none are kept. */
  readonly statistics: Statistics | undefined
}

/** See the head of this file. */
export class Dispatcher {
  readonly #settings: ProducerSettings
  readonly #dependencies: DispatcherDependencies
  readonly #turns: LeaderTurns
  readonly #recovery: Recovery
  #lingerMs: number

  constructor(settings: ProducerSettings, dependencies: DispatcherDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
    this.#lingerMs = settings.lingerMs
    this.#turns = new LeaderTurns({
      clock: dependencies.clock,
      maxInFlight: settings.maxInFlight,
      lingerMs: () => this.#lingerMs,
      send: (brokerId, queues) => this.#send(brokerId, queues),
    })
    this.#recovery = new Recovery(settings, {
      ...dependencies,
      fail: (queue, batch, error) => {
        this.#fail(queue, batch, batch.count, error)
      },
      expire: (queue, sinceMs) => {
        this.expire(queue, sinceMs)
      },
    })
  }

  /** From now on batches do not linger, as in librdkafka's flush(). A backoff is still kept. */
  stopLingering(): void {
    this.#lingerMs = 0
    this.#turns.lingerChanged()
  }

  /** Adds a record to its partition and sees to it that it is sent in time. */
  append(queue: PartitionQueue, admitted: AdmittedRecord): void {
    const wasEmpty = queue.isEmpty
    const isFull = queue.append(admitted)
    // Even without linger a batch goes by timer, so that the records of one request share it.
    if (!queue.inFlight && (wasEmpty || isFull)) this.#place(queue, isFull)
  }

  /** Sends the partition's next batch if it may go now, else makes sure that somebody comes back. */
  pump(queue: PartitionQueue): void {
    if (!queue.inFlight) this.#place(queue, true)
  }

  /**
   * Reports the records admitted at or before `sinceMs` as timed out. Those in flight may be in Kafka all the
   * same; what the transport has not sent yet is called back.
   */
  expire(queue: PartitionQueue, sinceMs: number): void {
    const { transport } = this.#dependencies
    const { inFlight } = queue
    if (inFlight?.attempt.wasSent === true) {
      const count = inFlight.batch.countAdmittedUntil(sinceMs)
      this.#failInFlight(queue, inFlight.batch, count, RDKAFKA.messageTimedOut)
    } else if (inFlight && inFlight.batch.countAdmittedUntil(sinceMs) > 0) {
      inFlight.attempt.abandon()
    }
    this.#failWaiting(queue, timedOutError(transport.availability), sinceMs)
  }

  /** Gives up everything of a partition, in flight or not. An answer that still comes is ignored. */
  abort(queue: PartitionQueue): void {
    const batch = queue.inFlight?.batch
    if (batch) this.#failInFlight(queue, batch, batch.count, RDKAFKA.purgeInFlight)
    this.#failWaiting(queue, deliveryError(RDKAFKA.purgeQueue))
  }

  /** Has a partition wait for its leader, or for metadata, or fails what waits. */
  #place(queue: PartitionQueue, mayGoNow: boolean): void {
    const leaders = queue.isEmpty ? undefined : this.#leaders(queue)
    const leader = leaders?.[queue.partition]
    if (leader === undefined) {
      this.#turns.leave(queue)
      if (leaders) this.#dependencies.topics.refresh(queue.topic.name)
      return
    }
    this.#turns.join(queue, leader)
    if (mayGoNow) this.#turns.run(leader)
  }

  /** The partition's leaders, if its topic is good; fails what waits if it is not. */
  #leaders(queue: PartitionQueue): PartitionLeaders | undefined {
    const state = this.#dependencies.topics.state(queue.topic.name)
    if (state.status === 'unknown' || state.status === 'turnedAway') return undefined
    if (state.status === 'known' && queue.partition < state.leaders.length) return state.leaders
    const errorNumber = state.status === 'failed' ? state.errorNumber : RDKAFKA.unknownPartition
    this.#failWaiting(queue, deliveryError(errorNumber))
    return undefined
  }

  /** Sends the next batch of each partition in one request, and settles them all when it is over. */
  async #send(leader: number, queues: readonly PartitionQueue[]): Promise<void> {
    const { transport, idempotence, statistics } = this.#dependencies
    const sent: { readonly queue: PartitionQueue; readonly batch: Batch }[] = []
    const batches: EncodedBatch[] = []
    for (const queue of queues) {
      const claim = idempotence?.claim(queue.topic.name, queue.partition)
      if (idempotence && !claim) this.#awaitIdentity(queue, idempotence)
      else {
        const batch = queue.takeNext()
        if (!batch) continue
        batches.push(this.#encode(queue, batch, claim))
        sent.push({ queue, batch })
      }
    }
    if (sent.length === 0) return
    statistics?.sending(leader, sent)
    const { requiredAcks, requestTimeoutMs: ackTimeoutMs } = this.#settings
    const requestTimeoutMs = this.#requestTimeoutMs(sent.map(({ batch }) => batch))
    const limits = { requiredAcks, ackTimeoutMs, requestTimeoutMs }
    const attempt = transport.produce({ leader, batches, ...limits })
    for (const { queue, batch } of sent) queue.begin({ batch, leader, attempt })
    const outcomes = await attempt.outcomes
    for (const [index, { queue, batch }] of sent.entries()) {
      const outcome = outcomes[index]
      if (outcome) this.#settle(queue, batch, outcome)
    }
    for (const { queue } of sent) this.pump(queue)
  }

  #encode(queue: PartitionQueue, batch: Batch, claim: SequenceClaim | undefined): EncodedBatch {
    const pieces = batch.begin(claim)
    return {
      topic: queue.topic.name,
      partition: queue.partition,
      pieces,
      sizeBytes: batch.sizeBytes,
    }
  }

  /** The partition is pumped when the identity is there. */
  #awaitIdentity(queue: PartitionQueue, { refusalNumber }: Idempotence): void {
    if (refusalNumber !== undefined) this.#failWaiting(queue, deliveryError(refusalNumber))
  }

  /**
   * Source: librdkafka gives a request the smaller of socket.timeout.ms and what its records have left. Of
   * several batches that is the one with the most: the records of the others are reported when their own time
   * is over, whatever becomes of the request.
   */
  #requestTimeoutMs(batches: readonly Batch[]): number {
    const { messageTimeoutMs, socketTimeoutMs } = this.#settings
    if (messageTimeoutMs === 0) return socketTimeoutMs
    const latestMs = Math.max(...batches.map(({ firstAdmittedMs }) => firstAdmittedMs))
    const restMs = latestMs + messageTimeoutMs - this.#dependencies.clock.nowMs()
    return Math.min(socketTimeoutMs, Math.max(MIN_REQUEST_TIMEOUT_MS, restMs))
  }

  #settle(queue: PartitionQueue, batch: Batch, outcome: ProduceOutcome): void {
    queue.end()
    if (outcome.status === 'acknowledged') {
      this.#succeed(queue, batch, outcome)
    } else if (this.#isKnownAlready(outcome)) {
      this.#succeed(queue, batch, { baseOffset: undefined, logAppendTimeMs: undefined })
    } else {
      this.#dependencies.observer.attemptFailed(outcome.errorNumber)
      this.#recovery.recover(queue, batch, outcome)
    }
    this.#dependencies.accumulator.forgetIfIdle(queue.topic)
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
    const { delivery, clock, idempotence, statistics } = this.#dependencies
    const { encodedCount, sizeBytes } = batch
    idempotence?.advance(queue.topic.name, queue.partition, encodedCount)
    statistics?.acknowledged(queue.topic.name, queue.partition, encodedCount, sizeBytes)
    const receipt = {
      partition: queue.partition,
      baseOffset: baseOffset === undefined ? undefined : baseOffset + BigInt(batch.reportedCount),
      logAppendTimeMs,
    }
    delivery.succeed(queue.topic, batch.acknowledge(), receipt, clock.nowMs())
  }

  #failWaiting(queue: PartitionQueue, error: DeliveryError, sinceMs = Infinity): void {
    queue.visit((batch) => {
      this.#fail(queue, batch, batch.countAdmittedUntil(sinceMs), error)
    }, sinceMs)
    if (queue.isEmpty) this.#turns.leave(queue)
  }

  /** Reports records of a batch whose outcome is still to come. */
  #failInFlight(queue: PartitionQueue, batch: Batch, count: number, errorNumber: number): void {
    if (count === 0) return
    const { delivery, clock } = this.#dependencies
    const error = unknownOutcome(deliveryError(errorNumber))
    const failure = { partition: queue.partition, status: 'possiblyPersisted', error } as const
    delivery.fail(queue.topic, batch.failFirst(count), failure, clock.nowMs())
  }

  /** Reports records of a batch that is not in flight. */
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
}
