/** Shows the records of the embedded broker as the page needs them: short enough to be sent several times a second. */
import { isUtf8 } from 'node:buffer'
import type { ArrivedRecord, EmbeddedCluster } from '@kprf/embedded-broker'
import {
  MAX_SEEN_RECORDS,
  type RecordsSource,
  type SeenBytes,
  type SeenRecord,
  type SeenRecords,
} from '../base/seen-records.ts'

/** Bytes of a value that are shown: enough for nearly every JSON document, and 50 of them are still less than 1 MiB. */
const VALUE_BYTES = 16_384
const KEY_BYTES = 1_024
const HEADER_NAME_BYTES = 256
const HEADER_VALUE_BYTES = 512
/** Headers of a record that are shown. */
const MAX_HEADERS = 16

/** What is read of the embedded broker. */
export type ReadCluster = Pick<
  EmbeddedCluster,
  'latestArrival' | 'newestRecords' | 'topicSummaries'
>

/** The records of a cluster in this process. */
export class EmbeddedRecords implements RecordsSource {
  readonly #cluster: ReadCluster

  constructor(cluster: ReadCluster) {
    this.#cluster = cluster
  }

  look(topic: string | undefined, after: number): SeenRecords {
    const { latestArrival: position } = this.#cluster
    const wanted = { count: MAX_SEEN_RECORDS, after }
    const records = position > after ? this.#cluster.newestRecords(wanted, topic) : []
    return {
      position,
      topics: this.#cluster.topicSummaries(),
      records: records.map(seenRecord),
    }
  }
}

function seenRecord(record: ArrivedRecord): SeenRecord {
  const { topic, partition, offset, timestampMs: timestamp, key, value, headers } = record
  return {
    ...{ topic, partition, offset: String(offset), timestamp },
    key: key && seenBytes(key, KEY_BYTES),
    value: value && seenBytes(value, VALUE_BYTES),
    headers: headers.slice(0, MAX_HEADERS).map((header) => ({
      name: seenBytes(Buffer.from(header.key), HEADER_NAME_BYTES).shown,
      value: header.value && seenBytes(header.value, HEADER_VALUE_BYTES),
    })),
    moreHeaders: Math.max(0, headers.length - MAX_HEADERS),
  }
}

/** Bytes as people can read them, at most so many of them. */
export function seenBytes(bytes: Buffer, maxBytes: number): SeenBytes {
  const isText = isUtf8(bytes)
  const shownBytes = isText ? endOfText(bytes, maxBytes) : Math.min(bytes.length, maxBytes)
  const shown = bytes.toString(isText ? 'utf8' : 'base64', 0, shownBytes)
  return { shown, isText, bytes: bytes.length, shownBytes }
}

/** The largest number of bytes, at most `maxBytes`, after which no character is cut in two. */
function endOfText(bytes: Buffer, maxBytes: number): number {
  if (bytes.length <= maxBytes) return bytes.length
  let end = maxBytes
  // Bytes of a character after its first are 10xxxxxx.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return end
}
