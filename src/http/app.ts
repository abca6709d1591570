/** Builds the HTTP app of the main port: its routes, and the gate before them. */
import type { Express } from 'express'
import type { Clock } from '../base/clock.ts'
import type { SpanRecorder } from '../base/request-span.ts'
import type { HttpConfig } from '../config/types.ts'
import type { MaybePromise } from '../producer/types.ts'
import type { Logger } from '../telemetry/logging.ts'
import type { ClusterDirectory } from '../ingest/cluster-directory.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Authenticator } from './access/authenticator.ts'
import type { InFlightGate } from './access/in-flight-gate.ts'
import type { Cors } from './access/cors.ts'
import { BodyReader } from './body.ts'
import { createBodyBudget } from './body-budget.ts'
import type { ByteBudget } from './byte-budget.ts'
import {
  createDoors,
  type DoorSettings,
  type SeenRecordsOptions,
  type WebhooksOptions,
} from './doors.ts'
import type { Dialects } from './edge/dialect.ts'
import { Edge } from './edge/edge.ts'
import { RouteTable } from './edge/route-table.ts'
import type { Entry, Gate } from './edge/route.ts'
import { createRouter } from './edge/router.ts'
import type { Refusal } from './error-body.ts'
import { FastPush } from './fast/fast-push.ts'
import type { FastRoute } from './fast/fast-route.ts'
import type { HttpMetrics } from './http-metrics.ts'
import { Idempotency, type IdempotencyOptions } from './idempotency/idempotency.ts'
import type { Failure } from './log-failure.ts'
import { REPLY_BYTES_IN_FLIGHT } from './limits.ts'
import type { PageOptions } from './page/page-routes.ts'
import { largestReplyBytes } from './push/record-elements.ts'
import { MAX_TOPIC_BYTES } from './push/record-fields.ts'
import { ReadTurns } from './read-turns.ts'
import { ReplyRoom } from './reply-room.ts'
import { createRequestIds } from './request-id.ts'
import { RequestSpans } from './request-spans.ts'
import { createTraceOf } from './trace-context.ts'

/** Dependencies and settings of the app. */
export interface AppOptions {
  readonly ingest: Ingest
  /** What clients are told of topics and brokers. @defaultValue there are no paths that tell it */
  readonly directory?: ClusterDirectory | undefined
  readonly settings: DoorSettings &
    Pick<HttpConfig, 'maxCompressionRatio'> &
    Partial<Pick<HttpConfig, 'propagateTrace'>>
  /** Finds out who sent a request. */
  readonly authenticator: Pick<Authenticator, 'identify' | 'admitted'>
  /** @defaultValue a client may have any number of requests in progress */
  readonly inFlight?: Pick<InFlightGate, 'admit' | 'limits'>
  /** @defaultValue none */
  readonly webhooks?: WebhooksOptions | undefined
  /** @defaultValue web pages can neither push nor read replies */
  readonly cors?: Cors | undefined
  /** The page. @defaultValue this port has none */
  readonly page?: PageOptions | undefined
  /** The records that the page shows. @defaultValue none */
  readonly seenRecords?: SeenRecordsOptions | undefined
  readonly metrics: HttpMetrics
  /** Takes a span of each push. @defaultValue none are made */
  readonly spanRecorder?: SpanRecorder | undefined
  readonly log: Pick<Logger, 'limited' | 'error' | 'debug' | 'isDebug'>
  readonly clock: Clock
  /** Called with why each request failed. @defaultValue nothing is */
  readonly onFailure?: (failure: Failure) => void
  /** Whether kprf is shutting down and refuses pushes. */
  readonly isDraining: () => boolean
  /** Counts the bytes of request bodies. @defaultValue a budget without a limit of the process's memory */
  readonly bodyBudget?: ByteBudget
  /**
   * The limit for bytes of large replies in memory, at least one largest reply. One address gets a share of it.
   *
   * @defaultValue {@link REPLY_BYTES_IN_FLIGHT}
   */
  readonly replyBytesInFlight?: number
  /** Where the keys of clients are. @defaultValue the header `Idempotency-Key` has no meaning */
  readonly idempotency?: Omit<IdempotencyOptions, 'replyRoom'> | undefined
  /** Of kprf, for `/openapi.json`. @defaultValue `unknown` */
  readonly version?: string
}

