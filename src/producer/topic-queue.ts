import { Batch, type AdmittedRecord } from './batch.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { StickyPartition, type Random } from './partitioner.ts'
import type { PendingRecord } from './record-columns.ts'
import { MAX_RECORD_OVERHEAD_BYTES } from './record-batch.ts'
import { PlaceNodes, RecordPlaces } from './record-places.ts'
import type { ProduceAttempt } from './transport.ts'
import { UnassignedRecords } from './unassigned-records.ts'
import { Waiter } from './waiting-line.ts'

/** Limits of a batch, and how long records without a key stay on one partition. */
export interface AccumulatorSettings {
  readonly batchNumMessages: number
  readonly batchSizeBytes: number
  readonly messageMaxBytes: number
  readonly stickyPartitioningLingerMs: number
}

/**
 * The batches of one partition, in the order in which they are sent: the sealed ones (a batch to retry first), then
 * the open one. At most one more is in flight, before all of these.
 */
export class PartitionQueue {
  readonly topic: TopicQueue
  readonly partition: number
  readonly nodes = new PlaceNodes<RecordPlace>(this)
  /** Its place among the partitions that wait for a request to their leader. */
  readonly waiter = new Waiter<PartitionQueue>(this)
  readonly #settings: AccumulatorSettings
  #sealed: Batch[] = []
  #open: Batch | undefined
  #inFlight: Batch | undefined
  #request: RequestInFlight | undefined

  constructor(topic: TopicQueue, partition: number, settings: AccumulatorSettings) {
    this.topic = topic
    this.partition = partition
    this.#settings = settings
  }

  /** The batch in flight. While there is one, the other batches wait. */
  get inFlight(): Batch | undefined {
    return this.#inFlight
  }

  /** The request that carries the batch in flight. */
  get request(): RequestInFlight | undefined {
    return this.#request
  }

  /** Puts a batch in flight with a request, which may carry batches of other partitions too. */
  begin(batch: Batch, request: RequestInFlight): void {
    this.#inFlight = batch
    this.#request = request
    this.topic.inFlightBatches += 1
  }

  /** Records that the batch is no longer in flight. */
  end(): void {
    this.#inFlight = undefined
    this.#request = undefined
    this.topic.inFlightBatches -= 1
  }

  /** Whether no batch waits; one may still be in flight. */
  get isEmpty(): boolean {
    return this.#sealed.length === 0 && this.#open === undefined
  }

  /** When the oldest record was admitted, records in flight included; Infinity if there is none. */
  get oldestAdmittedMs(): number {
    return this.#first(({ firstAdmittedMs }) => firstAdmittedMs)
  }

  /** When the first record expires, records in flight included; `Infinity` if none does. */
  get firstDeadlineMs(): number {
    return this.#first(({ firstDeadlineMs }) => firstDeadlineMs)
  }

  /** Whether the next batch is sealed: it must not join a request before it is due, because it may wait for a backoff. */
  get isHeld(): boolean {
    return this.#sealed[0] !== undefined
  }

