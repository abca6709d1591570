/** The replies of `/push` that have something to say about single records. */
import type { ServerResponse } from 'node:http'
import { invariant } from '../../invariant.ts'
import type { DeliveryError, DeliveryReport } from '../../producer/types.ts'
import { failedPushBody } from '../error-body.ts'
import {
  CLIENT_GONE_STATUS,
  type DecisiveFailure,
  decisiveFailure,
  HTTP_MAPPINGS,
  OK_STATUS,
} from '../error-mapper.ts'
import type { ReplyBatch } from '../reply-batch.ts'
import { retryAfter } from '../reply.ts'
import type { Problem } from './problem.ts'
import type { SendOutcome } from './send-records.ts'

/** A response to be written, with what, and the id of its request. */
export interface Replying {
  readonly replies: ReplyBatch
  readonly response: ServerResponse
  readonly requestId: string
}

/** The reply to nearly every push. */
const OK_BODY = '{"status":"ok","errors":[]}'

const NOT_SENT: DeliveryError = {
  code: 'RECORD_NOT_SENT',
  number: HTTP_MAPPINGS.RECORD_NOT_SENT.errorCode,
  text: 'not sent: another record of this request is invalid',
}

/**
 * Replies once the records are admitted or delivered.
 *
 * @returns the status.
 */
export function replyOutcome(
  replying: Replying,
  outcome: SendOutcome,
  returnOffsets: boolean,
): number {
  // Nobody is left to read it; the records are on their way all the same.
  if (replying.response.req.socket.destroyed) return CLIENT_GONE_STATUS
  const offsets = returnOffsets ? outcome.reports?.map(offsetOf) : undefined
  const { failures } = outcome
  const decisive = failures && decisiveFailure(failures)
  if (failures !== undefined && decisive !== undefined) {
    return replyFailed(replying, failures, decisive, outcome, offsets)
  }
  const { replies, response, requestId } = replying
  replies.send(response, requestId, OK_STATUS, okBody(offsets))
  return OK_STATUS
}

/**
 * Replies to a push of which nothing was sent because of these problems; `undefined` where a record
 * has none of its own.
 *
 * @returns the status.
 */
export function replyInvalid(
  replying: Replying,
  problems: readonly (Problem | undefined)[],
): number {
  const errors = problems.map((problem) => problem && errorOf(problem))
  const decisive = decisiveFailure(errors)
  invariant(decisive !== undefined, 'a push is invalid because of a record')
  const failures = errors.map((error) => error ?? NOT_SENT)
  return replyFailed(replying, failures, decisive)
}

function replyFailed(
  { replies, response, requestId }: Replying,
  failures: readonly (DeliveryError | undefined)[],
  { index, error }: DecisiveFailure,
  outcome?: SendOutcome,
  offsets?: readonly unknown[],
): number {
  const { status } = HTTP_MAPPINGS[error.code]
  const summary = { code: error.code, message: `records[${index}]: ${error.text}` }
  const body = failedPushBody(failures, summary, requestId, offsets)
  const headers = retryAfter(status, outcome?.rateLimited?.retryAfterSeconds)
  replies.send(response, requestId, status, body, headers)
  return status
}

function okBody(offsets: readonly unknown[] | undefined): string {
  if (offsets === undefined) return OK_BODY
  return JSON.stringify({ status: 'ok', errors: [], offsets })
}

function errorOf({ code, message }: Problem): DeliveryError {
  return { code, number: HTTP_MAPPINGS[code].errorCode, text: message }
}

/** Where a record went, as JSON; null for one that is not known to be in Kafka. */
function offsetOf(report: DeliveryReport | undefined): object | null {
  if (report?.status !== 'persisted') return null
  return {
    topic: report.topic,
    partition: report.partition,
    offset: report.offset === undefined ? null : String(report.offset),
    timestamp: report.timestampMs,
  }
}
