/** Decides which changes of a configuration take effect when the workers are restarted. */
import { changedKeys } from '../config/reload.ts'
import type { Config } from '../config/types.ts'

/** A configuration for new workers. */
export interface NextConfig {
  readonly config: Config
  /** Changed keys that take effect only when the primary process is restarted. */
  readonly ignored: readonly string[]
}

/** Takes over the settings of workers, and those that need no restart; those of the primary process stay. */
export function nextConfig(current: Config, loaded: Config): NextConfig {
  const { workers, outputFile, logFormat } = current
  const { host, port, metricsPort, metricsTls, idempotency } = current.http
  const { queueBufferingMaxMessages, queueBufferingMaxKbytes, queueMemoryMaxKbytes } = current.kafka
  const { enabled, dir } = current.wal
  const config: Config = {
    ...loaded,
    ...{ workers, outputFile, logFormat },
    http: { ...loaded.http, host, port, metricsPort, metricsTls, idempotency },
    kafka: {
      ...loaded.kafka,
      ...{ queueBufferingMaxMessages, queueBufferingMaxKbytes, queueMemoryMaxKbytes },
    },
    wal: { ...loaded.wal, enabled, dir },
  }
  return { config, ignored: changedKeys(config, loaded) }
}
