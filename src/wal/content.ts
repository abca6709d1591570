import type { ProducerRecord } from '../producer/types.ts'
import { payloadBytesOf, writeRecords } from './records.ts'

/** What a frame is to have. */
export interface Content {
  readonly key: Buffer
  /** Behind the key. */
  readonly contentBytes: number
  readonly recordCount: number
  readonly acceptedMs: number
  readonly write: (frame: Buffer, at: number) => void
}

/** Of records. */
export function contentOf(
  records: readonly ProducerRecord[],
  acceptedMs: number,
  key: Buffer,
): Content {
  const write = (frame: Buffer, at: number): void => {
    writeRecords(records, frame, at, acceptedMs)
  }
  const contentBytes = payloadBytesOf(records)
  return { key, contentBytes, recordCount: records.length, acceptedMs, write }
}
