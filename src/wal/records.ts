/** The payload of a frame: the records of one push, little-endian. docs/WAL.md has the table. */
import type { ProducerRecord, RecordBytes, RecordHeader } from '../producer/types.ts'

/** Length of what is null. */
const NULL = -1
/** Partition of a record whose partition was not chosen by its client. */
const ANY_PARTITION = -1

const bytesOf = (value: RecordBytes | null): number =>
  value === null ? 0 : typeof value === 'string' ? Buffer.byteLength(value) : value.length

/** The bytes that the records take as a payload. */
export function payloadBytesOf(records: readonly ProducerRecord[]): number {
  let bytes = 0
  for (const { topic, key, value, headers } of records) {
    // Topics are ASCII.
    bytes += 2 + topic.length + 4 + 8 + 4 + bytesOf(key) + 4 + bytesOf(value) + 4
    for (const header of headers) bytes += 8 + bytesOf(header.key) + bytesOf(header.value)
  }
  return bytes
}

/** Writes records as a payload. A record without a timestamp gets that of its acceptance. */
export function writeRecords(
  records: readonly ProducerRecord[],
  into: Buffer,
  start: number,
  acceptedMs: number,
): void {
  let at = start
  for (const { topic, partition, timestampMs, key, value, headers } of records) {
    at = into.writeUInt16LE(topic.length, at)
    at += into.write(topic, at, 'latin1')
    at = into.writeInt32LE(partition ?? ANY_PARTITION, at)
    at = into.writeDoubleLE(timestampMs ?? acceptedMs, at)
    at = writeBytes(into, at, key)
    at = writeBytes(into, at, value)
    at = into.writeUInt32LE(headers.length, at)
    for (const header of headers) {
      at = writeBytes(into, at, header.key)
      at = writeBytes(into, at, header.value)
    }
  }
}

function writeBytes(into: Buffer, at: number, value: RecordBytes | null): number {
  if (value === null) return into.writeInt32LE(NULL, at)
  const start = at + 4
  const length = typeof value === 'string' ? into.write(value, start) : value.copy(into, start)
  into.writeInt32LE(length, at)
  return start + length
}

/** Reads the records of a payload whose checksum is right. Their bytes are views of it. */
export function readRecords(payload: Buffer, recordCount: number): readonly ProducerRecord[] {
  const reader = new Reader(payload)
  return Array.from({ length: recordCount }, () => reader.record())
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  record(): ProducerRecord {
    const topic = this.#take(this.#bytes.readUInt16LE(this.#skip(2))).toString('latin1')
    const partition = this.#bytes.readInt32LE(this.#skip(4))
    const timestampMs = this.#bytes.readDoubleLE(this.#skip(8))
    return {
      topic,
      partition: partition === ANY_PARTITION ? undefined : partition,
      timestampMs,
      key: this.#nullable(),
      value: this.#nullable(),
      headers: this.#headers(),
    }
  }

  #headers(): readonly RecordHeader[] {
    const length = this.#bytes.readUInt32LE(this.#skip(4))
    return Array.from({ length }, () => ({
      key: (this.#nullable() ?? '').toString(),
      value: this.#nullable(),
    }))
  }

  #nullable(): Buffer | null {
    const length = this.#bytes.readInt32LE(this.#skip(4))
    return length === NULL ? null : this.#take(length)
  }

  #take(length: number): Buffer {
    const start = this.#skip(length)
    return this.#bytes.subarray(start, start + length)
  }

  #skip(length: number): number {
    const start = this.#at
    this.#at += length
    return start
  }
}
