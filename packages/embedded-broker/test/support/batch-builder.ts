import { crc32c } from '../../src/crc32c.ts'

export interface BatchRecord {
  readonly key?: string | null
  readonly value?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly timestampDeltaMs?: number
  readonly offsetDelta?: number
}

export interface BatchFields {
  readonly records?: readonly BatchRecord[]
  /** Replaces the encoded records, compressed or damaged. */
  readonly body?: Buffer
  readonly recordCount?: number
  readonly lastOffsetDelta?: number
  readonly attributes?: number
  readonly baseOffset?: bigint
  readonly baseTimestampMs?: number
  /** @defaultValue the base timestamp */
  readonly maxTimestampMs?: number
  readonly producerId?: bigint
  readonly producerEpoch?: number
  readonly baseSequence?: number
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let zigzag = value >= 0 ? value * 2 : -value * 2 - 1
  while (zigzag >= 0x80) {
    bytes.push((zigzag % 0x80) | 0x80)
    zigzag = Math.floor(zigzag / 0x80)
  }
  return Buffer.from([...bytes, zigzag])
}

function field(text: string | null): Buffer {
  if (text === null) return varint(-1)
  const bytes = Buffer.from(text)
  return Buffer.concat([varint(bytes.length), bytes])
}

/** The records of a batch, uncompressed. */
export function encodeRecords(records: readonly BatchRecord[]): Buffer {
  return Buffer.concat(
    records.map((record, index) => {
      const headers = Object.entries(record.headers ?? {})
      const body = Buffer.concat([
        Buffer.from([0]),
        varint(record.timestampDeltaMs ?? 0),
        varint(record.offsetDelta ?? index),
        field(record.key ?? null),
        field(record.value ?? null),
        varint(headers.length),
        ...headers.flatMap(([key, value]) => [field(key), field(value)]),
      ])
      return Buffer.concat([varint(body.length), body])
    }),
  )
}

/** A record batch as a producer would send it, with any field made wrong that a test wants wrong. */
export function recordBatch(fields: BatchFields = {}): Buffer {
  const records = fields.records ?? [{ value: 'v' }]
  const body = fields.body ?? encodeRecords(records)
  const count = fields.recordCount ?? records.length
  const timestamp = BigInt(fields.baseTimestampMs ?? 1_700_000_000_000)
  const batch = Buffer.alloc(61 + body.length)
  batch.writeBigInt64BE(fields.baseOffset ?? 0n, 0)
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(fields.attributes ?? 0, 21)
  batch.writeInt32BE(fields.lastOffsetDelta ?? count - 1, 23)
  batch.writeBigInt64BE(timestamp, 27)
  batch.writeBigInt64BE(BigInt(fields.maxTimestampMs ?? timestamp), 35)
  batch.writeBigInt64BE(fields.producerId ?? -1n, 43)
  batch.writeInt16BE(fields.producerEpoch ?? -1, 51)
  batch.writeInt32BE(fields.baseSequence ?? -1, 53)
  batch.writeInt32BE(count, 57)
  body.copy(batch, 61)
  return reseal(batch)
}

/** Corrects the checksum after a test changed the batch. */
export function reseal(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}
