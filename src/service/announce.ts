/** Log lines at the start of service: the addresses, and warnings for the operator. */
import type { Config } from '../config/types.ts'
import type { Logger } from '../telemetry/logging.ts'

/** Where a started kprf listens. */
export interface Addresses {
  readonly httpPort: number
  readonly metricsPort: number
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

/** Logs the addresses, and warnings about the configuration. */
export function announce(
  logger: Logger,
  { http, kafka, warnings }: Config,
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
  if (!LOOPBACK.has(http.host)) {
    logger.warn(
      'anyone who can reach this address can push; bind http.host to 127.0.0.1 or keep it inside your network',
      { host: http.host },
    )
  }
  for (const warning of warnings) logger.warn(warning)
}
