import { expect, it } from 'vitest'
import { ConnectedBrokers } from '../../src/telemetry/connected-brokers.ts'

it('counts brokers with a usable connection, however many connections each has', () => {
  const brokers = new ConnectedBrokers()
  const [first, second, other] = [{}, {}, {}]
  const reached = (broker: string, connection: object, stage: 'CONNECT' | 'UP'): number => {
    brokers.observe({ kind: 'connectionReached', broker, connection, stage })
    return brokers.count
  }
  const closed = (broker: string, connection: object): number => {
    brokers.observe({ kind: 'connectionClosed', broker, connection, end: undefined })
    return brokers.count
  }

  expect(reached('a:9092', first, 'CONNECT')).toBe(0)
  expect(reached('a:9092', first, 'UP')).toBe(1)
  expect(reached('a:9092', second, 'UP')).toBe(1)
  expect(reached('b:9092', other, 'UP')).toBe(2)
  expect(closed('a:9092', first)).toBe(2)
  expect(closed('a:9092', second)).toBe(1)
  expect(closed('c:9092', {})).toBe(1)
  expect(closed('b:9092', other)).toBe(0)
})