const DRAINING: Refusal = {
  code: 'PRODUCER_DRAINING',
  message: 'kprf is shutting down and accepts no more records',
}

/** The app of the main port. */
export interface App {
  readonly express: Express
  /** The dialects for requests that the server refuses before the app gets them. */
  readonly dialects: Dialects
  /** What the server may give pushes to before the app. */
  readonly fastRoute: FastRoute
}

/** Makes the app of the main port. */
export function createApp(options: AppOptions): App {
  const { requests } = options.metrics
  const { clock, metrics, log, isDraining, authenticator, inFlight, cors, spanRecorder } = options
  const { onFailure } = options
  const requestIds = createRequestIds(clock)
  const gate: Gate = ({ access, principal }, request) => {
    const admit = (entry: Entry): MaybePromise<Entry> => {
      if (access !== 'produce' || !('principal' in entry)) return entry
      return isDraining() ? DRAINING : (inFlight?.admit(entry) ?? entry)
    }
    const entry = principal === undefined ? authenticator.identify(request) : { principal }
    return entry instanceof Promise ? entry.then(admit) : admit(entry)
  }
  const replyRoom = createReplyRoom(options)
  const idempotency = options.idempotency && new Idempotency({ ...options.idempotency, replyRoom })
  const spans = spanRecorder && new RequestSpans(spanRecorder, clock)
  const isPropagating = options.settings.propagateTrace ?? false
  const traceOf = isPropagating && spans ? spans.traceOf : createTraceOf(isPropagating)
  const doors = createDoors({ ...options, replyRoom, traceOf })
  const routes = new RouteTable(doors.routes)
  const bodyBudget = options.bodyBudget ?? createBodyBudget({ ...options.settings, clock })
  const edge = new Edge({
    ...{ gate, requestIds, requests, log, clock, idempotency },
    bodyReader: createBodyReader(options, bodyBudget),
    onAnswered: (route, call, status, durationMs) => {
      if (call.failure !== undefined) onFailure?.(call.failure)
      if (route.access !== 'produce') return
      metrics.observePush(call.mode, status, durationMs)
      spans?.answered(route, call, status, durationMs)
    },
  })
  const fastRoute = new FastPush({
    ...{ endpoint: doors.push, turns: doors.turns, edge, requestIds, requests, clock, bodyBudget },
    maxBodyBytes: options.settings.maxBodyBytes,
    admitted: (request) => {
      const principal = isDraining() ? undefined : authenticator.admitted(request)
      return principal && inFlight?.limits(principal) === true ? undefined : principal
    },
  })
  const app = createRouter({ routes, edge, requestIds, cors, requests, log, onFailure })
  return { express: app, dialects: routes, fastRoute }
}

function createBodyReader({ settings, clock }: AppOptions, bodyBudget: ByteBudget): BodyReader {
  const { maxBodyBytes, maxCompressionRatio } = settings
  return new BodyReader(
    { maxBytes: maxBodyBytes, maxRatio: maxCompressionRatio },
    bodyBudget,
    new ReadTurns(clock),
  )
}

function createReplyRoom({
  settings: { maxBodyBytes, maxRecordsPerRequest },
  replyBytesInFlight = REPLY_BYTES_IN_FLIGHT,
}: AppOptions): ReplyRoom {
  // Offsets repeat topic names. They were part of the body, or one that was part of the path is that of all records.
  const topicBytes = Math.max(maxBodyBytes, maxRecordsPerRequest * MAX_TOPIC_BYTES)
  const largestReply = largestReplyBytes(maxRecordsPerRequest, topicBytes, maxRecordsPerRequest)
  return new ReplyRoom(replyBytesInFlight, largestReply)
}
