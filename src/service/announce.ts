/** Log lines at the start of service, the addresses and warnings for the operator, and at its end. */
import type { Config } from '../config/types.ts'
import { allowsAnonymous } from '../settings/access.ts'
import type { LastLine, Logger } from '../telemetry/logging.ts'

/** Where a started kprf listens. */
export interface Addresses {
  readonly httpPort: number
  readonly metricsPort: number
}

/** A broker that restarts, or whose partitions move to others, may be away for this time, ms. */
const BROKER_RESTART_MS = 30_000

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

/** Logs the addresses, and warnings about the configuration. */
export function announce(
  logger: Logger,
  { http, kafka, wal, warnings }: Config,
  { httpPort, metricsPort }: Addresses,
  workers?: number,
): void {
  logger.info('accepting pushes', {
    host: http.host,
    port: httpPort,
    metrics_port: metricsPort,
    brokers: kafka.brokers,
    ...(workers !== undefined && { workers }),
  })
  warnIfOpen(logger, http)
  // 0 is for ever.
  const isShort = kafka.messageTimeoutMs > 0 && kafka.messageTimeoutMs < BROKER_RESTART_MS
  if (isShort && !wal.enabled) {
    logger.warn(
      'records of pushes with wait_for_send: false are lost if Kafka is away for longer than kafka.message_timeout_ms, as when a broker restarts; set it to 300000 (5 minutes), or wal.enabled, unless all clients wait for delivery',
      { message_timeout_ms: kafka.messageTimeoutMs },
    )
  }
  for (const warning of warnings) logger.warn(warning)
}

/** Warns if the port is open to other machines, and asks nobody who they are. */
export function warnIfOpen(logger: Logger, http: Config['http']): void {
  if (!allowsAnonymous(http) || LOOPBACK.has(http.host)) return
  logger.warn(
    'anyone who can reach this address can push: set http.auth.tokens, bind http.host to 127.0.0.1, or keep it inside your network',
    { host: http.host },
  )
}

/** Accepted records that were not delivered. */
export interface LostRecords {
  /** Since the shutdown began: these decide the exit code. */
  readonly inShutdown: number
  /** Since the start, these included. */
  readonly sinceStart: number
}

/** The last line of the log. */
export function lastLine({ inShutdown, sinceStart }: LostRecords): LastLine {
  const level = inShutdown > 0 ? 'error' : sinceStart > 0 ? 'warn' : 'info'
  const fields = { records_not_delivered: inShutdown, records_lost_since_start: sinceStart }
  return { level, msg: 'stopped', fields }
}
