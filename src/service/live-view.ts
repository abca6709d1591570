import type { BuildInfo } from '../base/build-info.ts'
import type { Clock } from '../base/clock.ts'
import type {
  LiveCheck,
  LiveIdentity,
  LiveLog,
  LiveProcess,
  LiveQueues,
  LiveSample,
  LiveSource,
} from '../base/live-sample.ts'
import type { WalState } from '../base/wal-state.ts'
import type { Config } from '../config/types.ts'
import type { ConnectionCounts } from '../http/http-metrics.ts'
import { totalRoom } from '../settings/kafka.ts'
import type { BrokerWatch } from '../telemetry/live/broker-watch.ts'
import type { Problems } from '../telemetry/live/problems.ts'
import type { Metrics } from '../telemetry/metrics/metrics.ts'
import type { KprfState } from '../telemetry/metrics/state-gauges.ts'

/** Whose page it is. */
export function liveIdentity(
  config: Config,
  { version, commitHash: commit }: BuildInfo,
  isBrokerEmbedded: boolean,
): LiveIdentity {
  const hasStatistics = config.kafka.statisticsIntervalMs > 0
  return { version, commit, hasStatistics, isBrokerEmbedded }
}

/** Dependencies of a {@link LiveView}. */
export interface LiveViewOptions {
  readonly identity: LiveIdentity
  readonly config: Config
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'liveCounts'>
  readonly problems: Problems
  readonly brokers: BrokerWatch
  readonly state: () => KprfState
  /** `undefined` without a write-ahead log. */
  readonly wal: (() => WalState) | undefined
  readonly connections: () => ConnectionCounts
  readonly checks: () => readonly LiveCheck[]
}

/** What the page shows of one process. */
export class LiveView implements LiveSource {
  readonly identity: LiveIdentity
  readonly #options: LiveViewOptions

  constructor(options: LiveViewOptions) {
    this.identity = options.identity
    this.#options = options
  }

  take(): LiveSample {
    const { clock, checks } = this.#options
    return { ...this.process(), atMs: clock.nowMs(), checks: checks(), workers: [] }
  }

  /** The part that is added up over several processes. */
  process(): LiveProcess {
    const { metrics, problems, brokers, connections } = this.#options
    const { active, idle } = connections()
    return {
      counts: metrics.liveCounts(),
      queues: this.#queues(),
      brokers: brokers.list(),
      problems: problems.list(),
      topicFailures: problems.topicFailures(),
      connections: active + idle,
    }
  }

  #queues(): LiveQueues {
    const { config, state, wal } = this.#options
    const now = state()
    const { records, bytes } = totalRoom(config)
    return {
      records: { used: now.queueRecords, limit: limitOf(records) },
      bytes: { used: now.queueBytes, limit: limitOf(bytes) },
      memory: { used: now.queueMemoryBytes, limit: now.queueMemoryLimitBytes },
      oldestAgeMs: now.queueOldestAgeMs,
      log: wal && logOf(wal()),
    }
  }
}

function logOf(state: WalState): LiveLog {
  const { bytes, limitBytes, pendingRecords, oldestAgeMs, freeBytes, condition } = state
  const fill = { used: bytes, limit: limitBytes }
  const isAccepting = condition === 'accepting'
  return { bytes: fill, pendingRecords, oldestAgeMs, freeBytes, isAccepting }
}

/** JSON has no infinity. */
function limitOf(limit: number): number | undefined {
  return Number.isFinite(limit) ? limit : undefined
}
