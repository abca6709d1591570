/** What a broker checks of the records of a batch, one by one. */
import { type BatchRefusal, invalidRecord, type RecordError, refusal } from './batch-refusal.ts'
import { decompress } from './compression/decompress.ts'
import { ErrorCode } from './protocol/error-code.ts'
import { MalformedFrame, Reader } from './protocol/reader.ts'
import { readRecord } from './records.ts'

/** The rules of a partition for its records. */
export interface RecordRules {
  /** Topic and number, as in `orders-0`. */
  readonly partition: string
  /** Whether the topic is compacted, so that each record needs a key. */
  readonly isCompacted: boolean
  /** Latest timestamp accepted, milliseconds since the epoch. */
  readonly maxTimestampMs: number
}

/** From the oldest timestamp, which has no limit, to the latest, ms: Java's largest number. */
const MAX_RANGE_MS = 2n ** 63n - 1n

/** The records of a batch, and what its header says of them. */
export interface RecordSet {
  readonly bytes: Buffer
  /** The number of their compression. */
  readonly codec: number
  readonly recordCount: number
  readonly baseTimestampMs: number
  readonly maxTimestampMs: number
}

/** As many errors as Kafka repeats in the message about a batch. */
const MAX_REPEATED_ERRORS = 3

/** A record error, and Kafka's code for it. */
interface RecordRefusal extends RecordError {
  readonly errorCode: number
}

/** Checks the records of a batch. Compressed ones are opened only if a rule may be broken. */
export function refuseRecords(set: RecordSet, rules: RecordRules): BatchRefusal | undefined {
  const isOpened = rules.isCompacted || set.maxTimestampMs > rules.maxTimestampMs
  if (set.codec !== 0 && !isOpened) return undefined
  const records = decompressed(set)
  if (!records) return refusal(ErrorCode.CORRUPT_MESSAGE, 'the records cannot be decompressed')
  try {
    return refuseEach(new Reader(records), set, rules)
  } catch (error) {
    if (error instanceof MalformedFrame) return invalidRecord(error.message)
    throw error
  }
}

function decompressed({ bytes, codec }: RecordSet): Buffer | undefined {
  try {
    return decompress(bytes, codec)
  } catch {
    return undefined
  }
}

function refuseEach(
  reader: Reader,
  { recordCount, baseTimestampMs }: RecordSet,
  rules: RecordRules,
): BatchRefusal | undefined {
  const refusals: RecordRefusal[] = []
  for (let index = 0; index < recordCount; index += 1) {
    const { offsetDelta, timestampDeltaMs, key } = readRecord(reader)
    if (offsetDelta !== index) return invalidRecord('offset deltas are not consecutive')
    const record = { key, timestampMs: baseTimestampMs + timestampDeltaMs }
    const refused = refuseRecord(record, index, rules)
    if (refused) refusals.push(refused)
  }
  if (reader.remaining > 0) return invalidRecord('bytes are left after the last record')
  return refusals.length === 0 ? undefined : summaryOf(refusals)
}

function refuseRecord(
  { key, timestampMs }: { readonly key: Buffer | null; readonly timestampMs: number },
  batchIndex: number,
  { partition, isCompacted, maxTimestampMs }: RecordRules,
): RecordRefusal | undefined {
  if (isCompacted && key === null) {
    const message = `Compacted topic cannot accept message without key in topic partition ${partition}`
    return { errorCode: ErrorCode.INVALID_RECORD, batchIndex, message }
  }
  if (timestampMs > maxTimestampMs) {
    const range = `[${BigInt(maxTimestampMs) - MAX_RANGE_MS}, ${maxTimestampMs}]`
    const message = `Timestamp ${timestampMs} of message with offset ${batchIndex} is out of range. The timestamp should be within ${range}`
    return { errorCode: ErrorCode.INVALID_TIMESTAMP, batchIndex, message }
  }
  return undefined
}

/** The batch is refused as a whole, in Kafka's words. */
function summaryOf(refusals: readonly RecordRefusal[]): BatchRefusal {
  const recordErrors = refusals.map(({ batchIndex, message }) => ({ batchIndex, message }))
  if (refusals.some(({ errorCode }) => errorCode === ErrorCode.INVALID_TIMESTAMP)) {
    const message = 'One or more records have been rejected due to invalid timestamp'
    return { errorCode: ErrorCode.INVALID_TIMESTAMP, message, recordErrors }
  }
  const repeated = recordErrors
    .slice(0, MAX_REPEATED_ERRORS)
    .map(({ batchIndex, message }) => `RecordError(batchIndex=${batchIndex}, message='${message}')`)
  const message =
    `One or more records have been rejected due to ${refusals.length} record errors in total, ` +
    `and only showing the first three errors at most: [${repeated.join(', ')}]`
  return { errorCode: ErrorCode.INVALID_RECORD, message, recordErrors }
}
