/**
 * The records that were admitted and are not in flight: by topic, and in a topic by partition. A
 * topic's records wait unassigned until its partitions are known.
 */
import { Batch, type AdmittedRecord } from './batch.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { HeapNode, OrderedHeap } from './ordered-heap.ts'
import { StickyPartition, type Random } from './partitioner.ts'
import { MAX_RECORD_OVERHEAD_BYTES } from './record-batch.ts'
import type { ProduceAttempt } from './transport.ts'
import { UnassignedRecords } from './unassigned-records.ts'

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
  /** Its place among those whose records expire. */
  readonly age = new HeapNode<RecordPlace>(this)
  readonly #settings: AccumulatorSettings
  #sealed: Batch[] = []
  #open: Batch | undefined
  #inFlight: BatchInFlight | undefined

  constructor(topic: TopicQueue, partition: number, settings: AccumulatorSettings) {
    this.topic = topic
    this.partition = partition
    this.#settings = settings
  }

  /** The batch that the transport has; while there is one, the others wait. */
  get inFlight(): BatchInFlight | undefined {
    return this.#inFlight
  }

  /** Notes that the transport has a batch. */
  begin(inFlight: BatchInFlight): void {
    this.#inFlight = inFlight
    this.topic.inFlightBatches += 1
  }

  /** Notes that the transport has it no more. */
  end(): void {
    this.#inFlight = undefined
    this.topic.inFlightBatches -= 1
  }

  /** Says whether nothing waits here; a batch may still be in flight. */
  get isEmpty(): boolean {
    return this.#sealed.length === 0 && this.#open === undefined
  }

  /** When the oldest record was admitted, one in flight included; Infinity when there is none. */
  get oldestAdmittedMs(): number {
    const inFlightMs = this.#inFlight?.batch.firstAdmittedMs ?? Infinity
    return Math.min(inFlightMs, this.#next?.firstAdmittedMs ?? Infinity)
  }

  /** Whether the next batch is one that is retried, which must not go before its backoff is over. */
  get isHeld(): boolean {
    return this.#sealed[0] !== undefined
  }

  /** What waits: in the open batch, and in those that are sealed. */
  get waiting(): { readonly open: Amount; readonly sealed: Amount } {
    return { open: amountOf(this.#open ? [this.#open] : []), sealed: amountOf(this.#sealed) }
  }

  /** Bytes of the next batch so far; 0 when nothing waits. */
  get nextBytes(): number {
    return this.#next?.sizeBytes ?? 0
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
    this.#open ??= new Batch(admitted.timestampMs, this.topic.pool)
    this.#open.append(admitted)
    if (!this.age.isIn) this.topic.ages.set(this.age, admitted.admittedMs)
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
    if (!this.age.isIn) this.topic.ages.set(this.age, this.oldestAdmittedMs)
  }

  /**
   * Hands out every batch that waits, oldest first, and forgets those that are settled afterwards.
   *
   * @param sinceMs - leaves out the batches of which all records were admitted after it.
   */
  visit(visitor: (batch: Batch) => void, sinceMs = Infinity): void {
    let count = 0
    for (const batch of this.#sealed) {
      if (batch.firstAdmittedMs > sinceMs) break
      visitor(batch)
      count += 1
    }
    if (this.#open && this.#open.firstAdmittedMs <= sinceMs) visitor(this.#open)
    const visited = this.#sealed.splice(0, count)
    this.#sealed.unshift(...visited.filter((batch) => batch.state !== 'settled'))
    if (this.#open?.state === 'settled') this.#open = undefined
  }

  get #next(): Batch | undefined {
    return this.#sealed[0] ?? this.#open
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

/** Records, and bytes of their batches on the wire. */
export interface Amount {
  readonly records: number
  readonly bytes: number
}

function amountOf(batches: readonly Batch[]): Amount {
  return {
    records: batches.reduce((sum, { count }) => sum + count, 0),
    bytes: batches.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }
}

/** A batch that the transport has, and its way to get rid of it. */
export interface BatchInFlight {
  readonly batch: Batch
  /** Node id of the broker that it goes to. */
  readonly leader: number
  readonly attempt: ProduceAttempt
}

/** What waits for one topic. */
export class TopicQueue {
  readonly name: string
  readonly sticky: StickyPartition
  readonly pool: ChunkPool
  readonly #settings: AccumulatorSettings
  /** Its place among those whose records expire, for the records that are not assigned. */
  readonly age = new HeapNode<RecordPlace>(this)
  /** Where records wait, by a time before which none of them was admitted. */
  readonly ages: OrderedHeap<RecordPlace>
  readonly #partitions = new Map<number, PartitionQueue>()
  /** Records admitted before the topic's partitions were known. */
  readonly unassigned: UnassignedRecords
  /** Records of the topic that are admitted and not yet reported, in flight included. */
  bufferedRecords = 0
  /** Batches that the transport has, though all their records may be reported. */
  inFlightBatches = 0

  constructor(
    name: string,
    { settings, random, pool }: AccumulatorParts,
    ages = new OrderedHeap<RecordPlace>(),
  ) {
    this.name = name
    this.pool = pool
    this.ages = ages
    this.unassigned = new UnassignedRecords(name, pool)
    this.#settings = settings
    this.sticky = new StickyPartition(settings.stickyPartitioningLingerMs, random)
  }

  /** The topic's partitions that had records so far. */
  get partitions(): Iterable<PartitionQueue> {
    return this.#partitions.values()
  }

  /** When the oldest record that is not assigned was admitted; Infinity when there is none. */
  get oldestAdmittedMs(): number {
    return this.unassigned.oldestAdmittedMs
  }

  /** Lets a record wait until the topic's partitions are known. */
  hold(admitted: AdmittedRecord): void {
    this.unassigned.append(admitted)
    if (!this.age.isIn) this.ages.set(this.age, admitted.admittedMs)
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

/** Where records wait in the order in which they were admitted: a partition, or a topic that is not known yet. */
export type RecordPlace = PartitionQueue | TopicQueue

/** What an {@link Accumulator} is made of. */
export interface AccumulatorParts {
  readonly settings: AccumulatorSettings
  readonly random: Random
  readonly pool: ChunkPool
}

/** See the head of this file. */
export class Accumulator {
  readonly #parts: AccumulatorParts
  readonly #topics = new Map<string, TopicQueue>()
  readonly #ages = new OrderedHeap<RecordPlace>()

  constructor(parts: AccumulatorParts) {
    this.#parts = parts
  }

  /** The topics that have records, or had some lately. */
  get topics(): Iterable<TopicQueue> {
    return this.#topics.values()
  }

  /** Returns the queue of a topic, made when it is new. */
  topic(name: string): TopicQueue {
    let queue = this.#topics.get(name)
    if (!queue) {
      queue = new TopicQueue(name, this.#parts, this.#ages)
      this.#topics.set(name, queue)
    }
    return queue
  }

  /** Returns the queue of a topic, if it has one. */
  find(name: string): TopicQueue | undefined {
    return this.#topics.get(name)
  }

  /** Forgets a topic of which nothing waits, is in flight or is to be reported, so that topics do not pile up. */
  forgetIfIdle(topic: TopicQueue): void {
    if (topic.bufferedRecords > 0 || topic.inFlightBatches > 0) return
    if (this.#topics.get(topic.name) === topic) this.#topics.delete(topic.name)
    topic.age.remove()
    for (const queue of topic.partitions) queue.age.remove()
  }

  /** When the oldest record was admitted, one in flight included; Infinity when there is none. */
  get oldestAdmittedMs(): number {
    for (let node = this.#ages.first; node; node = this.#ages.first) {
      const { oldestAdmittedMs } = node.item
      if (oldestAdmittedMs === node.key) break
      this.#note(node, oldestAdmittedMs)
    }
    return this.#ages.firstKey
  }

  /** Hands out the places with records admitted at or before `sinceMs`, oldest first, each of them once. */
  visitOlder(sinceMs: number, visitor: (place: RecordPlace) => void): void {
    const visited: HeapNode<RecordPlace>[] = []
    for (
      let oldestMs = this.oldestAdmittedMs;
      oldestMs <= sinceMs;
      oldestMs = this.oldestAdmittedMs
    ) {
      const node = this.#ages.takeFirst()
      if (node === undefined) break
      visited.push(node)
      visitor(node.item)
    }
    for (const node of visited) this.#note(node, node.item.oldestAdmittedMs)
  }

  #note(node: HeapNode<RecordPlace>, oldestAdmittedMs: number): void {
    if (oldestAdmittedMs === Infinity) this.#ages.delete(node)
    else this.#ages.set(node, oldestAdmittedMs)
  }
}
