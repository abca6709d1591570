/** Decides which changes of a configuration take effect when the workers are restarted. */
import type { Config } from '../config/types.ts'

/** A configuration for new workers. */
export interface NextConfig {
  readonly config: Config
  /** Changed keys that take effect only when the primary process is restarted. */
  readonly ignored: readonly string[]
}

/** Takes over the settings of workers; those of the primary process stay. */
export function nextConfig(current: Config, loaded: Config): NextConfig {
  const { host, port, metricsPort } = current.http
  const { queueBufferingMaxMessages, queueBufferingMaxKbytes, queueMemoryMaxKbytes } = current.kafka
  const config: Config = {
    ...loaded,
    workers: current.workers,
    outputFile: current.outputFile,
    ratelimit: current.ratelimit,
    http: { ...loaded.http, host, port, metricsPort },
    kafka: {
      ...loaded.kafka,
      ...{ queueBufferingMaxMessages, queueBufferingMaxKbytes, queueMemoryMaxKbytes },
    },
  }
  const held: readonly (readonly [string, (config: Config) => unknown])[] = [
    ['workers', ({ workers }) => workers],
    ['output_file', ({ outputFile }) => outputFile],
    ['ratelimit', ({ ratelimit }) => ratelimit],
    ['http.host', ({ http }) => http.host],
    ['http.port', ({ http }) => http.port],
    ['http.metrics_port', ({ http }) => http.metricsPort],
    [
      'kafka.queue_buffering_max_messages',
      ({ kafka: { queueBufferingMaxMessages } }) => queueBufferingMaxMessages,
    ],
    [
      'kafka.queue_buffering_max_kbytes',
      ({ kafka: { queueBufferingMaxKbytes } }) => queueBufferingMaxKbytes,
    ],
    [
      'kafka.queue_memory_max_kbytes',
      ({ kafka: { queueMemoryMaxKbytes } }) => queueMemoryMaxKbytes,
    ],
  ]
  const ignored = held
    .filter(([, read]) => JSON.stringify(read(loaded)) !== JSON.stringify(read(current)))
    .map(([key]) => key)
  return { config, ignored }
}
