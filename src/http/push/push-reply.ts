/** Writes the replies of `/push` that depend on its records. */
import type { ServerResponse } from 'node:http'
import { invariant } from '../../base/invariant.ts'
import type { Call } from '../edge/route.ts'
import type { Failure } from '../log-failure.ts'
import {
  CLIENT_GONE_STATUS,
  codeOfFailure,
  decisiveOf,
  HTTP_MAPPINGS,
  messageOfFailure,
  OK_STATUS,
  rankOfCode,
  rankOfFailure,
} from '../error-mapper.ts'
import type { ReplyBatch } from '../reply-batch.ts'
import type { HeldReply, ReplyRoom } from '../reply-room.ts'
import { type HeaderList, retryAfter } from '../reply.ts'
import type { PushCall } from '../../ingest/push-call.ts'
import type { Problem } from './problem.ts'
import { failedPushBody, invalidPushBody, offsetsBody, offsetsOf } from './record-elements.ts'

/** A response to write, and what is needed for it. */
export interface Replying {
  /** Is told why the push failed. */
  readonly call: Pick<Call, 'failure'>
  readonly replies: ReplyBatch
  readonly response: ServerResponse
  readonly requestId: string
  /** The memory reserved for the reply; `undefined` if the reply is too small to be counted. */
  held: HeldReply | undefined
  /** Beside those of every reply. */
  headers: HeaderList
}

/** The reply to nearly every push. */
const OK_BODY = '{"status":"ok","errors":[]}'

/**
 * Replies once the records are admitted or delivered.
 *
 * @returns the status.
 */
export function replyOutcome(
  replying: Replying,
  {
    failures,
    reports,
    retryAfterSeconds,
  }: Pick<PushCall, 'failures' | 'reports' | 'retryAfterSeconds'>,
  returnOffsets: boolean,
): number {
  const { replies, response, requestId } = replying
  // The client has left. Its records are produced all the same.
  if (response.req.socket.destroyed) return CLIENT_GONE_STATUS
  const offsets = returnOffsets && reports ? offsetsOf(reports) : undefined
  const decisive = failures && decisiveOf(failures, rankOfFailure)
  if (failures !== undefined && decisive !== undefined) {
    const { index, failure } = decisive
    const summary = summaryOf(
      index,
      codeOfFailure(failure),
      messageOfFailure(failure),
      failure.topic,
    )
    const body = failedPushBody(failures, summary, requestId, offsets)
    return replyFailed(replying, summary, body, retryAfterSeconds)
  }
  const body = offsets === undefined ? OK_BODY : offsetsBody(offsets)
  replying.held?.sending(response, body.length)
  replies.send(response, requestId, OK_STATUS, body, replying.headers)
  return OK_STATUS
}

/**
 * Replies to a push with invalid records, of which nothing was produced.
 *
 * @param problems - by record index; `undefined` for valid records.
 * @param topicOf - the topic of a record, for the log.
 * @returns the status.
 * @throws ProxyError if there is no room for the reply.
 */
export function replyInvalid(
  replying: Replying,
  problems: readonly (Problem | undefined)[],
  topicOf: (index: number) => string | undefined,
  room: ReplyRoom,
): number {
  const decisive = decisiveOf(problems, ({ code }) => rankOfCode(code))
  invariant(decisive !== undefined, 'a push is invalid because of a record')
  const { index, failure } = decisive
  const summary = summaryOf(index, failure.code, failure.message, topicOf(index))
  const body = invalidPushBody(problems, summary, replying.requestId)
  replying.held = room.reserve(replying.response.req.socket, body.length)
  return replyFailed(replying, summary, body)
}

function replyFailed(
  { call, replies, response, requestId, held, headers }: Replying,
  summary: Failure,
  body: string,
  rateLimitSeconds?: number,
): number {
  const { status } = HTTP_MAPPINGS[summary.code]
  call.failure = summary
  held?.sending(response, body.length)
  replies.send(response, requestId, status, body, [
    ...retryAfter(status, rateLimitSeconds),
    ...headers,
  ])
  return status
}

function summaryOf(
  index: number,
  code: Failure['code'],
  text: string,
  topic: string | undefined,
): Failure {
  return { code, message: `records[${index}]: ${text}`, topic }
}
