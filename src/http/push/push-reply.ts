/** Writes the replies of `/push` that depend on its records. */
import type { ServerResponse } from 'node:http'
import { invariant } from '../../base/invariant.ts'
import { JSON_TYPE, type Reply } from '../edge/dialect.ts'
import type { Call } from '../edge/route.ts'
import type { Failure } from '../log-failure.ts'
import {
  CLIENT_GONE_STATUS,
  codeOfFailure,
  decisiveOf,
  messageOfFailure,
  OK_STATUS,
  rankOfCode,
  rankOfFailure,
} from '../error-mapper.ts'
import type { ReplyBatch } from '../reply-batch.ts'
import type { HeldReply, ReplyRoom } from '../reply-room.ts'
import { type HeaderList, retryAfter } from '../reply.ts'
import type { PushOutcome } from './invalid-records.ts'
import { OK_BODY, type PushDialect } from './push-dialect.ts'
import type { InvalidRecords, ValidPush } from './parse-push.ts'
import { offsetsBody, offsetsOf } from './record-elements.ts'

/** A response to write, and what is needed for it. */
export interface Replying {
  /** Is told why the push failed. */
  readonly call: Pick<Call, 'failure'>
  readonly replies: ReplyBatch
  readonly dialect: PushDialect
  readonly response: ServerResponse
  readonly requestId: string
  /** The memory reserved for the reply; `undefined` if the reply is too small to be counted. */
  held: HeldReply | undefined
  /** Beside those of every reply. */
  headers: HeaderList
}

const OK: Reply = { status: OK_STATUS, contentType: JSON_TYPE, body: OK_BODY }

/**
 * Replies once the records are admitted or delivered.
 *
 * @returns the status.
 */
export function replyOutcome(
  replying: Replying,
  { failures, reports, retryAfterSeconds }: PushOutcome,
  { waitForSend, returnOffsets }: Pick<ValidPush, 'waitForSend' | 'returnOffsets'>,
): number {
  const { dialect, response, requestId } = replying
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
    replying.call.failure = summary
    const push = { failures, decisive: summary, waitsForDelivery: waitForSend, offsets }
    return send(replying, dialect.failed(push, requestId), retryAfterSeconds)
  }
  return send(replying, offsets === undefined ? OK : { ...OK, body: offsetsBody(offsets) })
}

/**
 * Replies to a push with invalid records, of which nothing was produced.
 *
 * @param topicOf - the topic of a record, for the log.
 * @returns the status.
 * @throws ProxyError if there is no room for the reply.
 */
export function replyInvalid(
  replying: Replying,
  { problems, waitForSend }: InvalidRecords,
  topicOf: (index: number) => string | undefined,
  room: ReplyRoom,
): number {
  const decisive = decisiveOf(problems, ({ code }) => rankOfCode(code))
  invariant(decisive !== undefined, 'a push is invalid because of a record')
  const { index, failure } = decisive
  const summary = summaryOf(index, failure.code, failure.message, topicOf(index))
  replying.call.failure = summary
  const push = { problems, decisive: summary, waitsForDelivery: waitForSend }
  const reply = replying.dialect.invalid(push, replying.requestId)
  replying.held = room.reserve(replying.response.req.socket, reply.body.length)
  return send(replying, reply)
}

function send(
  { replies, response, requestId, held, headers }: Replying,
  reply: Reply,
  rateLimitSeconds?: number,
): number {
  const { status, body } = reply
  held?.sending(response, body.length)
  replies.send(response, requestId, reply, [...retryAfter(status, rateLimitSeconds), ...headers])
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
