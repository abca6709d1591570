/** Why a batch is not stored. */
import { ErrorCode } from './protocol/error-code.ts'

/** A code of the protocol, and a sentence for the client. */
export interface BatchRefusal {
  readonly errorCode: number
  /** `null` where Kafka says no more than the code. */
  readonly message: string | null
  /** The records at fault, if it is not the batch as a whole (KIP-467). */
  readonly recordErrors?: readonly RecordError[]
}

/** What is wrong with one record. */
export interface RecordError {
  /** Its position in the batch. */
  readonly batchIndex: number
  readonly message: string
}

/** Refuses a batch. */
export function refusal(errorCode: number, message: string | null): BatchRefusal {
  return { errorCode, message }
}

/** Refuses a batch that is not well-formed. */
export function invalidRecord(message: string): BatchRefusal {
  return refusal(ErrorCode.INVALID_RECORD, message)
}
