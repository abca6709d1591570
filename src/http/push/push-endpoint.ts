/** `POST /push`: one request from the end of its head to its reply. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../base/clock.ts'
import { ProxyError } from '../../base/errors.ts'
import type { LogLevel } from '../../base/log-level.ts'
import type { Logger } from '../../telemetry/logging.ts'
import type { MaybePromise, RecordProducer } from '../../producer/types.ts'
import type { BodyReader, HeldBody } from '../body.ts'
import { assertJsonContentType } from '../content-type.ts'
import type { Refusal } from '../error-body.ts'
import { CLIENT_GONE_STATUS, OK_STATUS } from '../error-mapper.ts'
import type { HttpMetrics, PushMode } from '../http-metrics.ts'
import type { JsonParser } from '../parse-json.ts'
import type { RateLimits } from '../rate-limiter.ts'
import type { ReplyBatch } from '../reply-batch.ts'
import type { ReplyRoom } from '../reply-room.ts'
import { refuse } from '../reply.ts'
import type { RequestIds } from '../request-id.ts'
import type { WorkTurns } from '../work-turns.ts'
import { parsePush, type PushRules, type ValidPush } from './parse-push.ts'
import { replyInvalid, replyOutcome, type Replying } from './push-reply.ts'
import { largestReplyBytes } from './record-elements.ts'
import { type SendOutcome, sendRecords } from './send-records.ts'

/** What {@link PushEndpoint} works with. */
export interface PushEndpointOptions {
  readonly producer: RecordProducer
  readonly rules: PushRules
  /** `undefined` when no topic has a limit. */
  readonly rateLimits: RateLimits | undefined
  readonly bodyReader: BodyReader
  readonly jsonParser: JsonParser
  readonly replyRoom: ReplyRoom
  readonly requestIds: RequestIds
  readonly replies: ReplyBatch
  readonly turns: WorkTurns
  readonly metrics: HttpMetrics
  readonly log: Pick<Logger, 'limited' | 'error'>
  readonly clock: Clock
  readonly isDraining: () => boolean
}

const DRAINING: Refusal = {
  code: 'PRODUCER_DRAINING',
  message: 'kprf is shutting down and takes no more records',
}
/** The reply to a push of so many records is no work to speak of. */
const FEW_RECORDS = 256
const INTERNAL: Refusal = { code: 'INTERNAL', message: 'a bug in kprf; see its log' }

/** One request on its way. */
interface Exchange extends Replying {
  readonly request: IncomingMessage
  /** Known once the body is parsed. */
  mode: PushMode
}

/** Serves `POST /push`. */
export class PushEndpoint {
  readonly #options: PushEndpointOptions

  constructor(options: PushEndpointOptions) {
    this.#options = options
  }

  /** Answers one request. Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, metrics, requestIds, replies } = this.#options
    const startedMs = clock.nowMs()
    const requestId = requestIds(request.headers)
    const exchange: Exchange = {
      request,
      replies,
      response,
      requestId,
      mode: 'async',
      held: undefined,
    }
    const status = await this.#answer(exchange)
    const durationMs = clock.nowMs() - startedMs
    metrics.observePush(exchange.mode, status, durationMs)
    if (status !== OK_STATUS) this.#logFailure(status, requestId, durationMs)
  }

  /** Returns the status of the reply. */
  async #answer(exchange: Exchange): Promise<number> {
    const { request, response, requestId } = exchange
    try {
      if (this.#options.isDraining()) {
        return refuse(request, response, requestId, DRAINING, { closes: 'afterBody' })
      }
      assertJsonContentType(request.headers['content-type'])
      const body = await this.#options.bodyReader.read(request, response)
      if (body === undefined) return clientGone(response)
      try {
        const turn = this.#options.turns.enter(body.bytes.length)
        if (turn !== undefined) await turn
        const status = this.#push(exchange, body)
        return typeof status === 'number' ? status : await status
      } finally {
        body.release()
        exchange.held?.releaseUnlessSending()
      }
    } catch (error) {
      if (error instanceof ProxyError) return refuse(request, response, requestId, error)
      this.#options.log.error('push failed by a bug', { request_id: requestId, error })
      return refuse(request, response, requestId, INTERNAL)
    }
  }

  #push(exchange: Exchange, body: HeldBody): MaybePromise<number> {
    const json = this.#options.jsonParser.parse(body.bytes)
    // Records can wait for long, for room in the queue or for delivery: the text is of no use to them.
    body.drop()
    const push = parsePush(json, this.#options.rules)
    if (push.kind === 'refused') {
      return refuse(exchange.request, exchange.response, exchange.requestId, push.problem)
    }
    exchange.mode = push.waitForSend ? 'sync' : 'async'
    if (push.kind === 'invalidRecords') {
      return replyInvalid(exchange, push.problems, this.#options.replyRoom)
    }
    exchange.held = this.#options.replyRoom.reserve(exchange.request.socket, replyBytesOf(push))
    this.#options.metrics.recordsReceived(exchange.mode, push.records)
    // Delivery can take long. Once admitted, the records are counted by the producer's own limits.
    const onAdmission = push.waitForSend ? body.release.bind(body) : undefined
    const outcome = sendRecords(push.records, this.#options, onAdmission)
    const { returnOffsets } = push
    if (!(outcome instanceof Promise)) return this.#reply(exchange, outcome, returnOffsets)
    exchange.held?.releaseWithConnection()
    return push.records.length <= FEW_RECORDS
      ? outcome.then((sent) => this.#reply(exchange, sent, returnOffsets))
      : this.#replyInTurn(exchange, outcome, push)
  }

  /** Thousands of records that waited for the same thing are done with at the same time, in many pushes. */
  async #replyInTurn(
    exchange: Exchange,
    outcome: Promise<SendOutcome>,
    { records: { length }, returnOffsets }: ValidPush,
  ): Promise<number> {
    const sent = await outcome
    await this.#options.turns.enter(largestReplyBytes(length))
    return this.#reply(exchange, sent, returnOffsets)
  }

  #reply(exchange: Exchange, outcome: SendOutcome, returnOffsets: boolean): number {
    outcome.rateLimited?.recordsByTopic.forEach((count, topic) => {
      this.#options.metrics.countRateLimited(topic, count)
    })
    return replyOutcome(exchange, outcome, returnOffsets)
  }

  #logFailure(status: number, requestId: string, durationMs: number): void {
    this.#options.log.limited(logLevelOf(status), `push ${status}`, 'push failed', {
      request_id: requestId,
      status,
      duration_ms: durationMs,
    })
  }
}

/** The most bytes that the reply to a push can have. */
function replyBytesOf({ records, waitForSend, returnOffsets }: ValidPush): number {
  if (!waitForSend || !returnOffsets) return largestReplyBytes(records.length)
  let topicBytes = 0
  for (const { topic } of records) topicBytes += topic.length
  return largestReplyBytes(records.length, topicBytes)
}

/** Clients mend their own mistakes and read why in the reply; what is on our side operators should see. */
function logLevelOf(status: number): LogLevel {
  if (status === CLIENT_GONE_STATUS) return 'info'
  return status >= 500 ? 'warn' : 'debug'
}

/** The status where no reply was sent; but what the parser found wrong may have been answered already. */
function clientGone(response: ServerResponse): number {
  return response.headersSent ? response.statusCode : CLIENT_GONE_STATUS
}
