/** The routes of the main port, and the gate before them. */
import type { Express } from 'express'
import type { Clock } from '../base/clock.ts'
import type { HttpConfig } from '../config/types.ts'
import type { Logger } from '../telemetry/logging.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { BodyReader } from './body.ts'
import { createBodyBudget } from './body-budget.ts'
import type { ByteBudget } from './byte-budget.ts'
import { Edge } from './edge/edge.ts'
import type { Gate } from './edge/route.ts'
import { createRouter } from './edge/router.ts'
import type { Refusal } from './error-body.ts'
import type { HttpMetrics } from './http-metrics.ts'
import { REPLY_BYTES_IN_FLIGHT } from './limits.ts'
import { JsonParser } from './parse-json.ts'
import { jsonLimits } from './push/json-limits.ts'
import { PushEndpoint } from './push/push-endpoint.ts'
import { largestReplyBytes } from './push/record-elements.ts'
import { ReplyBatch } from './reply-batch.ts'
import { ReadTurns } from './read-turns.ts'
import { ReplyRoom } from './reply-room.ts'
import { createRequestIds } from './request-id.ts'
import { WorkTurns } from './work-turns.ts'

/** What the app is made of. */
export interface AppOptions {
  readonly ingest: Ingest
  readonly settings: Pick<
    HttpConfig,
    | 'maxBodyBytes'
    | 'maxCompressionRatio'
    | 'maxRecordsPerRequest'
    | 'maxTopicsPerRequest'
    | 'unknownFields'
  >
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

const DRAINING: Refusal = {
  code: 'PRODUCER_DRAINING',
  message: 'kprf is shutting down and takes no more records',
}

/** Makes the Express app of the main port. */
export function createApp(options: AppOptions): Express {
  const { clock, metrics, log, isDraining } = options
  const requestIds = createRequestIds(clock)
  const gate: Gate = ({ access }) => (access === 'produce' && isDraining() ? DRAINING : undefined)
  const edge = new Edge({ gate, requestIds, metrics, log, clock })
  return createRouter({ routes: [createPushEndpoint(options)], edge, requestIds, log })
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
    replies: new ReplyBatch(clock, options.log),
    turns: new WorkTurns(clock),
  })
}
