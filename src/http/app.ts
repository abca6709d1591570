/** Builds the HTTP app of the main port: its routes, and the gate before them. */
import type { Express } from 'express'
import type { Clock } from '../base/clock.ts'
import { ANONYMOUS } from '../base/principal.ts'
import type { HttpConfig } from '../config/types.ts'
import type { Logger } from '../telemetry/logging.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { BodyReader } from './body.ts'
import { createBodyBudget } from './body-budget.ts'
import type { ByteBudget } from './byte-budget.ts'
import type { Dialects } from './edge/dialect.ts'
import { Edge } from './edge/edge.ts'
import { RouteTable } from './edge/route-table.ts'
import type { Entry, Gate } from './edge/route.ts'
import { createRouter } from './edge/router.ts'
import type { Refusal } from './error-body.ts'
import type { HttpMetrics } from './http-metrics.ts'
import { REPLY_BYTES_IN_FLIGHT } from './limits.ts'
import { JsonParser } from './parse-json.ts'
import { jsonLimits } from './push/json-limits.ts'
import { PUSH_DIALECTS } from './push/push-dialect.ts'
import { PushEndpoint } from './push/push-endpoint.ts'
import { largestReplyBytes } from './push/record-elements.ts'
import { ReplyBatch } from './reply-batch.ts'
import { ReadTurns } from './read-turns.ts'
import { ReplyRoom } from './reply-room.ts'
import { createRequestIds } from './request-id.ts'
import { WorkTurns } from './work-turns.ts'

/** Dependencies and settings of the app. */
export interface AppOptions {
  readonly ingest: Ingest
  readonly settings: Pick<
    HttpConfig,
    | 'maxBodyBytes'
    | 'maxCompressionRatio'
    | 'maxRecordsPerRequest'
    | 'maxTopicsPerRequest'
    | 'unknownFields'
    | 'invalidRecords'
    | 'replies'
    | 'allowOldTimestamps'
  >
  readonly metrics: HttpMetrics
  readonly log: Pick<Logger, 'limited' | 'error'>
  readonly clock: Clock
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
}

const DRAINING: Refusal = {
  code: 'PRODUCER_DRAINING',
  message: 'kprf is shutting down and accepts no more records',
}

/** kprf does not authenticate clients. */
const ADMITTED: Entry = { principal: ANONYMOUS }

/** The app of the main port. */
export interface App {
  readonly express: Express
  /** The dialects for requests that the server refuses before the app gets them. */
  readonly dialects: Dialects
}

/** Makes the app of the main port. */
export function createApp(options: AppOptions): App {
  const { clock, metrics, log, isDraining } = options
  const requestIds = createRequestIds(clock)
  const gate: Gate = ({ access }) => (access === 'produce' && isDraining() ? DRAINING : ADMITTED)
  const push = createPushEndpoint(options)
  const routes = new RouteTable([push])
  const edge = new Edge({
    ...{ gate, requestIds, log, clock, bodyReader: createBodyReader(options) },
    onAnswered: (route, { mode }, status, durationMs) => {
      if (route === push) metrics.observePush(mode, status, durationMs)
    },
  })
  return { express: createRouter({ routes, edge, requestIds, log }), dialects: routes }
}

function createBodyReader({ settings, bodyBudget, clock }: AppOptions): BodyReader {
  const { maxBodyBytes, maxCompressionRatio } = settings
  return new BodyReader(
    { maxBytes: maxBodyBytes, maxRatio: maxCompressionRatio },
    bodyBudget ?? createBodyBudget({ maxBodyBytes, clock }),
    new ReadTurns(clock),
  )
}

function createPushEndpoint(options: AppOptions): PushEndpoint {
  const { settings, clock } = options
  const { maxBodyBytes, maxRecordsPerRequest } = settings
  const { replyBytesInFlight = REPLY_BYTES_IN_FLIGHT } = options
  // Offsets repeat topic names, which were part of the body: this bounds their length.
  const largestReply = largestReplyBytes(maxRecordsPerRequest, maxBodyBytes, maxRecordsPerRequest)
  return new PushEndpoint({
    ...options,
    rules: settings,
    dialect: PUSH_DIALECTS[settings.replies],
    jsonParser: new JsonParser(jsonLimits(maxRecordsPerRequest)),
    replyRoom: new ReplyRoom(replyBytesInFlight, largestReply),
    replies: new ReplyBatch(clock, options.log),
    turns: new WorkTurns(clock),
  })
}
