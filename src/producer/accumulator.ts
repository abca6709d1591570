/**
 * The records that were admitted and are not in flight: by topic, and in a topic by partition. A
 * topic's records wait unassigned until its partitions are known.
 */
import { Batch, type AdmittedRecord } from './batch.ts'
import { StickyPartition, type Random } from './partitioner.ts'
import { MAX_RECORD_OVERHEAD_BYTES } from './record-batch.ts'

/** When a batch is full, and how long keyless records stay together. */
export interface AccumulatorSettings {
  readonly batchNumMessages: number
  readonly batchSizeBytes: number
  readonly messageMaxBytes: number
  readonly stickyPartitioningLingerMs: number
}

/**
 * The batches of one partition, in the order in which they go to Kafka: the sealed ones, the one that
 * is to be retried first, then the open one. At most one more is in flight, before all of these.
 */
export class PartitionQueue {
  readonly topic: TopicQueue
  readonly partition: number
  readonly #settings: AccumulatorSettings
  #sealed: Batch[] = []
  #open: Batch | undefined
  /** The batch that the transport has; while there is one, the others wait. */
  inFlight: Batch | undefined

  constructor(topic: TopicQueue, partition: number, settings: AccumulatorSettings) {
    this.topic = topic
    this.partition = partition
    this.#settings = settings
  }

  /** Says whether nothing waits here; a batch may still be in flight. */
  get isEmpty(): boolean {
    return this.#sealed.length === 0 && this.#open === undefined
  }

  /** When the oldest record was admitted, one in flight included; Infinity when there is none. */
  get oldestAdmittedMs(): number {
    return (this.inFlight ?? this.#sealed[0] ?? this.#open)?.firstAdmittedMs ?? Infinity
  }

  /**
   * When the next batch may go: at once when one is full, after the backoff when one is retried,
   * after `lingerMs` else. Infinity when nothing waits.
   */
  readyAtMs(lingerMs: number): number {
    const head = this.#sealed[0]
    if (head) return head.notBeforeMs
    return this.#open ? this.#open.firstAdmittedMs + lingerMs : Infinity
  }

  /** Adds a record behind all others; says whether that made a batch full. */
  append(admitted: AdmittedRecord): boolean {
    const { batchNumMessages, batchSizeBytes } = this.#settings
    const sealedBefore = this.#sealed.length
    if (this.#open && !this.#hasRoom(this.#open, admitted)) this.#seal()
    this.#open ??= new Batch(admitted.timestampMs)
    this.#open.append(admitted)
    if (this.#open.count >= batchNumMessages || this.#open.sizeBytes >= batchSizeBytes) this.#seal()
    return this.#sealed.length > sealedBefore
  }

  /** Takes the next batch out to be sent, sealing the open one when it is its turn. */
  takeNext(): Batch | undefined {
    if (this.#sealed.length === 0 && this.#open) this.#seal()
    return this.#sealed.shift()
  }

  /** Puts batches back in front of all others: to be retried, or the halves of one that was split. */
  putBack(...batches: readonly Batch[]): void {
    this.#sealed.unshift(...batches)
  }

  /** Hands out every batch that waits, oldest first, and forgets those that are settled afterwards. */
  visit(visitor: (batch: Batch) => void): void {
    for (const batch of this.#sealed) visitor(batch)
    if (this.#open) visitor(this.#open)
    this.#sealed = this.#sealed.filter((batch) => batch.state !== 'settled')
    if (this.#open?.state === 'settled') this.#open = undefined
  }

  /** The first record always goes in, however large; message.max.bytes has been checked before. */
  #hasRoom(batch: Batch, { sizes }: AdmittedRecord): boolean {
    const { keyBytes, valueBytes, headersBytes } = sizes
    const recordBytes = MAX_RECORD_OVERHEAD_BYTES + keyBytes + valueBytes + headersBytes
    const limit = Math.min(this.#settings.messageMaxBytes, this.#settings.batchSizeBytes)
    return batch.sizeBytes + recordBytes <= limit
  }

  #seal(): void {
    if (!this.#open) return
    this.#open.seal()
    this.#sealed.push(this.#open)
    this.#open = undefined
  }
}

/** What waits for one topic. */
export class TopicQueue {
  readonly name: string
  readonly sticky: StickyPartition
  readonly #settings: AccumulatorSettings
  readonly #partitions = new Map<number, PartitionQueue>()
  /** Records admitted before the topic's partitions were known, in order. */
  unassigned: AdmittedRecord[] = []
  /** Records of the topic that are admitted and not yet reported, in flight included. */
  bufferedRecords = 0

  constructor(name: string, settings: AccumulatorSettings, random: Random) {
    this.name = name
    this.#settings = settings
    this.sticky = new StickyPartition(settings.stickyPartitioningLingerMs, random)
  }

  /** The topic's partitions that had records so far. */
  get partitions(): Iterable<PartitionQueue> {
    return this.#partitions.values()
  }

  /** When the oldest record was admitted, one in flight included; Infinity when there is none. */
  get oldestAdmittedMs(): number {
    let oldestMs = this.unassigned[0]?.admittedMs ?? Infinity
    for (const queue of this.#partitions.values()) {
      oldestMs = Math.min(oldestMs, queue.oldestAdmittedMs)
    }
    return oldestMs
  }

  /** Returns the queue of one partition. */
  partition(partition: number): PartitionQueue {
    let queue = this.#partitions.get(partition)
    if (!queue) {
      queue = new PartitionQueue(this, partition, this.#settings)
      this.#partitions.set(partition, queue)
    }
    return queue
  }
}

/** See the head of this file. */
export class Accumulator {
  readonly #settings: AccumulatorSettings
  readonly #random: Random
  readonly #topics = new Map<string, TopicQueue>()

  constructor(settings: AccumulatorSettings, random: Random) {
    this.#settings = settings
    this.#random = random
  }

  /** The topics that have records, or had some lately. */
  get topics(): Iterable<TopicQueue> {
    return this.#topics.values()
  }

  /** Returns the queue of a topic, made when it is new. */
  topic(name: string): TopicQueue {
    let queue = this.#topics.get(name)
    if (!queue) {
      queue = new TopicQueue(name, this.#settings, this.#random)
      this.#topics.set(name, queue)
    }
    return queue
  }

  /** Returns the queue of a topic, if it has one. */
  find(name: string): TopicQueue | undefined {
    return this.#topics.get(name)
  }

  /** Forgets a topic whose last record was reported, so that topics do not pile up. */
  forget(topic: TopicQueue): void {
    this.#topics.delete(topic.name)
  }
}
