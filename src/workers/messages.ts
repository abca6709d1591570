/** The messages between a primary process and its workers. */
import type { IdempotencyKey, KeyOutcome, KeyState, RestoredKey } from '../base/idempotency.ts'
import type { LiveProcess, LiveSample } from '../base/live-sample.ts'
import type { SeenRecords } from '../base/seen-records.ts'
import type { Config } from '../config/types.ts'
import type { Admission, RecordsByTopic } from '../ingest/rate-limiter.ts'
import type { QuotaAmount } from '../ingest/quotas.ts'
import type { MetricsSnapshot } from '../telemetry/metrics/snapshot.ts'
import type { Room } from '../producer/queue-room.ts'
import type { StatisticsData } from '../producer/statistics/statistics-data.ts'
import type { ServiceReport } from '../service/service-view.ts'

/** From the primary to a worker. */
export type ToWorker =
  | {
      readonly kind: 'start'
      readonly slot: number
      readonly workers: number
      readonly config: Config
      readonly isBrokerEmbedded: boolean
    }
  /** Drain and end. */
  | { readonly kind: 'stop'; readonly reason: string }
  /** Accept no new connections; drain and end after the last is closed. */
  | { readonly kind: 'retire' }
  /** Give up everything that `stop` still waits for. */
  | { readonly kind: 'abort' }
  | { readonly kind: 'reopenLog' }
  /** Apply the settings that need no restart. */
  | { readonly kind: 'use'; readonly config: Config }
  /** Answers `acquire`, in order. */
  | { readonly kind: 'granted'; readonly room: Room }
  | { readonly kind: 'roomAgain' }
  /** Answers `admit`. */
  | { readonly kind: 'admitted'; readonly id: number; readonly admission: Admission }
  /** Answers `takeQuota`: 0, or the seconds to wait. */
  | { readonly kind: 'quotaTaken'; readonly id: number; readonly waitSeconds: number }
  /** Answers `enter`. */
  | { readonly kind: 'entered'; readonly id: number; readonly isAdmitted: boolean }
  /** Answers `beginKey`. */
  | { readonly kind: 'keyAsked'; readonly id: number; readonly state: KeyState }
  /** Answers `seeRecords`. */
  | { readonly kind: 'recordsSeen'; readonly id: number; readonly seen: SeenRecords }
  /** Requests `measured`. */
  | { readonly kind: 'measure'; readonly id: number }
  /** Requests `live`: what the page shows of the worker. */
  | { readonly kind: 'look'; readonly id: number }
  /** Answers `askLive`; without a sample if there is none. */
  | { readonly kind: 'liveOfAll'; readonly id: number; readonly sample: LiveSample | undefined }

/** Metrics and statistics of a worker. */
export interface Measurement {
  readonly metrics: MetricsSnapshot
  /** `undefined` if none are collected. */
  readonly statistics: StatisticsData | undefined
}

/** A worker's request for what all workers share. */
export type WorkerRequest =
  | { readonly kind: 'acquire'; readonly room: Room }
  | { readonly kind: 'release'; readonly room: Room }
  | { readonly kind: 'admit'; readonly id: number; readonly wanted: RecordsByTopic }
  | {
      readonly kind: 'takeQuota'
      readonly id: number
      readonly principal: string
      readonly amount: QuotaAmount
    }
  /** A request of a principal with a limit on those in flight. */
  | { readonly kind: 'enter'; readonly id: number; readonly principal: string }
  /** One that was admitted has been answered. */
  | { readonly kind: 'leave'; readonly principal: string }
  | { readonly kind: 'beginKey'; readonly id: number; readonly key: IdempotencyKey }
  | { readonly kind: 'endKey'; readonly key: IdempotencyKey; readonly outcome: KeyOutcome }
  | {
      readonly kind: 'restoreKeys'
      readonly slot: string
      readonly isOwn: boolean
      readonly keys: readonly RestoredKey[]
    }

/** A worker's question for what is in the embedded broker: in one topic or in all, after a position. */
export interface SeeRecords {
  readonly kind: 'seeRecords'
  readonly id: number
  readonly topic: string | undefined
  readonly after: number
}

/** From a worker to the primary. */
export type ToPrimary =
  | WorkerRequest
  | SeeRecords
  /** The worker is ready for `start`. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'started'; readonly httpPort: number }
  /** The worker cannot start: a ProxyError CONFIG_INVALID. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'report'; readonly report: ServiceReport }
  | { readonly kind: 'measured'; readonly id: number; readonly measurement: Measurement }
  | { readonly kind: 'live'; readonly id: number; readonly live: LiveProcess | undefined }
  /** Asks for what the page shows of all workers. */
  | { readonly kind: 'askLive'; readonly id: number }
  /** The last message: lost records, in the shutdown and since the start, and the last measurement. */
  | {
      readonly kind: 'stopped'
      readonly lost: number
      readonly lostRecords: number
      readonly measurement: Measurement
    }

/** One end of the connection between primary and worker. */
export interface Channel<Incoming, Outgoing> {
  /** Sends a message; it is dropped if the other end has closed. */
  send(message: Outgoing): void
  /** Calls `listener` with each message. */
  onMessage(listener: (message: Incoming) => void): void
}
