import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { announce } from '../../src/service/announce.ts'
import { FieldLogger } from '../../src/telemetry/logging/logger.ts'
import { RepeatLimiter } from '../../src/telemetry/logging/repeat-limiter.ts'
import { FakeClock } from '../support/fake-clock.ts'

function warningsOf(...flags: string[]): string[] {
  const warnings: string[] = []
  const logger = new FieldLogger((level, msg) => {
    if (level === 'warn') warnings.push(msg)
  }, new RepeatLimiter(new FakeClock()))
  const argv = ['--kafka.brokers=127.0.0.1:9092', '--http.host=127.0.0.1', ...flags]
  const config = loadConfig({ argv, env: {}, readFile: () => '' })
  announce(logger, config, { httpPort: 4242, metricsPort: 8088 })
  return warnings
}

describe('the start', () => {
  it.each([['2000'], ['29999']])(
    'warns once that a message timeout of %s ms is shorter than the restart of a broker',
    (timeoutMs) => {
      expect(warningsOf(`--kafka.message_timeout_ms=${timeoutMs}`)).toEqual([
        expect.stringContaining(
          'set it to 300000 (5 minutes), or wal.enabled, unless all clients wait',
        ),
      ])
    },
  )

  it.each([['30000'], ['300000'], ['0']])('has no warning with %s ms', (timeoutMs) => {
    expect(warningsOf(`--kafka.message_timeout_ms=${timeoutMs}`)).toEqual([])
  })
})
