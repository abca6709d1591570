import { describe, expect, it } from 'vitest'
import { BrokerBackoff } from '../../../src/producer/kafkajs/broker-backoff.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const A = 'a:9092'
const B = 'b:9092'

function closedGate(): { readonly clock: FakeClock; readonly gate: BrokerBackoff } {
  const clock = new FakeClock()
  // A third of the way from -25 % to +50 %: no jitter.
  const settings = { reconnectBackoffMs: 100, reconnectBackoffMaxMs: 350 }
  const gate = new BrokerBackoff(settings, { clock, random: () => 1 / 3 })
  gate.failed(A, new Error('refused'))
  return { clock, gate }
}

describe('BrokerBackoff', () => {
  it('avoids an unreachable broker for reconnect.backoff.ms', async () => {
    const { clock, gate } = closedGate()

    await clock.advance(99)
    expect(() => {
      gate.assertOpen(A)
    }).toThrow('refused')
    await clock.advance(1)

    gate.assertOpen(A)
  })

  it('avoids no other broker', () => {
    closedGate().gate.assertOpen(B)
  })

  it('doubles the time up to reconnect.backoff.max.ms, and tells the latest reason', async () => {
    const { clock, gate } = closedGate()
    const waits: number[] = []

    for (const reason of ['second', 'third', 'fourth']) {
      gate.failed(A, new Error(reason))
      const failedMs = clock.nowMs()
      expect(() => {
        gate.assertOpen(A)
      }).toThrow(reason)
      while (isClosed(gate)) await clock.advance(1)
      waits.push(clock.nowMs() - failedMs)
    }

    expect(waits).toEqual([200, 350, 350])
  })

  it('starts again from the shortest wait after a success', async () => {
    const { clock, gate } = closedGate()
    gate.succeeded(A)
    gate.assertOpen(A)

    gate.failed(A, new Error('again'))
    await clock.advance(100)

    gate.assertOpen(A)
  })
})

function isClosed(gate: BrokerBackoff): boolean {
  try {
    gate.assertOpen(A)
    return false
  } catch {
    return true
  }
}
