/** Makes the routes of the main port: the doors through which records come in, reads of the cluster, and what describes them. */
import type { Clock } from '../base/clock.ts'
import type { HttpConfig } from '../config/types.ts'
import type { ClusterDirectory } from '../ingest/cluster-directory.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Logger } from '../telemetry/logging.ts'
import type { Cors } from './access/cors.ts'
import { type Dialect, JSON_TYPE } from './edge/dialect.ts'
import type { Route } from './edge/route.ts'
import { EventsEndpoint } from './events/events-endpoint.ts'
import type { HttpMetrics } from './http-metrics.ts'
import { NdjsonEndpoint } from './ndjson/ndjson-endpoint.ts'
import { createDocumentRoutes } from './openapi/document-routes.ts'
import { createPageRoutes, type PageOptions } from './page/page-routes.ts'
import {
  PageRecordsEndpoint,
  type PageRecordsEndpointOptions,
} from './page/page-records-endpoint.ts'
import { JsonParser } from './parse-json.ts'
import { jsonLimits } from './push/json-limits.ts'
import { PUSH_DIALECTS } from './push/push-dialect.ts'
import { PushEndpoint } from './push/push-endpoint.ts'
import { PushSender } from './push/push-sender.ts'
import type { RawRules } from './raw/parse-raw.ts'
import { RawEndpoint } from './raw/raw-endpoint.ts'
import { ReplyBatch } from './reply-batch.ts'
import type { ReplyRoom } from './reply-room.ts'
import type { ReadsOptions } from './rest/reads/read-route.ts'
import { restV2Reads } from './rest/reads/v2-reads.ts'
import { restV3Reads } from './rest/reads/v3-reads.ts'
import { restV2Dialect } from './rest/v2-dialect.ts'
import { RestV2Endpoint } from './rest/v2-endpoint.ts'
import { BatchEndpoint } from './rest/v3/batch-endpoint.ts'
import { RecordsEndpoint } from './rest/v3/records-endpoint.ts'
import { REST_V3 } from './rest/v3/v3-dialect.ts'
import { REST_V2_TYPE } from './rest/v2-media-type.ts'
import type { TraceOf } from './trace-context.ts'
import {
  WebhookEndpoint,
  type WebhookEndpointOptions,
  type WebhookSettings,
} from './webhooks/webhook-endpoint.ts'
import { WorkTurns } from './work-turns.ts'

/** Keys of `http.*` that the doors follow. */
export type DoorSettings = Pick<
  HttpConfig,
  | 'maxBodyBytes'
  | 'maxRecordsPerRequest'
  | 'maxTopicsPerRequest'
  | 'unknownFields'
  | 'invalidRecords'
  | 'replies'
  | 'allowOldTimestamps'
> &
  Partial<Pick<HttpConfig, 'raw' | 'rest'>>

/** The webhooks. */
export interface WebhooksOptions extends Pick<WebhookEndpointOptions, 'onDenied'> {
  readonly list: readonly WebhookSettings[]
}

/** The records that the page shows. */
export type SeenRecordsOptions = Omit<PageRecordsEndpointOptions, 'replyRoom' | 'clock'>

const NO_WEBHOOKS: WebhooksOptions = { list: [], onDenied: () => undefined }

/** Dependencies and settings of the doors. */
export interface DoorsOptions {
  readonly ingest: Ingest
  /** What clients are told of topics and brokers. @defaultValue there are no paths that tell it */
  readonly directory?: ClusterDirectory | undefined
  readonly settings: DoorSettings
  /** @defaultValue none */
  readonly webhooks?: WebhooksOptions | undefined
  /** @defaultValue web pages can neither push nor read replies */
  readonly cors?: Cors | undefined
  /** The page. @defaultValue this port has none */
  readonly page?: PageOptions | undefined
  /** The records that the page shows. @defaultValue none */
  readonly seenRecords?: SeenRecordsOptions | undefined
  readonly metrics: HttpMetrics
  readonly log: Pick<Logger, 'limited' | 'error'>
  readonly clock: Clock
  readonly traceOf: TraceOf
  readonly replyRoom: ReplyRoom
  /** Of kprf, for `/openapi.json`. @defaultValue `unknown` */
  readonly version?: string | undefined
}

