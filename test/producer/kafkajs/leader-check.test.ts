import { describe, expect, it } from 'vitest'
import { LeaderCheck } from '../../../src/producer/kafkajs/leader-check.ts'
import { Reachability } from '../../../src/producer/kafkajs/reachability.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { errors } from '../../support/kafkajs-internals.ts'

const UNRESOLVED = new errors.KafkaJSConnectionError(
  'Connection error: getaddrinfo ENOTFOUND inside',
  { broker: 'inside:9092', code: 'ENOTFOUND' },
)

/** A LeaderCheck of a cluster whose leaders answer as the test wants. */
function make() {
  const clock = new FakeClock()
  const lines: string[] = []
  const leaders = { isConnected: false, error: undefined as Error | undefined, asked: 0 }
  const reachability = new Reachability({
    clock,
    log: (level, message, { advertised }) =>
      lines.push([level, message, ...(Array.isArray(advertised) ? advertised : [])].join(' ')),
    onAvailable: () => undefined,
  })
  const check = new LeaderCheck(
    { reconnectBackoffMs: 100, reconnectBackoffMaxMs: 1_000 },
    {
      clock,
      random: () => 1 / 3,
      reachability,
      cluster: () => ({
        reachesLeaders: () => leaders.isConnected,
        askLeaders: () => {
          leaders.asked += 1
          if (leaders.error) return Promise.reject(leaders.error)
          leaders.isConnected = true
          return Promise.resolve()
        },
        advertisedAddresses: () => ['inside:9092'],
      }),
    },
  )
  return { clock, lines, leaders, reachability, check }
}

describe('LeaderCheck', () => {
  it('asks nobody if a broker that records are sent to is connected', () => {
    const { leaders, reachability, check } = make()
    leaders.isConnected = true

    check.answered()

    expect([leaders.asked, reachability.availability]).toEqual([0, 'up'])
  })

  it('finds that no broker can be reached at its advertised address, and says so once', async () => {
    const { clock, lines, leaders, reachability, check } = make()
    leaders.error = UNRESOLVED

    check.answered()
    check.answered()
    await clock.advance(5_000)

    expect(reachability.availability).toBe('leadersUnreachable')
    expect(leaders.asked).toBeGreaterThan(4)
    expect(lines).toEqual(['error Kafka is not reachable inside:9092'])
  })

  it('finds out without an answer of anybody that they can be reached again', async () => {
    const { clock, lines, leaders, reachability, check } = make()
    leaders.error = UNRESOLVED
    check.answered()
    await clock.advance(5_000)

    leaders.error = undefined
    await clock.advance(1_000)

    expect(reachability.availability).toBe('up')
    expect(lines.at(-1)).toBe('info Kafka is reachable')
    expect(clock.timers).toBe(0)
  })

  it('is told of a refusal of TLS as of one', async () => {
    const { clock, leaders, reachability, check } = make()
    leaders.error = Object.assign(new Error('altnames'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })

    check.answered()
    await clock.advance(0)

    expect(reachability.availability).toBe('tlsFailed')
  })

  it('asks nobody any more once it is closed', async () => {
    const { clock, leaders, check } = make()
    leaders.error = UNRESOLVED
    check.answered()
    await clock.advance(0)

    check.close()
    await clock.advance(10_000)
    check.answered()

    expect([leaders.asked, clock.timers]).toEqual([1, 0])
  })
})