  /** The waiting records, in the open batch and in the sealed ones. */
  get waiting(): { readonly open: Amount; readonly sealed: Amount } {
    return { open: amountOf(this.#open ? [this.#open] : []), sealed: amountOf(this.#sealed) }
  }

  /** Size of the next batch, bytes; 0 if nothing waits. */
  get nextBytes(): number {
    return this.#next?.sizeBytes ?? 0
  }

  /**
   * When the next batch may be sent: at once if it is full, after the backoff if it is a retry, otherwise after
   * `lingerMs`. Infinity if nothing waits.
   */
  readyAtMs(lingerMs: number): number {
    const head = this.#sealed[0]
    if (head) return head.notBeforeMs
    return this.#open ? this.#open.firstAdmittedMs + lingerMs : Infinity
  }

  /** Adds a record at the end. @returns whether this filled a batch. */
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

  /** Removes and returns the next batch, to be sent. Seals the open one if it is next. */
  takeNext(): Batch | undefined {
    if (this.#sealed.length > 0) return this.#sealed.shift()
    const open = this.#open
    open?.seal()
    this.#open = undefined
    return open
  }

  /** Puts batches back in front of all others: to be retried, or the halves of a split batch. */
  putBack(...batches: readonly Batch[]): void {
    this.#sealed.unshift(...batches)
    this.topic.places.watch(this.nodes, this.oldestAdmittedMs, this.firstDeadlineMs)
  }

  /**
   * Removes records that are to go to other partitions. Batches that Kafka may have stay, because Kafka would not
   * recognise them as duplicates in another partition.
   *
   * @param partitionOf - the new partition of a record; `undefined` if it stays.
   * @returns the batches for each partition, in their order.
   */
  moveOut(
    partitionOf: (record: PendingRecord, key: Buffer | null) => number | undefined,
  ): ReadonlyMap<number, readonly Batch[]> {
    this.#seal()
    const moved = new Map<number, Batch[]>()
    for (const batch of this.#sealed) {
      if (batch.isFrozen) continue
      for (const [partition, part] of batch.moveOut(partitionOf)) {
        const parts = moved.get(partition)
        if (parts === undefined) moved.set(partition, [part])
        else parts.push(part)
      }
    }
    this.#sealed = this.#sealed.filter((batch) => batch.state !== 'settled')
    return moved
  }

  /**
   * Adds batches that were moved out of another partition: before all others, because later records of their keys may
   * wait here, but after batches that already have sequence numbers.
   */
  moveIn(batches: readonly Batch[]): void {
    const numbered = this.#sealed.filter((batch) => batch.isFrozen)
    const others = this.#sealed.filter((batch) => !batch.isFrozen)
    this.#sealed = [...numbered, ...batches, ...others]
    this.topic.noteMove()
    this.topic.places.watch(this.nodes, this.oldestAdmittedMs, this.firstDeadlineMs)
  }

  /**
   * Takes records out of the waiting batches, oldest first, and removes the batches that are settled afterwards.
   * Owners that are notified may send new records to this partition, so notify them only after this returns.
   *
   * @param nowMs - skips batches without a record that has expired by then.
   * @returns what `take` returned for each batch.
   */
  takeOut<Taken>(take: (batch: Batch) => Taken, nowMs = Infinity): readonly Taken[] {
    const taken: Taken[] = []
    let count = 0
    for (const batch of this.#sealed) {
      if (batch.firstDeadlineMs <= nowMs) taken.push(take(batch))
      else if (this.topic.areInOrder) break
      count += 1
    }
    if (this.#open && this.#open.firstDeadlineMs <= nowMs) taken.push(take(this.#open))
    const visited = this.#sealed.splice(0, count)
    this.#sealed.unshift(...visited.filter((batch) => batch.state !== 'settled'))
    if (this.#open?.state === 'settled') this.#open = undefined
    return taken
  }

  get #next(): Batch | undefined {
    return this.#sealed[0] ?? this.#open
  }

  /** Returns the earliest time of all batches: if they are in order, that of the batch in flight or of the next one. */
  #first(timeOf: (batch: Batch) => number): number {
    const inFlight = this.#inFlight
    const next = this.#next
    let firstMs = Math.min(inFlight ? timeOf(inFlight) : Infinity, next ? timeOf(next) : Infinity)
    if (this.topic.areInOrder) return firstMs
    if (this.#open) firstMs = Math.min(firstMs, timeOf(this.#open))
    for (const batch of this.#sealed) firstMs = Math.min(firstMs, timeOf(batch))
    return firstMs
  }

  /** The first record is always added; message.max.bytes was checked before. */
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

/** A request in flight; batches of several partitions may share it. */
export interface RequestInFlight {
  /** The node id of the broker that gets it. */
  readonly leader: number
  readonly attempt: ProduceAttempt
}

/** Dependencies and settings of a {@link TopicQueue}. */
export interface TopicQueueParts {
  readonly settings: AccumulatorSettings
  readonly random: Random
  readonly pool: ChunkPool
}

/** The waiting records of one topic. */
export class TopicQueue {
  readonly name: string
  readonly sticky: StickyPartition
  readonly pool: ChunkPool
  readonly #settings: AccumulatorSettings
  /** The nodes for records without a partition. */
  readonly nodes = new PlaceNodes<RecordPlace>(this)
  readonly places: RecordPlaces<RecordPlace>
  #timeoutMs: number | undefined
  #areInOrder = true
  /** By partition number. An array, because a look-up in it is faster than in a map with a thousand partitions. */
  readonly #partitions: (PartitionQueue | undefined)[] = []
  /** Records admitted before the topic's partitions were known. */
  readonly unassigned: UnassignedRecords
  /** Records of the topic that are admitted and not yet reported, in flight included. */
  bufferedRecords = 0
  /** Batches in flight, including those whose records are all reported. */
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

  /** The partitions of the topic that have had records. */
  get partitions(): Iterable<PartitionQueue> {
    return this.#partitions.filter((queue) => queue !== undefined)
  }

  /**
   * Whether the batches of each partition are in the order of their admission and of their deadlines. This ends when the
   * topic has records with different delivery timeouts, or records that changed their partition.
   */
  get areInOrder(): boolean {
    return this.#areInOrder
  }

  /** Records that batches of one partition are moved to another. */
  noteMove(): void {
    this.#areInOrder = false
  }

  /** When the first record without a partition expires; `Infinity` if none does. */
  get firstDeadlineMs(): number {
    return this.unassigned.firstDeadlineMs
  }

  /** When the oldest record without a partition was admitted; `Infinity` if there is none. */
  get oldestAdmittedMs(): number {
    return this.unassigned.oldestAdmittedMs
  }

  /** Adds a record that waits until the partitions are known. */
  hold(admitted: AdmittedRecord): void {
    this.unassigned.append(admitted)
    this.noteRecord(this, admitted)
  }

  /** Registers the deadline and age of a record at a place of the topic. */
  noteRecord(
    { nodes }: RecordPlace,
    { admittedMs, owner: { deliveryTimeoutMs } }: AdmittedRecord,
  ): void {
    this.#timeoutMs ??= deliveryTimeoutMs
    if (deliveryTimeoutMs !== this.#timeoutMs) this.#areInOrder = false
    this.places.watch(nodes, admittedMs, admittedMs + deliveryTimeoutMs)
  }

  /** Returns the queue of one partition. */
  partition(partition: number): PartitionQueue {
    let queue = this.#partitions[partition]
    if (!queue) {
      queue = new PartitionQueue(this, partition, this.#settings)
      this.#partitions[partition] = queue
    }
    return queue
  }
}

/**
 * A place where records wait in the order of their admission: a partition, or a topic whose partitions are not
 * known.
 */
export type RecordPlace = PartitionQueue | TopicQueue
