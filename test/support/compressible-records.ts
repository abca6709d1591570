import type { ProducerRecord } from '../../src/producer/types.ts'
import { record } from './producer-harness.ts'

/** The codecs that compress. */
export const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const

const HEADERS = [
  { key: 'größe', value: 'ähnlich '.repeat(20) },
  { key: 'empty', value: '' },
]

/** A line of JSON with this many bytes, different for each number. */
function line(number: number, bytes: number): string {
  let text = ''
  for (let item = 0; text.length < bytes; item += 1) {
    text += `{"order":${number},"item":${(item * 7919) % 10_007},"status":"shipped"},`
  }
  return text.slice(0, bytes)
}

/** Batches for partition 0 of topic `t`, by a description, with one line of text as values. */
export const BATCHES: Readonly<Record<string, readonly ProducerRecord[]>> = {
  'one small record': [record(line(1, 400), { key: 'small' })],
  'a megabyte in one record': [record(line(2, 1_000_000))],
  'many records, in several pieces of memory': Array.from({ length: 2_000 }, (_, n) =>
    record(line(n, 350), { key: `key ${n}`, headers: HEADERS.slice(n % 3) }),
  ),
  'records without a value': Array.from({ length: 20 }, (_, n) => record('', { key: `key ${n}` })),
}

/** A batch of tombstones, which a reader of text may omit. */
export const TOMBSTONES = Array.from({ length: 20 }, (_, n) =>
  record(null, { key: `tombstone ${n}`, headers: HEADERS }),
)

/** A batch that no codec can compress. */
export const TINY = [record('x')]
