/**
 * The partitioners of librdkafka. The hash of a key selects its partition, so that it stays there and all clients
 * with the same partitioner agree. Records without a decisive key stay on one random partition for a while, so that
 * they share batches.
 */
import { crc32 } from 'node:zlib'
import type { PartitionerName } from '../base/kafka-names.ts'
import { fnv1a, murmur2 } from './key-hashes.ts'
import type { RecordBytes } from './types.ts'

/** Leaders by partition number; `undefined` for a partition without a leader. */
export type PartitionLeaders = readonly (number | undefined)[]

/** Returns a random number in [0, 1); injected so that tests control it. */
export type Random = () => number

/**
 * Selects the partition of a record among all, also those without a leader. Returns `undefined` for a record that
 * goes to the topic's sticky partition.
 */
export type Partitioner = (
  key: RecordBytes | null,
  leaders: PartitionLeaders,
  random: Random,
) => number | undefined

/**
 * The partitioners by their names in librdkafka. `random` and those with `_random` return `undefined` for records
 * without a key (`consistent_random` also for an empty key). The others treat a missing key as an empty one.
 */
export const PARTITIONERS: Readonly<Record<PartitionerName, Partitioner>> = {
  consistent: (key, { length }) => crc32(key ?? '') % length,
  consistent_random: (key, { length }) =>
    key === null || key.length === 0 ? undefined : crc32(key) % length,
  murmur2: (key, { length }) => murmur2(key ?? '') % length,
  murmur2_random: (key, { length }) => (key === null ? undefined : murmur2(key) % length),
  fnv1a: (key, { length }) => fnv1a(key ?? '') % length,
  fnv1a_random: (key, { length }) => (key === null ? undefined : fnv1a(key) % length),
  random: (key, leaders, random) => (key === null ? undefined : draw(leaders, random)),
}

/**
 * The current partition of one topic's records without a key. Source: librdkafka's `sticky.partitioning.linger.ms`.
 */
export class StickyPartition {
  readonly #lingerMs: number
  readonly #random: Random
  #partition = -1
  #untilMs = -Infinity

  /** @param lingerMs - how long a partition is kept; 0 draws a new one for each record. */
  constructor(lingerMs: number, random: Random) {
    this.#lingerMs = lingerMs
    this.#random = random
  }

  /**
   * Returns the partition for a record admitted at `nowMs`. Draws a new one if the current partition lost its
   * leader.
   */
  choose(leaders: PartitionLeaders, nowMs: number): number {
    if (nowMs >= this.#untilMs || leaders[this.#partition] === undefined) {
      this.#partition = draw(leaders, this.#random)
      this.#untilMs = nowMs + this.#lingerMs
    }
    return this.#partition
  }
}

/** Number of random draws before all partitions are searched for one with a leader: nearly all have one. */
const BLIND_DRAWS = 4

/**
 * Draws a partition with a leader, or any if none has one. It searches all partitions only after several draws
 * without a leader, so that topics with many partitions cost no more per record.
 */
function draw(leaders: PartitionLeaders, random: Random): number {
  for (let draws = 0; draws < BLIND_DRAWS; draws += 1) {
    const partition = Math.floor(random() * leaders.length)
    if (leaders[partition] !== undefined) return partition
  }
  const led = [...leaders.keys()].filter((partition) => leaders[partition] !== undefined)
  const candidates = led.length > 0 ? led : [...leaders.keys()]
  return candidates[Math.floor(random() * candidates.length)] ?? 0
}
