/** The topics of the cluster: their partitions, leaders and logs. */
import { randomBytes } from 'node:crypto'
import { ArrivalCounter } from './arrival-counter.ts'
import type { BrokerRegistry } from './broker-registry.ts'
import { ChangeSignal } from './change-signal.ts'
import type { EmbeddedClusterSettings } from './options.ts'
import { PartitionLog } from './partition-log.ts'
import { ProducerStates } from './producer-state.ts'
import { ErrorCode } from './protocol/error-code.ts'
import { defaultOf } from './topic-config.ts'

/** The leader id of a partition that has none. */
export const NO_LEADER = -1

/** One partition. Its replicas share one log, as if they were always in sync. */
export interface Partition {
  readonly index: number
  readonly replicaIds: readonly number[]
  readonly log: PartitionLog
  readonly producers: ProducerStates
  /** Signals new records, a change of leader, and deletion of the topic. */
  readonly changed: ChangeSignal
  leaderId: number
  /** Raised with every change of leader. */
  leaderEpoch: number
}

/** One topic. */
export interface Topic {
  readonly name: string
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly partitions: Partition[]
  /** Brokers that hold each partition. */
  readonly replicationFactor: number
  readonly maxMessageBytes: number
  /** How far ahead of the broker's time a record may be, ms. */
  readonly maxTimestampAheadMs: number
  /** Whether each record needs a key. */
  readonly isCompacted: boolean
  /** What its creator configured. */
  readonly configs: ReadonlyMap<string, string>
}

/** What the creator of a topic may ask for. */
export interface NewTopic {
  readonly partitions?: number
  /** Brokers that hold each partition. @defaultValue all */
  readonly replicationFactor?: number
  readonly configs?: ReadonlyMap<string, string>
}

/** Kafka's rule for topic names. */
const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,249}$/

/** Whether Kafka allows the name for a topic. */
export function isTopicName(name: string): boolean {
  return TOPIC_NAME.test(name) && name !== '.' && name !== '..'
}

/** The topics that Kafka keeps for itself: no client may write to them. */
const INTERNAL_TOPICS = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
])

/** Whether it is a topic that Kafka keeps for itself. */
export function isInternalTopic(name: string): boolean {
  return INTERNAL_TOPICS.has(name)
}

/** Topics by name, and the leadership of their partitions. */
export class TopicCatalog {
  /** Numbers the batches of all topics. */
  readonly arrivals = new ArrivalCounter()
  readonly #settings: EmbeddedClusterSettings
  readonly #registry: BrokerRegistry
  readonly #topics = new Map<string, Topic>()
  /** The newest epoch of each producer, if all partitions share it. */
  readonly #epochs: Map<bigint, number> | undefined
  #partitionCount = 0

  constructor(settings: EmbeddedClusterSettings, registry: BrokerRegistry) {
    this.#settings = settings
    this.#registry = registry
    this.#epochs = settings.producerEpochs === 'producer' ? new Map() : undefined
  }

