/** Single records inside a batch of message format 2. */
import type { Reader } from './protocol/reader.ts'
import { MalformedFrame } from './protocol/reader.ts'

/** One record in its batch; offset and timestamp are relative to the batch. */
interface RelativeRecord {
  readonly offsetDelta: number
  readonly timestampDeltaMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly StoredHeader[]
}

/** One record header. */
export interface StoredHeader {
  readonly key: string
  readonly value: Buffer | null
}

/**
 * Reads one record.
 *
 * @throws MalformedFrame where lengths contradict each other.
 */
export function readRecord(reader: Reader): RelativeRecord {
  const lengthBytes = reader.varint()
  const end = reader.remaining - lengthBytes
  if (lengthBytes < 0 || end < 0) throw new MalformedFrame(`record length ${lengthBytes}`)
  reader.int8()
  const timestampDeltaMs = reader.varlong()
  const offsetDelta = reader.varint()
  const key = nullable(reader)
  const value = nullable(reader)
  const headers = readHeaders(reader)
  if (reader.remaining !== end) throw new MalformedFrame('the record length is wrong')
  return { offsetDelta, timestampDeltaMs, key, value, headers }
}

/** Reads past one record. */
export function skipRecord(reader: Reader): void {
  reader.slice(reader.varint())
}

function nullable(reader: Reader): Buffer | null {
  const lengthBytes = reader.varint()
  return lengthBytes === -1 ? null : reader.slice(lengthBytes)
}

function readHeaders(reader: Reader): readonly StoredHeader[] {
  const count = reader.varint()
  if (count < 0 || count > reader.remaining) throw new MalformedFrame(`header count ${count}`)
  return Array.from({ length: count }, () => ({
    key: reader.slice(reader.varint()).toString('utf8'),
    value: nullable(reader),
  }))
}
