/** What a primary process and its workers say to each other. */
import type { Config } from '../config/types.ts'
import type { Admission, RecordsByTopic } from '../ingest/rate-limiter.ts'
import type { MetricsSnapshot } from '../telemetry/metrics/metrics.ts'
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
    }
  /** Drain and end. */
  | { readonly kind: 'stop'; readonly reason: string }
  /** Take no new connections; once the last is closed, drain and end. */
  | { readonly kind: 'retire' }
  /** Give up whatever `stop` still waits for. */
  | { readonly kind: 'abort' }
  | { readonly kind: 'reopenLog' }
  /** Answers `acquire`; they are answered in order. */
  | { readonly kind: 'granted'; readonly room: Room }
  | { readonly kind: 'roomAgain' }
  /** Answers `admit`. */
  | { readonly kind: 'admitted'; readonly id: number; readonly admission: Admission }
  /** Asks for `measured`. */
  | { readonly kind: 'measure'; readonly id: number }

/** What a worker measures of itself. */
export interface Measurement {
  readonly metrics: MetricsSnapshot
  /** `undefined` where none are kept. */
  readonly statistics: StatisticsData | undefined
}

/** What a worker asks of what all share. */
export type WorkerRequest =
  | { readonly kind: 'acquire'; readonly room: Room }
  | { readonly kind: 'release'; readonly room: Room }
  | { readonly kind: 'admit'; readonly id: number; readonly wanted: RecordsByTopic }

/** From a worker to the primary. */
export type ToPrimary =
  | WorkerRequest
  /** It listens for messages: `start` may come. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'started'; readonly httpPort: number }
  /** It cannot start: a ProxyError CONFIG_INVALID. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'report'; readonly report: ServiceReport }
  | { readonly kind: 'measured'; readonly id: number; readonly measurement: Measurement }
  /** The last message: how many records were lost in the end, and what was measured until then. */
  | { readonly kind: 'stopped'; readonly lost: number; readonly measurement: Measurement }

/** One end of the connection between the two. */
export interface Channel<Incoming, Outgoing> {
  /** Says something; what the other end does not take any more is dropped. */
  send(message: Outgoing): void
  /** Has `listener` called with each message. */
  onMessage(listener: (message: Incoming) => void): void
}
