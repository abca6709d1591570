import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/types.ts'
import { nextConfig } from '../../src/workers/next-config.ts'

function configOf(...flags: string[]): Config {
  const argv = ['--kafka.brokers=localhost:9092', ...flags]
  return loadConfig({ argv, env: {}, readFile: () => '' })
}

describe('nextConfig', () => {
  it('takes over what is a worker’s own', () => {
    const loaded = configOf('--kafka.retries=9', '--http.max_body_bytes=2048', '--log_level=debug')

    expect(nextConfig(configOf(), loaded)).toEqual({ config: loaded, ignored: [] })
  })

  it('keeps what the primary process holds, and names each key that was changed', () => {
    const loaded = configOf(
      '--workers=3',
      '--output_file=/tmp/other.log',
      '--ratelimit.enabled=true',
      '--ratelimit.rules=[{"topic_name":"t","max_requests_per_minute":1}]',
      '--http.host=127.0.0.1',
      '--http.port=1',
      '--http.metrics_port=2',
      '--kafka.queue_buffering_max_messages=5000',
      '--kafka.queue_buffering_max_kbytes=5000',
      '--kafka.queue_memory_max_kbytes=5000',
    )

    const { config, ignored } = nextConfig(configOf(), loaded)

    expect(config).toEqual(configOf())
    expect(ignored).toEqual([
      'workers',
      'output_file',
      'ratelimit',
      'http.host',
      'http.port',
      'http.metrics_port',
      'kafka.queue_buffering_max_messages',
      'kafka.queue_buffering_max_kbytes',
      'kafka.queue_memory_max_kbytes',
    ])
  })
})
