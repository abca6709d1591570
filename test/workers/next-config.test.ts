import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/types.ts'
import { nextConfig } from '../../src/workers/next-config.ts'

function configOf(...flags: string[]): Config {
  const argv = ['--kafka.brokers=localhost:9092', ...flags]
  return loadConfig({ argv, env: {}, readFile: () => '' })
}

describe('nextConfig', () => {
  it('takes over what is a worker’s own, and what needs no restart', () => {
    const loaded = configOf(
      ...['--kafka.retries=9', '--http.max_body_bytes=2048', '--log_level=debug'],
      ...['--ratelimit.enabled=true', '--http.topics.allow=t'],
      '--ratelimit.rules=[{"topic_name":"t","max_requests_per_minute":1}]',
      '--http.quotas=[{"principals":["anonymous"],"records_per_second":5}]',
    )

    expect(nextConfig(configOf(), loaded)).toEqual({ config: loaded, ignored: [] })
  })

  it('keeps what the primary process holds, and names each key that was changed', () => {
    const loaded = configOf(
      '--workers=3',
      '--output_file=/tmp/other.log',
      '--log_format=pretty',
      '--http.host=127.0.0.1',
      '--http.port=1',
      '--http.metrics_port=2',
      '--http.metrics_tls.cert_file=c',
      '--http.metrics_tls.key_file=k',
      '--http.idempotency.max_keys=5',
      '--kafka.queue_buffering_max_messages=5000',
      '--kafka.queue_buffering_max_kbytes=5000',
      '--kafka.queue_memory_max_kbytes=5000',
      '--wal.enabled=true',
      '--wal.dir=/elsewhere',
    )

    const { config, ignored } = nextConfig(configOf(), loaded)

    expect(config).toEqual({
      ...configOf(),
      kafka: { ...configOf().kafka, retries: loaded.kafka.retries },
    })
    expect(new Set(ignored)).toEqual(
      new Set([
        'workers',
        'output_file',
        'log_format',
        'http.host',
        'http.port',
        'http.metrics_port',
        'http.metrics_tls.cert_file',
        'http.metrics_tls.key_file',
        'http.idempotency.max_keys',
        'kafka.queue_buffering_max_messages',
        'kafka.queue_buffering_max_kbytes',
        'kafka.queue_memory_max_kbytes',
        'wal.enabled',
        'wal.dir',
      ]),
    )
  })
})
