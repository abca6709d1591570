import type { Accumulator } from './accumulator.ts'
import type { PartitionQueue, TopicQueue } from './topic-queue.ts'
import type { AdmittedRecord } from './batch.ts'
import type { Clock } from '../base/clock.ts'
import type { PartitionerName } from '../base/kafka-names.ts'
import {
  creationLimitedError,
  deliveryError,
  RDKAFKA,
  timedOutError,
  tooManyUnknownTopicsError,
} from './delivery-errors.ts'
import type { DeliveryTimeouts } from './delivery-timeouts.ts'
import type { Delivery } from './delivery.ts'
import type { Dispatcher } from './dispatcher.ts'
import {
  type Partitioner,
  type PartitionLeaders,
  PARTITIONERS,
  type Random,
} from './partitioner.ts'
import { RecordColumns, type Records } from './record-columns.ts'
import type { TopicState } from './topic-entry.ts'
import type { TopicMetadata } from './topic-metadata.ts'
import type { Transport } from './transport.ts'
import type { DeliveryError, ProducerRecord, RecordBytes } from './types.ts'

/** Dependencies of the {@link Assigner}. */
export interface AssignerDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly transport: Transport
  readonly accumulator: Accumulator
  readonly topics: TopicMetadata
  readonly delivery: Delivery
  readonly dispatcher: Dispatcher
  readonly timeouts: DeliveryTimeouts
}

/**
 * Assigns each admitted record its partition: at once if its topic is known, otherwise when a broker has answered
 * about the topic. Until then the records wait in order, encoded. A record keeps its partition as long as its topic
 * has it.
 */
export class Assigner {
  readonly #partitioner: Partitioner
  readonly #dependencies: AssignerDependencies

  constructor(
    { partitioner }: { readonly partitioner: PartitionerName },
    dependencies: AssignerDependencies,
  ) {
    this.#partitioner = PARTITIONERS[partitioner]
    this.#dependencies = dependencies
  }

  /** Returns why the topic or partition of a record cannot be written to; `undefined` if no reason is known. */
  vet(record: ProducerRecord, nowMs: number): DeliveryError | undefined {
    return this.#refusalOf(record, this.#dependencies.topics.state(record.topic, nowMs))
  }

  /** Adds a record, or returns why its topic or partition cannot be written to. */
  add(admitted: AdmittedRecord): DeliveryError | undefined {
    const { topics, accumulator, timeouts } = this.#dependencies
    const state = topics.state(admitted.record.topic, admitted.admittedMs)
    const refusal = this.#refusalOf(admitted.record, state)
    if (refusal) return refusal
    const topic = accumulator.topic(admitted.record.topic)
    topic.bufferedRecords += 1
    if (state.status === 'known') this.#assign(topic, admitted, state.leaders)
    else topic.hold(admitted)
    timeouts.watch(admitted.admittedMs + admitted.owner.deliveryTimeoutMs)
    return undefined
  }

  /**
   * Assigns the records that waited for this answer, and lets the dispatcher continue with partitions that wait for
   * a leader.
   */
  topicAnswered(name: string, state: TopicState): void {
    const topic = this.#dependencies.accumulator.find(name)
    if (!topic || (state.status !== 'known' && state.status !== 'failed')) return
    if (state.status === 'known') this.#assignAll(topic, state)
    else this.#fail(topic, topic.unassigned.takeAll(), deliveryError(state.errorNumber))
    for (const queue of topic.partitions) this.#dependencies.dispatcher.pump(queue)
  }

  /** Reports the expired records of a topic that wait for its partitions. */
  expire(topic: TopicQueue, nowMs: number): void {
    if (topic.unassigned.firstDeadlineMs > nowMs) return
    this.#fail(topic, topic.unassigned.takeExpired(nowMs), this.#timedOutError(topic.name))
  }

  /** Chooses again for the records of a partition that its topic no longer has, if it was not asked for. */
  reassign(queue: PartitionQueue, leaders: PartitionLeaders): void {
    if (leaders.length === 0) return
    const { topic } = queue
    const moved = queue.moveOut(({ isPinned, admittedMs }, key) =>
      isPinned ? undefined : this.#choose(topic, key, leaders, admittedMs),
    )
    for (const [partition, batches] of moved) {
      const target = topic.partition(partition)
      target.moveIn(batches)
      this.#dependencies.dispatcher.pump(target)
    }
  }

  #refusalOf(record: ProducerRecord, state: TopicState): DeliveryError | undefined {
    const refusal = refusalOf(state, record)
    // The topic may have got new partitions.
    if (refusal?.number === RDKAFKA.unknownPartition)
      this.#dependencies.topics.refresh(record.topic)
    return refusal
  }

  #timedOutError(topic: string): DeliveryError {
    const { topics, transport } = this.#dependencies
    const { availability } = transport
    return availability === 'up' && topics.isAwaitingCreation(topic)
      ? creationLimitedError()
      : timedOutError(availability)
  }

  /** Hands the waiting records of a topic back to their owners. */
  handBack(topic: TopicQueue): void {
    const { delivery, clock } = this.#dependencies
    const error = deliveryError(RDKAFKA.purgeQueue)
    const failure = { partition: undefined, status: 'notPersisted', error } as const
    for (const records of topic.unassigned.takeAll()) {
      delivery.handBack(topic, records, failure, clock.nowMs())
    }
  }

  #assignAll(topic: TopicQueue, state: TopicState & { readonly status: 'known' }): void {
    if (topic.unassigned.count === 0) return
    const misdirected = new RecordColumns()
    for (const admitted of topic.unassigned.take()) {
      if (refusalOf(state, admitted.record)) misdirected.push(admitted)
      else this.#assign(topic, admitted, state.leaders)
    }
    this.#fail(topic, [misdirected], deliveryError(RDKAFKA.unknownPartition))
  }

  #assign(topic: TopicQueue, admitted: AdmittedRecord, leaders: PartitionLeaders): void {
    const { partition, key } = admitted.record
    const chosen = partition ?? this.#choose(topic, key, leaders, admitted.admittedMs)
    this.#dependencies.dispatcher.append(topic.partition(chosen), admitted, leaders)
  }

  #choose(
    topic: TopicQueue,
    key: RecordBytes | null,
    leaders: PartitionLeaders,
    admittedMs: number,
  ): number {
    return (
      this.#partitioner(key, leaders, this.#dependencies.random) ??
      topic.sticky.choose(leaders, admittedMs)
    )
  }

  #fail(topic: TopicQueue, parts: Iterable<Records>, error: DeliveryError): void {
    const { delivery, clock } = this.#dependencies
    const failure = { partition: undefined, status: 'notPersisted', error } as const
    for (const records of parts) delivery.fail(topic, records, failure, clock.nowMs())
  }
}

/** Returns why a record cannot be admitted, by the state of its topic. */
function refusalOf(state: TopicState, record: ProducerRecord): DeliveryError | undefined {
  switch (state.status) {
    case 'unknown':
      return undefined
    case 'turnedAway':
      return tooManyUnknownTopicsError()
    case 'known':
      return record.partition !== undefined && record.partition >= state.leaders.length
        ? deliveryError(RDKAFKA.unknownPartition)
        : undefined
    case 'failed':
      // librdkafka refuses new records for a missing topic with its own number, not with the broker's.
      return deliveryError(
        state.errorNumber === RDKAFKA.unknownTopicOrPartition
          ? RDKAFKA.unknownTopic
          : state.errorNumber,
      )
  }
}
