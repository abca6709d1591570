import { describe, expect, it } from 'vitest'
import { BrokerLog } from '../../../src/producer/kafkajs/broker-log.ts'
import { SecurityBackoff } from '../../../src/producer/kafkajs/security-backoff.ts'
import { TokenError } from '../../../src/producer/security/bearer-token.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { errors } from '../../support/kafkajs-internals.ts'
import { RecordingEvents } from '../../support/recording-events.ts'

const refused = new errors.KafkaJSSASLAuthenticationError(
  'SASL PLAIN authentication failed: Authentication failed: Invalid username or password',
)
const untrusted = new errors.KafkaJSConnectionError('Connection error: certificate has expired', {
  broker: 'a:1',
  code: 'CERT_HAS_EXPIRED',
})

/** SecurityBackoff on a clock of the test, and its log. */
function make() {
  const clock = new FakeClock()
  const events = new RecordingEvents()
  const lines: object[] = []
  const backoff = new SecurityBackoff(
    { reconnectBackoffMs: 100, reconnectBackoffMaxMs: 3_000 },
    {
      clock,
      events,
      random: () => 1 / 3,
      brokerLog: new BrokerLog({
        clock,
        bootstrap: [],
        mechanism: 'plain',
        log: (level, message, fields) => lines.push({ level, message, ...fields }),
      }),
    },
  )
  return { clock, events, lines, backoff }
}

describe('SecurityBackoff', () => {
  it('log which broker refused what, why, and what to check', () => {
    const { lines, backoff } = make()

    backoff.failed('a:1', refused)
    backoff.failed('b:1', untrusted)

    expect(lines).toEqual([
      {
        level: 'error',
        message: 'Kafka refuses the credentials',
        broker: 'a:1',
        mechanism: 'plain',
        reason: refused.message,
        check: expect.stringContaining('kafka.user') as string,
        retry_in_ms: 1_000,
      },
      {
        level: 'error',
        message: 'TLS with a broker failed',
        broker: 'b:1',
        reason: 'certificate has expired',
        check: expect.stringContaining('certificate') as string,
        retry_in_ms: 1_000,
      },
    ])
  })

  it('are logged once for all connections that were refused together, and each is counted', () => {
    const { lines, events, backoff } = make()

    backoff.failed('a:1', refused)
    backoff.failed('a:1', refused)

    expect(lines).toHaveLength(1)
    expect(events.authenticationFailures).toBe(2)
  })

  it('make kprf avoid the broker for a backoff that doubles up to the maximum', async () => {
    const { clock, backoff } = make()
    const waits: number[] = []
    for (let attempt = 0; attempt < 4; attempt += 1) {
      backoff.failed('a:1', refused)
      const startedMs = clock.nowMs()
      expect(() => {
        backoff.assertOpen('a:1')
      }).toThrow(refused)
      while (isHeld(backoff)) await clock.advance(1)
      waits.push(clock.nowMs() - startedMs)
    }

    expect(waits).toEqual([1_000, 2_000, 3_000, 3_000])
  })

  it('do not make kprf avoid other brokers', () => {
    const { backoff } = make()
    backoff.failed('a:1', refused)

    expect(() => {
      backoff.assertOpen('b:1')
    }).not.toThrow()
  })

  it('are forgotten once the broker accepts kprf', async () => {
    const { clock, backoff } = make()
    backoff.failed('a:1', refused)
    await clock.advance(1_000)
    backoff.failed('a:1', refused)

    backoff.succeeded('a:1')
    backoff.assertOpen('a:1')
    backoff.failed('a:1', refused)

    await clock.advance(1_000)
    expect(isHeld(backoff)).toBe(false)
  })

  it.each<[string, Error]>([
    ['no token, of which its source tells', new TokenError('the endpoint is down')],
    ['a broker that is not there', Object.assign(new Error('no'), { code: 'ECONNREFUSED' })],
    ['an answer', new Error('not leader')],
  ])('are not %s', (_, error) => {
    const { lines, events, backoff } = make()

    backoff.failed('a:1', error)

    expect(() => {
      backoff.assertOpen('a:1')
    }).not.toThrow()
    expect(lines).toEqual([])
    expect(events.authenticationFailures).toBe(0)
  })
})

function isHeld(backoff: SecurityBackoff): boolean {
  try {
    backoff.assertOpen('a:1')
    return false
  } catch {
    return true
  }
}
