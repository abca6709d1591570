import type { Clock } from '../base/clock.ts'
import type { Accumulator } from './accumulator.ts'
import type { Batch } from './batch.ts'
import { deliveryError, RDKAFKA, timedOutError, unknownOutcome } from './delivery-errors.ts'
import type { Delivery, Receipt } from './delivery.ts'
import type { DeliveryFailure, EventSink } from './events.ts'
import type { Idempotence } from './idempotence.ts'
import type { Random } from './partitioner.ts'
import type { Records } from './record-columns.ts'
import { Recovery, type Failure } from './recovery.ts'
import type { ProducerSettings } from './settings.ts'
import type { TopicMetadata } from './topic-metadata.ts'
import type { PartitionQueue } from './topic-queue.ts'
import type { ProduceOutcome, Transport } from './transport.ts'
import type { DeliveryError, FailedDelivery } from './types.ts'

/** Dependencies of {@link Settlement}. */
export interface SettlementDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly transport: Pick<Transport, 'availability'>
  readonly accumulator: Accumulator
  readonly topics: TopicMetadata
  readonly delivery: Delivery
  readonly events: EventSink
  /** `undefined` without `enable.idempotence`. */
  readonly idempotence: Idempotence | undefined
}

/**
 * Decides on the outcome of batches: acknowledged, sent again ({@link Recovery}), expired, given up, or handed back
 * at close. It passes their records to {@link Delivery}.
 */
export class Settlement {
  readonly #dependencies: SettlementDependencies
  readonly #recovery: Recovery

