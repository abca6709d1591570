import { describe, expect, it } from 'vitest'
import { BrokerLog } from '../../../src/producer/kafkajs/broker-log.ts'
import { NOT_KAFKA, SocketEnd } from '../../../src/producer/kafkajs/sockets.ts'
import { TokenError } from '../../../src/producer/security/bearer-token.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { errors } from '../../support/kafkajs-internals.ts'

const failed = (words: string, code?: string): Error =>
  new errors.KafkaJSConnectionError(`Connection error: ${words}`, { broker: 'a:1', code })
const REFUSED = failed('connect ECONNREFUSED 10.0.0.1:9092', 'ECONNREFUSED')
const UNRESOLVED = failed('getaddrinfo ENOTFOUND a', 'ENOTFOUND')
const WRONG_PASSWORD = new errors.KafkaJSSASLAuthenticationError(
  'SASL PLAIN authentication failed: Authentication failed: Invalid username or password',
)

interface Line {
  readonly level: string
  readonly message: string
  readonly broker?: unknown
  readonly reason?: unknown
  readonly check?: unknown
}

/** A BrokerLog on a clock of the test, whose `kafka.brokers` is a:1, and its lines. */
function make() {
  const clock = new FakeClock()
  const lines: Line[] = []
  const brokerLog = new BrokerLog({
    clock,
    bootstrap: ['a:1'],
    mechanism: 'plain',
    log: (level, message, fields) => lines.push({ level, message, ...fields }),
  })
  return { clock, lines, brokerLog }
}

describe('BrokerLog', () => {
  it('says which broker failed, why, what to check, and when kprf connects again', () => {
    const { lines, brokerLog } = make()

    brokerLog.failed('a:1', REFUSED, 99.6)

    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'connection to a broker failed',
        broker: 'a:1',
        reason: 'connect ECONNREFUSED 10.0.0.1:9092',
        check: 'that the broker runs, and its address in kafka.brokers',
        retry_in_ms: 100,
      },
    ])
  })

  it('remembers 1,000 brokers: the one that failed first is new again', () => {
    const { lines, brokerLog } = make()
    const fail = (number: number): void => {
      brokerLog.failed(`broker-${number}:1`, REFUSED)
    }
    for (let number = 0; number < 1_000; number += 1) fail(number)
    fail(0)
    expect(lines).toHaveLength(1_000)

    fail(1_000)
    fail(0)

    expect(lines).toHaveLength(1_002)
  })

  it.each([
    ['a wrong password', WRONG_PASSWORD, 'Kafka refuses the credentials'],
    ['TLS', failed('certificate has expired', 'CERT_HAS_EXPIRED'), 'TLS with a broker failed'],
  ])('logs a failure of security at level error: %s', (_, error, message) => {
    const { lines, brokerLog } = make()

    brokerLog.failed('a:1', error)

    expect(lines).toMatchObject([{ level: 'error', message, broker: 'a:1' }])
  })

  it('leaves it to the token source to log that there is no token', () => {
    const { lines, brokerLog } = make()

    brokerLog.failed('a:1', new TokenError('the endpoint is down'))

    expect(lines).toEqual([])
  })

  it('does not log that kprf closes a connection', () => {
    const { lines, brokerLog } = make()

    brokerLog.failed('a:1', failed(new SocketEnd('intended', 'the connection was idle').message))

    expect(lines).toEqual([])
  })

  it('logs the same cause again after 1 s, 2 s, 4 s and so on, up to 30 s', async () => {
    const { clock, lines, brokerLog } = make()
    const atSeconds: number[] = []
    for (let second = 0; second <= 120; second += 1) {
      const before = lines.length
      // As many connections and requests as there may be.
      for (let attempt = 0; attempt < 5; attempt += 1) brokerLog.failed('a:1', REFUSED)
      if (lines.length > before) atSeconds.push(second)
      await clock.advance(1_000)
    }

    expect(atSeconds).toEqual([0, 1, 3, 7, 15, 31, 61, 91])
    expect(lines).toHaveLength(atSeconds.length)
  })

  it('logs another cause at once, and does not take a number for another cause', () => {
    const { lines, brokerLog } = make()

    brokerLog.failed('a:1', REFUSED)
    brokerLog.failed('a:1', failed('malformed answer: correlation id 7 was never sent'))
    brokerLog.failed('a:1', failed('malformed answer: correlation id 8 was never sent'))
    brokerLog.failed('a:1', REFUSED)

    expect(lines.map(({ reason }) => reason)).toEqual([
      'connect ECONNREFUSED 10.0.0.1:9092',
      'malformed answer: correlation id 7 was never sent',
    ])
  })

  it('does not log every cause at once if each is another one', () => {
    const { lines, brokerLog } = make()

    for (const letter of 'abcdefghijklmnopqrstuvwxyz') brokerLog.failed('a:1', failed(letter))

    expect(lines).toHaveLength(8)
  })

  it('logs each of several brokers that fail together', () => {
    const { lines, brokerLog } = make()

    brokerLog.failed('a:1', REFUSED)
    brokerLog.failed('b:1', REFUSED)
    brokerLog.failed('a:1', REFUSED)

    expect(lines.map(({ broker }) => broker)).toEqual(['a:1', 'b:1'])
  })

  it('says once that a broker works again, and begins anew after that', () => {
    const { lines, brokerLog } = make()
    brokerLog.failed('a:1', REFUSED)

    brokerLog.succeeded('a:1')
    brokerLog.succeeded('a:1')
    brokerLog.succeeded('b:1')
    brokerLog.failed('a:1', REFUSED)

    expect(lines).toMatchObject([
      { level: 'warn' },
      { level: 'info', message: 'connected to a broker again', broker: 'a:1' },
      { level: 'warn' },
    ])
  })

  it('says that a broker throttles kprf, and repeats it after growing pauses, also between answers', async () => {
    const { clock, lines, brokerLog } = make()
    for (let second = 0; second < 4; second += 1) {
      brokerLog.throttled('a:1', 700)
      brokerLog.succeeded('a:1')
      await clock.advance(1_000)
    }

    expect(lines).toEqual(
      [1, 2, 3].map(() => ({
        level: 'warn',
        message: 'a broker throttles kprf',
        broker: 'a:1',
        throttle_ms: 700,
        check: expect.stringContaining('producer_byte_rate') as string,
      })),
    )
  })

  it('says at once that a broker throttles kprf again after a long time without it', async () => {
    const { clock, lines, brokerLog } = make()
    brokerLog.throttled('a:1', 700)
    await clock.advance(60_000)

    brokerLog.throttled('a:1', 700)
    await clock.advance(1_000)
    brokerLog.throttled('a:1', 700)

    expect(lines).toHaveLength(3)
  })

  it.each([
    ['refuses', REFUSED],
    ['cannot be resolved', UNRESOLVED],
    ['is no Kafka', failed('it answers like an HTTP server, not like Kafka', NOT_KAFKA)],
  ])(
    'names kafka.brokers for an address in it that %s, and else advertised.listeners',
    (_, error) => {
      const { lines, brokerLog } = make()

      brokerLog.failed('a:1', error)
      brokerLog.failed('other:1', error)

      expect(lines.map(({ check }) => check)).toEqual([
        expect.stringContaining('kafka.brokers'),
        expect.stringContaining("the brokers' advertised.listeners"),
      ])
    },
  )
})
