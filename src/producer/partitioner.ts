/**
 * librdkafka's default partitioner, `consistent_random`: a key decides by its CRC-32, so that a key
 * keeps its partition and every librdkafka client agrees on it; records without a key (or with an
 * empty one) stick to one random partition for a while, so that they share batches.
 */
import { crc32 } from 'node:zlib'
import type { RecordBytes } from './types.ts'

/** Leaders by partition number; `undefined` where a partition has none now. */
export type PartitionLeaders = readonly (number | undefined)[]

/** Random number in [0, 1), injected so that tests can own it. */
export type Random = () => number

/** Partition of a key that is not empty: zlib's CRC-32 modulo all partitions, led or not. */
export function partitionOfKey(key: RecordBytes, partitionCount: number): number {
  return crc32(key) % partitionCount
}

/**
 * The partition that the keyless records of one topic go to for now.
 * Source: librdkafka's `sticky.partitioning.linger.ms`.
 */
export class StickyPartition {
  readonly #lingerMs: number
  readonly #random: Random
  #partition = -1
  #untilMs = -Infinity

  /** @param lingerMs - how long to stay; 0 draws anew for each record. */
  constructor(lingerMs: number, random: Random) {
    this.#lingerMs = lingerMs
    this.#random = random
  }

  /** Returns the partition for a record admitted at `nowMs`; draws anew when it lost its leader. */
  choose(leaders: PartitionLeaders, nowMs: number): number {
    if (nowMs >= this.#untilMs || leaders[this.#partition] === undefined) {
      this.#partition = this.#draw(leaders)
      this.#untilMs = nowMs + this.#lingerMs
    }
    return this.#partition
  }

  #draw(leaders: PartitionLeaders): number {
    const led = [...leaders.keys()].filter((partition) => leaders[partition] !== undefined)
    const candidates = led.length > 0 ? led : [...leaders.keys()]
    return candidates[Math.floor(this.#random() * candidates.length)] ?? 0
  }
}