  topics(): readonly Topic[] {
    return [...this.#topics.values()]
  }

  topic(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  topicById(id: string): Topic | undefined {
    return this.topics().find((topic) => topic.id === id)
  }

  partition(topicName: string, index: number): Partition | undefined {
    return this.#topics.get(topicName)?.partitions[index]
  }

  /** The error code for a topic that Kafka would not create, or `NONE`. */
  refuseCreation(name: string, { partitions }: NewTopic): number {
    const count = partitions ?? this.#settings.defaultPartitions
    if (!isTopicName(name)) return ErrorCode.INVALID_TOPIC_EXCEPTION
    if (this.#topics.has(name)) return ErrorCode.TOPIC_ALREADY_EXISTS
    return count < 1 || !this.#hasRoomFor(count) ? ErrorCode.INVALID_PARTITIONS : ErrorCode.NONE
  }

  /** Creates the topic, its leaders spread over all brokers. Returns an error code, or `NONE`. */
  create(name: string, topic: NewTopic = {}): number {
    const errorCode = this.refuseCreation(name, topic)
    if (errorCode !== ErrorCode.NONE) return errorCode
    const configs = topic.configs ?? new Map<string, string>()
    const config = (key: string): string => configs.get(key) ?? defaultOf(key)
    const created: Topic = {
      name,
      id: randomBytes(16).toString('hex'),
      partitions: [],
      replicationFactor: topic.replicationFactor ?? this.#settings.brokers,
      maxMessageBytes: Number(configs.get('max.message.bytes') ?? this.#settings.maxMessageBytes),
      maxTimestampAheadMs: Number(config('message.timestamp.after.max.ms')),
      isCompacted: config('cleanup.policy').includes('compact'),
      configs,
    }
    this.#topics.set(name, created)
    this.#grow(created, topic.partitions ?? this.#settings.defaultPartitions)
    return ErrorCode.NONE
  }

  /** Raises the number of partitions to `count`. Returns an error code, or `NONE`. */
  addPartitions(name: string, count: number): number {
    const errorCode = this.refuseGrowth(name, count)
    const topic = this.#topics.get(name)
    if (errorCode === ErrorCode.NONE && topic) this.#grow(topic, count)
    return errorCode
  }

  /** The error code if Kafka would not raise the number of partitions, or `NONE`. */
  refuseGrowth(name: string, count: number): number {
    const topic = this.#topics.get(name)
    if (!topic) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    const added = count - topic.partitions.length
    return added < 1 || !this.#hasRoomFor(added) ? ErrorCode.INVALID_PARTITIONS : ErrorCode.NONE
  }

  /** Drops the topic and its records. Returns an error code, or `NONE`. */
  delete(name: string): number {
    const topic = this.#topics.get(name)
    if (!topic) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    this.#topics.delete(name)
    this.#partitionCount -= topic.partitions.length
    for (const { changed } of topic.partitions) changed.notify()
    return ErrorCode.NONE
  }

  /** Makes a broker the leader of a partition; {@link NO_LEADER} leaves it without one. */
  moveLeader(partition: Partition, leaderId: number): void {
    partition.leaderId = leaderId
    partition.leaderEpoch += 1
    partition.changed.notify()
  }

  /** Makes a started broker the leader of partitions without one. */
  brokerStarted(): void {
    this.#reelect(NO_LEADER)
  }

  /** Moves the partitions of a stopped broker to the next replica that is up, or leaves them without a leader. */
  brokerStopped(id: number): void {
    this.#reelect(id)
  }

  #reelect(formerLeaderId: number): void {
    for (const { partitions } of this.#topics.values()) {
      for (const partition of partitions) {
        if (partition.leaderId !== formerLeaderId) continue
        const next = this.#firstAlive(partition.replicaIds)
        if (next !== formerLeaderId) this.moveLeader(partition, next)
      }
    }
  }

  #firstAlive(replicaIds: readonly number[]): number {
    return replicaIds.find((id) => this.#registry.isAlive(id)) ?? NO_LEADER
  }

  #hasRoomFor(added: number): boolean {
    return this.#partitionCount + added <= this.#settings.maxPartitions
  }

  #grow(topic: Topic, count: number): void {
    for (let index = topic.partitions.length; index < count; index += 1) {
      const replicaIds = this.#replicasFrom(index, topic.replicationFactor)
      topic.partitions.push({
        index,
        replicaIds,
        log: new PartitionLog(this.#settings.partitionMaxBytes, this.arrivals),
        producers: new ProducerStates(this.#epochs),
        changed: new ChangeSignal(),
        leaderId: this.#firstAlive(replicaIds),
        leaderEpoch: 0,
      })
      this.#partitionCount += 1
    }
  }

  /** The preferred leader moves on by one with each partition. */
  #replicasFrom(index: number, count: number): readonly number[] {
    const { brokers } = this.#settings
    return Array.from({ length: count }, (_, step) => ((index + step) % brokers) + 1)
  }
}
