import type { ProxyError } from '../../../base/errors.ts'
import type { FailedDelivery } from '../../../producer/types.ts'
import { codeOfFailure, messageOfFailure } from '../../error-mapper.ts'
import type { Failure } from '../../log-failure.ts'
import type { PushOutcome } from '../../push/invalid-records.ts'
import type { SentBatch } from '../../stream/stream-sender.ts'
import type { StreamedReply } from '../../streamed-reply.ts'
import {
  failureFields,
  type ReceiptHead,
  type ReceiptNote,
  receiptFields,
  refusalFields,
} from './receipts.ts'

/** Receipts are written in pieces of about this length, characters. */
const PIECE_LENGTH = 16_384
/** Between the receipts of Confluent. */
const END = '\r\n'
/** Of an invalid record, whose receipt has none. */
const NO_NOTE: ReceiptNote = { key: undefined, value: undefined }

/** Writes the receipts of the records of one body, in their order. */
export class ReceiptStream {
  readonly #reply: StreamedReply
  readonly #head: ReceiptHead
  /** Of the records whose receipts are not written. */
  readonly #notes: ReceiptNote[] = []
  #failedCount = 0
  #firstFailure: Failure | undefined

  constructor(reply: StreamedReply, head: ReceiptHead) {
    this.#reply = reply
    this.#head = head
  }

  /** Number of records that failed. */
  get failedCount(): number {
    return this.#failedCount
  }

  /** Why the first of them failed, for the log. */
  get firstFailure(): Failure | undefined {
    return this.#firstFailure
  }

  /** A record was read. @param note - `undefined` if it is invalid. */
  read(note: ReceiptNote | undefined): void {
    this.#notes.push(note ?? NO_NOTE)
  }

  /** Writes the receipts of the next records, and resolves once the client has read enough. */
  async write({ failures, reports }: PushOutcome, { numbers }: SentBatch): Promise<void> {
    const notes = this.#notes.splice(0, numbers.length)
    let piece = ''
    for (const [index, note] of notes.entries()) {
      const failure = failures?.[index]
      if (failure !== undefined) this.#count(failure)
      const fields =
        failure === undefined
          ? receiptFields(this.#head, note, reports?.[index])
          : failureFields(failure)
      piece += `{${fields}}${END}`
      if (piece.length < PIECE_LENGTH) continue
      await this.#reply.write(piece)
      piece = ''
    }
    if (piece !== '') await this.#reply.write(piece)
  }

  /** Says as the last receipt why the rest of the body cannot be read. */
  async writeBroken(error: ProxyError): Promise<void> {
    await this.#reply.write(`{${refusalFields(error)}}${END}`)
  }

  #count(failure: FailedDelivery): void {
    this.#failedCount += 1
    this.#firstFailure ??= {
      ...{ code: codeOfFailure(failure), message: messageOfFailure(failure) },
      topic: failure.topic,
    }
  }
}
