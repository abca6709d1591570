/** The routes of the main port, in order. Everything that is not `/push` is refused here. */
import express, { type ErrorRequestHandler, type Express } from 'express'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../base/clock.ts'
import type { HttpConfig } from '../config/types.ts'
import type { Logger } from '../telemetry/logging.ts'
import type { RecordProducer } from '../producer/types.ts'
import { BodyReader } from './body.ts'
import { createBodyBudget } from './body-budget.ts'
import type { ByteBudget } from './byte-budget.ts'
import type { Refusal } from './error-body.ts'
import type { HttpMetrics } from './http-metrics.ts'
import { REPLY_BYTES_IN_FLIGHT } from './limits.ts'
import { JsonParser } from './parse-json.ts'
import { jsonLimits } from './push/json-limits.ts'
import { PushEndpoint } from './push/push-endpoint.ts'
import { largestReplyBytes } from './push/record-elements.ts'
import type { RateLimits } from './rate-limiter.ts'
import { ReplyBatch } from './reply-batch.ts'
import { ReadTurns } from './read-turns.ts'
import { ReplyRoom } from './reply-room.ts'
import { refuse, sendNoContent } from './reply.ts'
import { createRequestIds } from './request-id.ts'
import { WorkTurns } from './work-turns.ts'

/** What the app is made of. */
export interface AppOptions {
  readonly producer: RecordProducer
  readonly settings: Pick<
    HttpConfig,
    | 'maxBodyBytes'
    | 'maxCompressionRatio'
    | 'maxRecordsPerRequest'
    | 'maxTopicsPerRequest'
    | 'unknownFields'
  >
  /** `undefined` when no topic has a limit. */
  readonly rateLimits: RateLimits | undefined
  readonly metrics: HttpMetrics
  readonly log: Pick<Logger, 'limited' | 'error'>
  readonly clock: Clock
  /** Whether pushes are refused because kprf is about to end. */
  readonly isDraining: () => boolean
  /** For the bytes of request bodies. @defaultValue that of a process with all the memory it likes */
  readonly bodyBudget?: ByteBudget
  /**
   * Bytes of large replies held at once; never less than the largest one. One address gets a share.
   *
   * @defaultValue {@link REPLY_BYTES_IN_FLIGHT}
   */
  readonly replyBytesInFlight?: number
}

const PUSH_METHODS = ['Allow', 'POST, OPTIONS'] as const
const NOT_FOUND: Refusal = { code: 'NOT_FOUND', message: 'no such path' }
const NOT_ALLOWED: Refusal = { code: 'METHOD_NOT_ALLOWED', message: 'the path takes POST only' }
const INTERNAL: Refusal = { code: 'INTERNAL', message: 'a bug in kprf; see its log' }

/** Makes the Express app of the main port. */
export function createApp(options: AppOptions): Express {
  const requestIds = createRequestIds(options.clock)
  const push = createPushEndpoint(options)
  const refuseWith =
    (refusal: Refusal, headers: readonly string[] = []) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      refuse(request, response, requestIds(request.headers), refusal, { headers })
    }

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  app.enable('case sensitive routing')

  // Nearly all requests are pushes: one is met before Express looks for a route, which takes some 4 us (Node 26).
  app.use((request, response, next) => {
    if (request.method === 'POST' && request.url === '/push') return push.serve(request, response)
    next()
    return undefined
  })
  app.post('/push', (request, response) => push.serve(request, response))
  app.options('/push', (request, response) => {
    sendNoContent(response, requestIds(request.headers), PUSH_METHODS)
  })
  app.all('/push', refuseWith(NOT_ALLOWED, PUSH_METHODS))
  app.use(refuseWith(NOT_FOUND))
  app.use(createErrorHandler(options.log, refuseWith(INTERNAL)))
  return app
}

/** Handles what a route threw, which none does unless kprf or Express has a bug. */
function createErrorHandler(
  log: AppOptions['log'],
  reply: (request: IncomingMessage, response: ServerResponse) => void,
): ErrorRequestHandler {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express knows an error handler by its four parameters
  return (error: unknown, request, response, _next) => {
    log.error('request failed by a bug', { error })
    // A reply that has begun is about to be sent whole.
    if (!response.headersSent) reply(request, response)
  }
}

function createPushEndpoint(options: AppOptions): PushEndpoint {
  const { settings, clock } = options
  const { maxBodyBytes, maxCompressionRatio, maxRecordsPerRequest } = settings
  const { replyBytesInFlight = REPLY_BYTES_IN_FLIGHT } = options
  const budget = options.bodyBudget ?? createBodyBudget({ maxBodyBytes, clock })
  // The names of topics, which offsets repeat, were in the body.
  const largestReply = largestReplyBytes(maxRecordsPerRequest, maxBodyBytes)
  return new PushEndpoint({
    ...options,
    rules: settings,
    bodyReader: new BodyReader(
      { maxBytes: maxBodyBytes, maxRatio: maxCompressionRatio },
      budget,
      new ReadTurns(clock),
    ),
    jsonParser: new JsonParser(jsonLimits(maxRecordsPerRequest)),
    replyRoom: new ReplyRoom(replyBytesInFlight, largestReply),
    requestIds: createRequestIds(clock),
    replies: new ReplyBatch(clock, options.log),
    turns: new WorkTurns(clock),
  })
}
