/** The hashes with which Kafka's clients select the partition of a key, in addition to zlib's CRC-32. Pure. */
import type { RecordBytes } from './types.ts'

const MURMUR2_SEED = 0x9747b28c
const MURMUR2_FACTOR = 0x5bd1e995

/**
 * MurmurHash2, 32 bits, as the Java client and librdkafka compute it: words are little-endian, and the sign bit
 * is cleared.
 */
export function murmur2(key: RecordBytes): number {
  const bytes = bytesOf(key)
  let hash = MURMUR2_SEED ^ bytes.length
  let at = 0
  for (; at + 4 <= bytes.length; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MURMUR2_FACTOR)
    word ^= word >>> 24
    hash = Math.imul(hash, MURMUR2_FACTOR) ^ Math.imul(word, MURMUR2_FACTOR)
  }
  if (at < bytes.length) {
    hash = Math.imul(hash ^ bytes.readUIntLE(at, bytes.length - at), MURMUR2_FACTOR)
  }
  hash = Math.imul(hash ^ (hash >>> 13), MURMUR2_FACTOR)
  return (hash ^ (hash >>> 15)) & 0x7fffffff
}

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** FNV-1a, 32 bits, as Sarama and librdkafka use it: the absolute value of the signed hash. */
export function fnv1a(key: RecordBytes): number {
  let hash = FNV_OFFSET | 0
  for (const byte of bytesOf(key)) hash = Math.imul(hash ^ byte, FNV_PRIME)
  return Math.abs(hash)
}

function bytesOf(key: RecordBytes): Buffer {
  return typeof key === 'string' ? Buffer.from(key) : key
}