/** The doors. */
export interface Doors {
  readonly routes: readonly Route[]
  /** The one of them that the fast way leads to. */
  readonly push: PushEndpoint
  /** The turns that they all wait for. */
  readonly turns: WorkTurns
}

/** Makes all of them. They share what parses, what sends and what replies. */
export function createDoors(options: DoorsOptions): Doors {
  const { ingest, directory, settings, cors, metrics, log, clock, traceOf, replyRoom } = options
  const replies = new ReplyBatch(clock, log)
  const turns = new WorkTurns(clock)
  const sender = new PushSender({ ingest, traceOf, replyRoom, replies, turns, metrics, log })
  const limits = jsonLimits(settings.maxRecordsPerRequest)
  const jsonParser = new JsonParser(limits)
  const dialect = PUSH_DIALECTS[settings.replies]
  const rules = rawRules(settings)
  const raw = { rules, sender, cors }
  const { forwardHeaders } = rules
  const { list: webhooks, onDenied } = options.webhooks ?? NO_WEBHOOKS
  const webhook = { sender, jsonParser, clock, cors, forwardHeaders, onDenied }
  const rest = {
    ...{ rules: settings, sender, jsonParser },
    dialect: restV2Dialect({
      failRequestWhenAllFail: settings.rest?.failRequestWhenAllFail ?? false,
    }),
  }
  const push = new PushEndpoint({ rules: settings, dialect, jsonParser, sender, cors })
  const routes = [
    push,
    new RawEndpoint('POST', raw),
    new RawEndpoint('PUT', raw),
    new NdjsonEndpoint({
      ...{ rules: settings, maxLineBytes: settings.maxBodyBytes, ingest, traceOf, cors },
      jsonParser: new JsonParser(limits, 'line'),
      ...{ sender, replies, replyRoom, turns, metrics },
    }),
    new EventsEndpoint({ rules: settings, jsonParser, sender }),
    new RestV2Endpoint('/topics/:topic', rest),
    new RestV2Endpoint('/topics/:topic/partitions/:partition', rest),
    new RecordsEndpoint({
      ...{ rules: settings, maxRecordBytes: settings.maxBodyBytes, ingest, traceOf, sender },
      jsonParser: new JsonParser(limits, 'record'),
      ...{ replyRoom, turns, metrics },
    }),
    new BatchEndpoint({
      ...{ rules: settings, maxRecordsPerRequest: settings.maxRecordsPerRequest },
      ...{ jsonParser, sender },
    }),
    ...(directory ? reads({ directory, replyRoom, turns }, rest.dialect) : []),
    ...createDocumentRoutes(settings, options.version ?? 'unknown', replyRoom),
    ...(options.page ? createPageRoutes(options.page, replyRoom) : []),
    ...(options.seenRecords
      ? [new PageRecordsEndpoint({ ...options.seenRecords, replyRoom, clock })]
      : []),
    ...webhooks.map((one) => new WebhookEndpoint(one, webhook)),
  ]
  return { routes, push, turns }
}

/** @param v2Dialect - that of the doors with the same paths. */
function reads(
  common: Pick<ReadsOptions, 'directory' | 'replyRoom' | 'turns'>,
  v2Dialect: Dialect,
): readonly Route[] {
  return [
    ...restV2Reads({ ...common, dialect: v2Dialect, contentType: REST_V2_TYPE }),
    ...restV3Reads({ ...common, dialect: REST_V3, contentType: JSON_TYPE }),
  ]
}

function rawRules({ raw, ...rules }: DoorSettings): RawRules {
  const names = (raw?.forwardHeaders ?? []).map((name) => name.toLowerCase())
  return { ...rules, forwardHeaders: new Set(names) }
}
