import type { ProducerRecord } from '../../src/producer/types.ts'
import { record } from './producer-harness.ts'

/** The codecs that compress. */
export const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const

const HEADERS = [
  { key: 'größe', value: 'ähnlich '.repeat(20) },
  { key: 'empty', value: '' },
]

/** A line of JSON of so many bytes, unlike that of another number. */
function line(number: number, bytes: number): string {
  let text = ''
  for (let item = 0; text.length < bytes; item += 1) {
    text += `{"order":${number},"item":${(item * 7919) % 10_007},"status":"shipped"},`
  }
  return text.slice(0, bytes)
}

/** Batches of partition 0 of topic `t`, each of the kind that its name says, with text of one line as values. */
export const BATCHES: Readonly<Record<string, readonly ProducerRecord[]>> = {
  'one small record': [record(line(1, 400), { key: 'small' })],
  'a megabyte in one record': [record(line(2, 1_000_000))],
  'many records, in several pieces of memory': Array.from({ length: 2_000 }, (_, n) =>
    record(line(n, 350), { key: `key ${n}`, headers: HEADERS.slice(n % 3) }),
  ),
  'records without a value': Array.from({ length: 20 }, (_, n) => record('', { key: `key ${n}` })),
}

/** A batch of tombstones, which a reader of text may not show. */
export const TOMBSTONES = Array.from({ length: 20 }, (_, n) =>
  record(null, { key: `tombstone ${n}`, headers: HEADERS }),
)

/** A batch that no codec makes smaller. */
export const TINY = [record('x')]
