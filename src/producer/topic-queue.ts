import { Batch, type AdmittedRecord } from './batch.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { StickyPartition, type Random } from './partitioner.ts'
import { MAX_RECORD_OVERHEAD_BYTES } from './record-batch.ts'
import { PlaceNodes, RecordPlaces } from './record-places.ts'
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
  readonly nodes = new PlaceNodes<RecordPlace>(this)
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

  /**
   * When the first record expires, one in flight included; `Infinity` when none does. Batches are in the order in
   * which their records were admitted, so with one timeout the next one expires first.
   */
  get firstDeadlineMs(): number {
    const inFlightMs = this.#inFlight?.batch.firstDeadlineMs ?? Infinity
    if (!this.topic.haveSeveralTimeouts) {
      return Math.min(inFlightMs, this.#next?.firstDeadlineMs ?? Infinity)
    }
    let firstMs = Math.min(inFlightMs, this.#open?.firstDeadlineMs ?? Infinity)
    for (const batch of this.#sealed) firstMs = Math.min(firstMs, batch.firstDeadlineMs)
    return firstMs
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
    this.topic.noteRecord(this, admitted)
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
    this.topic.places.watch(this.nodes, this.oldestAdmittedMs, this.firstDeadlineMs)
  }

  /**
   * Hands out every batch that waits, oldest first, and forgets those that are settled afterwards.
   *
   * @param nowMs - leaves out the batches of which no record has expired by then.
   */
  visit(visitor: (batch: Batch) => void, nowMs = Infinity): void {
    let count = 0
    for (const batch of this.#sealed) {
      if (batch.firstDeadlineMs <= nowMs) visitor(batch)
      else if (!this.topic.haveSeveralTimeouts) break
      count += 1
    }
    if (this.#open && this.#open.firstDeadlineMs <= nowMs) visitor(this.#open)
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

/** What a {@link TopicQueue} is made of. */
export interface TopicQueueParts {
  readonly settings: AccumulatorSettings
  readonly random: Random
  readonly pool: ChunkPool
}

/** What waits for one topic. */
export class TopicQueue {
  readonly name: string
  readonly sticky: StickyPartition
  readonly pool: ChunkPool
  readonly #settings: AccumulatorSettings
  /** For the records that are not assigned. */
  readonly nodes = new PlaceNodes<RecordPlace>(this)
  readonly places: RecordPlaces<RecordPlace>
  #timeoutMs: number | undefined
  #haveSeveralTimeouts = false
  readonly #partitions = new Map<number, PartitionQueue>()
  /** Records admitted before the topic's partitions were known. */
  readonly unassigned: UnassignedRecords
  /** Records of the topic that are admitted and not yet reported, in flight included. */
  bufferedRecords = 0
  /** Batches that the transport has, though all their records may be reported. */
  inFlightBatches = 0

  constructor(
    name: string,
    { settings, random, pool }: TopicQueueParts,
    places = new RecordPlaces<RecordPlace>(),
  ) {
    this.name = name
    this.pool = pool
    this.places = places
    this.unassigned = new UnassignedRecords(name, pool)
    this.#settings = settings
    this.sticky = new StickyPartition(settings.stickyPartitioningLingerMs, random)
  }

  /** The topic's partitions that had records so far. */
  get partitions(): Iterable<PartitionQueue> {
    return this.#partitions.values()
  }

  /** Whether the topic has had records of different delivery timeouts. */
  get haveSeveralTimeouts(): boolean {
    return this.#haveSeveralTimeouts
  }

  /** When the first record that is not assigned expires; `Infinity` when none does. */
  get firstDeadlineMs(): number {
    return this.unassigned.firstDeadlineMs
  }

  /** When the oldest record that is not assigned was admitted; `Infinity` when there is none. */
  get oldestAdmittedMs(): number {
    return this.unassigned.oldestAdmittedMs
  }

  /** Lets a record wait until the topic's partitions are known. */
  hold(admitted: AdmittedRecord): void {
    this.unassigned.append(admitted)
    this.noteRecord(this, admitted)
  }

  /** Sees to it that a place of the topic is looked at when this record of it expires, and for its age. */
  noteRecord(
    { nodes }: RecordPlace,
    { admittedMs, owner: { deliveryTimeoutMs } }: AdmittedRecord,
  ): void {
    this.#timeoutMs ??= deliveryTimeoutMs
    if (deliveryTimeoutMs !== this.#timeoutMs) this.#haveSeveralTimeouts = true
    this.places.watch(nodes, admittedMs, admittedMs + deliveryTimeoutMs)
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