  constructor(settings: ProducerSettings, dependencies: SettlementDependencies) {
    this.#dependencies = dependencies
    this.#recovery = new Recovery(settings, {
      ...dependencies,
      fail: (queue, batch, error) => {
        this.fail(queue, batch, error)
      },
      failTaken: (queue, batch, records, error) => {
        const failure = { partition: queue.partition, ...failureOf(batch, error) }
        this.#fail(queue, [{ records, failure }])
      },
      expire: (queue, nowMs) => {
        this.expire(queue, nowMs)
      },
    })
  }

  /** Handles the outcome of a batch. @param nowMs - when its request ended, monotonic ms. */
  settle(queue: PartitionQueue, batch: Batch, outcome: ProduceOutcome, nowMs: number): void {
    queue.end()
    if (outcome.status === 'acknowledged') {
      this.#succeed(queue, batch, outcome, nowMs)
    } else if (this.#isKnownAlready(outcome)) {
      this.#succeed(queue, batch, { baseOffset: undefined, logAppendTimeMs: undefined }, nowMs)
    } else {
      const { errorNumber } = outcome
      this.#dependencies.events.emit({ kind: 'attemptFailed', errorNumber })
      this.#recovery.recover(queue, batch, outcome)
    }
    this.#dependencies.accumulator.forgetIfIdle(queue.topic)
  }

  /**
   * Reports the expired records as timed out: those in flight as possibly persisted, unless their request is not sent
   * yet. Such a request is abandoned.
   */
  expire(queue: PartitionQueue, nowMs: number): void {
    const { inFlight, request } = queue
    if (inFlight && inFlight.firstDeadlineMs <= nowMs) {
      if (request?.attempt.wasSent === false) request.attempt.abandon()
      else this.#failInFlight(queue, inFlight.takeExpired(nowMs), RDKAFKA.messageTimedOut)
    }
    const error = timedOutError(this.#dependencies.transport.availability)
    this.#fail(
      queue,
      queue.takeOut(
        (batch) => this.#giveUp(queue, batch, error, () => batch.takeExpired(nowMs)),
        nowMs,
      ),
    )
  }

  /** Fails all waiting records of a partition. */
  failWaiting(queue: PartitionQueue, error: DeliveryError): void {
    this.#fail(
      queue,
      queue.takeOut((batch) => this.#giveUp(queue, batch, error, () => batch.takeAll())),
    )
  }

  /** Fails all records of a batch that is not in flight. */
  fail(queue: PartitionQueue, batch: Batch, error: DeliveryError): void {
    this.#fail(queue, [this.#giveUp(queue, batch, error, () => batch.takeAll())])
  }

  /** Hands all records of a partition back to their owners, those in flight included. A later answer is ignored. */
  handBack(queue: PartitionQueue): void {
    const { delivery, clock } = this.#dependencies
    const { topic, partition, inFlight } = queue
    if (inFlight) {
      const failure = { partition, ...inDoubt(RDKAFKA.purgeInFlight) }
      delivery.handBack(topic, inFlight.takeAll(), failure, clock.nowMs())
    }
    const error = deliveryError(RDKAFKA.purgeQueue)
    const left = queue.takeOut((batch) => {
      const failure = { partition, ...failureOf(batch, error) }
      return { records: batch.takeAll(), failure }
    })
    for (const { records, failure } of left) {
      delivery.handBack(topic, records, failure, clock.nowMs())
    }
  }

  /** Whether Kafka already has the batch, from an earlier attempt whose offset it no longer knows. */
  #isKnownAlready(failure: Failure): boolean {
    const isDuplicate = failure.errorNumber === RDKAFKA.duplicateSequenceNumber
    return isDuplicate && this.#dependencies.idempotence !== undefined
  }

  #succeed(
    queue: PartitionQueue,
    batch: Batch,
    { baseOffset, logAppendTimeMs }: Omit<Receipt, 'partition'>,
    nowMs: number,
  ): void {
    const { delivery, idempotence, events } = this.#dependencies
    const { partition, topic } = queue
    const { encodedCount: recordCount, sizeBytes } = batch
    const { name } = topic
    idempotence?.advance(name, partition, recordCount)
    events.emit({ kind: 'batchAcknowledged', topic: name, partition, recordCount, sizeBytes })
    for (const { from, records } of batch.acknowledge()) {
      const receipt = {
        partition,
        baseOffset: baseOffset === undefined ? undefined : baseOffset + BigInt(from),
        logAppendTimeMs,
      }
      delivery.succeed(topic, records, receipt, nowMs)
    }
  }

  /** Fails records of a batch in flight. */
  #failInFlight({ topic, partition }: PartitionQueue, records: Records, errorNumber: number): void {
    const { delivery, clock } = this.#dependencies
    delivery.fail(topic, records, { partition, ...inDoubt(errorNumber) }, clock.nowMs())
  }

  /** Takes records out of a batch that is not in flight. */
  #giveUp(
    { topic, partition }: PartitionQueue,
    batch: Batch,
    error: DeliveryError,
    take: () => Records,
  ): GivenUp {
    const failure = { partition, ...failureOf(batch, error) }
    const records = take()
    // The batch is given up, and it is unknown whether Kafka has used its sequence numbers.
    if (batch.state === 'settled' && batch.isFrozen) {
      this.#dependencies.idempotence?.renew(topic.name, partition)
    }
    return { records, failure }
  }

  /** Reports records that were taken out of their batches. */
  #fail({ topic }: PartitionQueue, givenUp: readonly GivenUp[]): void {
    const { delivery, clock } = this.#dependencies
    for (const { records, failure } of givenUp)
      delivery.fail(topic, records, failure, clock.nowMs())
  }
}

/** Records of one batch that are to be reported as failed, and why. */
interface GivenUp {
  readonly records: Records
  readonly failure: Omit<DeliveryFailure, 'topic'>
}

/** The failure of records whose request was sent and not answered. */
function inDoubt(errorNumber: number): FailedDelivery {
  return { status: 'possiblyPersisted', error: unknownOutcome(deliveryError(errorNumber)) }
}

/** The failure of records that are not in flight; an earlier attempt may have stored them. */
function failureOf({ mayBePersisted }: Batch, error: DeliveryError): FailedDelivery {
  return mayBePersisted
    ? { status: 'possiblyPersisted', error: unknownOutcome(error) }
    : { status: 'notPersisted', error }
}
