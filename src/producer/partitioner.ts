/**
 * librdkafka's partitioners. A key decides by a hash, so that it keeps its partition and every client with the
 * same partitioner agrees on it; records that nothing decides for stick to one random partition for a while, so
 * that they share batches.
 */
import { crc32 } from 'node:zlib'
import type { PartitionerName } from '../base/kafka-names.ts'
import { fnv1a, murmur2 } from './key-hashes.ts'
import type { RecordBytes } from './types.ts'

/** Leaders by partition number; `undefined` where a partition has none now. */
export type PartitionLeaders = readonly (number | undefined)[]

/** Random number in [0, 1), injected so that tests can own it. */
export type Random = () => number

/**
 * Chooses the partition of a record among all, led or not; `undefined` for a record that goes where its topic's
 * records stick for now.
 */
export type Partitioner = (
  key: RecordBytes | null,
  leaders: PartitionLeaders,
  random: Random,
) => number | undefined

/**
 * Every partitioner by its name in librdkafka. Those on `_random` let records without a key stick
 * (`consistent_random` those with an empty key too); their namesakes take no key for an empty one.
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
      this.#partition = draw(leaders, this.#random)
      this.#untilMs = nowMs + this.#lingerMs
    }
    return this.#partition
  }
}

/** How often chance alone is asked for a partition with a leader: nearly all have one nearly always. */
const BLIND_DRAWS = 4

/**
 * Draws a partition that has a leader, or any when none has. Looks through all of them only when several draws
 * in a row met partitions without a leader, so that a topic of many partitions costs a record no more than others.
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
