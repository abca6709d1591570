/**
 * Gives each admitted record its partition, once and for all: at once when its topic is known, else
 * when a broker has answered for the topic. Until then its records wait here, in order.
 */
import type { Accumulator, TopicQueue } from './accumulator.ts'
import type { AdmittedRecord } from './batch.ts'
import type { Clock } from '../clock.ts'
import {
  creationLimitedError,
  deliveryError,
  RDKAFKA,
  timedOutError,
  tooManyUnknownTopicsError,
} from './delivery-errors.ts'
import type { Delivery } from './delivery.ts'
import type { Dispatcher } from './dispatcher.ts'
import {
  type Partitioner,
  type PartitionerName,
  type PartitionLeaders,
  PARTITIONERS,
  type Random,
} from './partitioner.ts'
import { RecordColumns } from './record-columns.ts'
import type { TopicState } from './topic-entry.ts'
import type { TopicMetadata } from './topic-metadata.ts'
import type { Transport } from './transport.ts'
import type { DeliveryError, ProducerRecord } from './types.ts'

/** What an {@link Assigner} works with. */
export interface AssignerDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly transport: Transport
  readonly accumulator: Accumulator
  readonly topics: TopicMetadata
  readonly delivery: Delivery
  readonly dispatcher: Dispatcher
}

/** See the head of this file. */
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

  /** Takes a record on, or says why its topic or partition cannot be written to. */
  add(admitted: AdmittedRecord): DeliveryError | undefined {
    const { topics, accumulator } = this.#dependencies
    const state = topics.state(admitted.record.topic)
    const refusal = refusalOf(state, admitted.record)
    // The partition may be new.
    if (refusal?.number === RDKAFKA.unknownPartition) topics.refresh(admitted.record.topic)
    if (refusal) return refusal
    const topic = accumulator.topic(admitted.record.topic)
    topic.bufferedRecords += 1
    if (state.status === 'known') this.#assign(topic, admitted, state.leaders)
    else topic.hold(admitted)
    return undefined
  }

  /** Assigns what waited for this answer, and lets the dispatcher look at what waits for a leader. */
  topicAnswered(name: string, state: TopicState): void {
    const topic = this.#dependencies.accumulator.find(name)
    if (!topic || (state.status !== 'known' && state.status !== 'failed')) return
    const waiting = topic.unassigned
    topic.unassigned = []
    for (const admitted of waiting) {
      if (state.status === 'failed') this.#fail(topic, [admitted], deliveryError(state.errorNumber))
      else this.#assignOrFail(topic, admitted, state)
    }
    for (const queue of topic.partitions) this.#dependencies.dispatcher.pump(queue)
  }

  /** Reports the waiting records admitted at or before `sinceMs` as timed out. */
  expire(topic: TopicQueue, sinceMs: number): void {
    const later = topic.unassigned.findIndex(({ admittedMs }) => admittedMs > sinceMs)
    const count = later === -1 ? topic.unassigned.length : later
    if (count === 0) return
    this.#fail(topic, topic.unassigned.splice(0, count), this.#timedOutError(topic.name))
  }

  #timedOutError(topic: string): DeliveryError {
    const { topics, transport } = this.#dependencies
    const { availability } = transport
    return availability === 'up' && topics.isAwaitingCreation(topic)
      ? creationLimitedError()
      : timedOutError(availability)
  }

  /** Gives up the waiting records of a topic. */
  abort(topic: TopicQueue): void {
    this.#fail(topic, topic.unassigned.splice(0), deliveryError(RDKAFKA.purgeQueue))
  }

  #assignOrFail(
    topic: TopicQueue,
    admitted: AdmittedRecord,
    state: TopicState & { readonly status: 'known' },
  ): void {
    const refusal = refusalOf(state, admitted.record)
    if (refusal) this.#fail(topic, [admitted], refusal)
    else this.#assign(topic, admitted, state.leaders)
  }

  #assign(topic: TopicQueue, admitted: AdmittedRecord, leaders: PartitionLeaders): void {
    const { partition, key } = admitted.record
    const chosen =
      partition ??
      this.#partitioner(key, leaders, this.#dependencies.random) ??
      topic.sticky.choose(leaders, admitted.admittedMs)
    this.#dependencies.dispatcher.append(topic.partition(chosen), admitted)
  }

  #fail(topic: TopicQueue, waiting: readonly AdmittedRecord[], error: DeliveryError): void {
    const { delivery, clock } = this.#dependencies
    const failure = { partition: undefined, status: 'notPersisted', error } as const
    delivery.fail(topic, RecordColumns.of(waiting), failure, clock.nowMs())
  }
}

/** Why a record cannot be taken on now, as far as is known of its topic. */
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
      // librdkafka refuses new records for an absent topic with its own number, not the broker's.
      return state.errorNumber === RDKAFKA.topicAuthorizationFailed
        ? deliveryError(state.errorNumber)
        : deliveryError(RDKAFKA.unknownTopic)
  }
}
