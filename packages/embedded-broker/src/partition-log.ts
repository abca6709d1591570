/**
 * The log of one partition, in memory: batches with consecutive offsets, stored as they arrived. It holds at most
 * `maxBytes`, and always its newest batch: it drops the oldest batches and moves `startOffset`.
 */
import { ArrivalCounter } from './arrival-counter.ts'
import type { BatchHeader } from './record-batch.ts'

/** One stored batch; `bytes` carries its base offset and leader epoch. */
export interface StoredBatch {
  readonly baseOffset: bigint
  /** Offset of the last record. */
  readonly lastOffset: bigint
  /** Its number among the batches of all partitions, from 1, in the order in which they arrived. */
  readonly arrival: number
  readonly header: BatchHeader
  readonly bytes: Buffer
}

/** How much to read. */
export interface ReadLimits {
  readonly maxBytes: number
  /** Whether the first batch is read even if it exceeds `maxBytes`. */
  readonly isFirstWhole: boolean
}

/** Offsets and batches of one partition. */
export class PartitionLog {
  readonly #maxBytes: number
  readonly #arrivals: ArrivalCounter
  #batches: (StoredBatch | undefined)[] = []
  /** Slots before this index are empty: their batches were dropped. */
  #head = 0
  #sizeBytes = 0
  #endOffset = 0n

  /** @param arrivals - shared by the partitions whose batches are to be put in order. */
  constructor(maxBytes: number, arrivals = new ArrivalCounter()) {
    this.#maxBytes = maxBytes
    this.#arrivals = arrivals
  }

  /** Offset of the oldest record kept, or `endOffset` when there is none. */
  get startOffset(): bigint {
    return this.#batches[this.#head]?.baseOffset ?? this.#endOffset
  }

  /** Offset that the next record gets. */
  get endOffset(): bigint {
    return this.#endOffset
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Every batch kept, oldest first. */
  batches(): readonly StoredBatch[] {
    return this.#batches.filter((batch) => batch !== undefined)
  }

  /** The batches that arrived after number `after`, newest first, at most `count`. */
  newestBatches(count: number, after: number): readonly StoredBatch[] {
    const found: StoredBatch[] = []
    for (let index = this.#batches.length - 1; found.length < count; index -= 1) {
      const batch = this.#batches[index]
      if (batch === undefined || batch.arrival <= after) break
      found.push(batch)
    }
    return found
  }

  /** Stores a copy of a checked batch and returns the offset of its first record. */
  append(batch: Buffer, header: BatchHeader, leaderEpoch: number): bigint {
    const bytes = Buffer.from(batch)
    const baseOffset = this.#endOffset
    bytes.writeBigInt64BE(baseOffset, 0)
    bytes.writeInt32BE(leaderEpoch, 12)
    const lastOffset = baseOffset + BigInt(header.lastOffsetDelta)
    const arrival = this.#arrivals.next()
    this.#batches.push({ baseOffset, lastOffset, arrival, header, bytes })
    this.#sizeBytes += bytes.length
    this.#endOffset = lastOffset + 1n
    this.#dropOldest()
    return baseOffset
  }

  /** The batches from the one with `offset` on, up to `maxBytes`. */
  read(offset: bigint, { maxBytes, isFirstWhole }: ReadLimits): readonly Buffer[] {
    const found: Buffer[] = []
    let roomBytes = maxBytes
    for (let index = this.#indexOf(offset); ; index += 1) {
      const batch = this.#batches[index]
      const isAllowed = isFirstWhole && found.length === 0
      if (!batch || (batch.bytes.length > roomBytes && !isAllowed)) return found
      found.push(batch.bytes)
      roomBytes -= batch.bytes.length
    }
  }

  /** Index of the first batch that ends at or after `offset`. */
  #indexOf(offset: bigint): number {
    let low = this.#head
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const batch = this.#batches[middle]
      if (batch && batch.lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #dropOldest(): void {
    while (this.#sizeBytes > this.#maxBytes && this.#head < this.#batches.length - 1) {
      this.#sizeBytes -= this.#batches[this.#head]?.bytes.length ?? 0
      this.#batches[this.#head] = undefined
      this.#head += 1
    }
    if (this.#head * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#head)
      this.#head = 0
    }
  }
}
