/** Writes the replies of `/push` that depend on its records. */
import { invariant } from '../../base/invariant.ts'
import type { MaybePromise } from '../../producer/types.ts'
import type { Reply } from '../edge/dialect.ts'
import type { Call } from '../edge/route.ts'
import {
  CLIENT_GONE_STATUS,
  codeOfFailure,
  decisiveOf,
  messageOfFailure,
  rankOfCode,
  rankOfFailure,
} from '../error-mapper.ts'
import type { ReplyTarget } from '../exchange.ts'
import { answerOnce } from '../idempotency/answer-once.ts'
import type { ReplyBatch } from '../reply-batch.ts'
import type { HeldReply, ReplyRoom } from '../reply-room.ts'
import { type HeaderList, retryAfter } from '../reply.ts'
import type { PushOutcome } from './invalid-records.ts'
import { OK, type PushDialect } from './push-dialect.ts'
import type { InvalidRecords, ValidPush } from './parse-push.ts'

/** A response to write, and what is needed for it. */
export interface Replying {
  /** Is told why the push failed. */
  readonly call: Pick<Call, 'failure' | 'key'>
  readonly replies: ReplyBatch
  readonly dialect: PushDialect
  /** Where a record stands in its request, in words before what is wrong with it. */
  readonly placeOf: (index: number) => string
  readonly response: ReplyTarget
  readonly requestId: string
  /** The memory reserved for the reply; `undefined` if the reply is too small to be counted. */
  held: HeldReply | undefined
  /** Beside those of every reply. */
  headers: HeaderList
}

/** What is known of a push when its records were submitted. */
export type Submitted = Pick<ValidPush, 'waitForSend' | 'returnOffsets'> & {
  readonly recordCount: number
}

/**
 * Replies once the records are admitted or delivered. Nobody replies to a client that has left: its records are
 * produced all the same.
 *
 * @returns the status.
 */
export function replyOutcome(
  replying: Replying,
  outcome: PushOutcome,
  submitted: Submitted,
): MaybePromise<number> {
  const { response, call } = replying
  const { key } = call
  if (key === undefined && response.req.socket.destroyed) return CLIENT_GONE_STATUS
  const reply = replyTo(replying, outcome, submitted)
  const headers = headersOf(replying, reply, outcome.retryAfterSeconds)
  if (key === undefined) return send(replying, reply, headers)
  const { failures } = outcome
  const { recordCount } = submitted
  const answer = { reply, headers, accepted: OK, recordCount, failures }
  return answerOnce(key, response, answer, () => send(replying, reply, headers))
}

function replyTo(
  { call, dialect, requestId, placeOf }: Replying,
  { failures, reports }: PushOutcome,
  { waitForSend, returnOffsets }: Submitted,
): Reply {
  const done = { waitsForDelivery: waitForSend, reports: returnOffsets ? reports : undefined }
  const decisive = failures && decisiveOf(failures, rankOfFailure)
  if (failures === undefined || decisive === undefined) return dialect.done(done)
  const { index, failure } = decisive
  const message = `${placeOf(index)}${messageOfFailure(failure)}`
  const summary = { code: codeOfFailure(failure), message, topic: failure.topic }
  call.failure = summary
  return dialect.failed({ ...done, failures, decisive: summary }, requestId)
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
  const message = `${replying.placeOf(index)}${failure.message}`
  const summary = { code: failure.code, message, topic: topicOf(index) }
  replying.call.failure = summary
  const push = { problems, decisive: summary, waitsForDelivery: waitForSend }
  const reply = replying.dialect.invalid(push, replying.requestId)
  replying.held = room.reserve(replying.response.req, reply.body.length)
  return send(replying, reply, headersOf(replying, reply))
}

function headersOf(
  { headers }: Replying,
  { status }: Reply,
  rateLimitSeconds?: number,
): HeaderList {
  const retry = retryAfter(status, rateLimitSeconds)
  return retry.length === 0 ? headers : [...retry, ...headers]
}

function send(
  { replies, response, requestId, held }: Replying,
  reply: Reply,
  headers: HeaderList,
): number {
  held?.sending(response, reply.body.length)
  replies.send(response, requestId, reply, headers)
  return reply.status
}
