/**
 * Workaround: kafkajs holds back all requests of a connection for as long as any answer asks (KIP-219), however long. A
 * malformed answer that can be read by chance may ask for days, and the connection is up and silent until then. So only
 * the answers to Produce requests count, which name what was produced, and only up to a limit. Nothing is lost by this:
 * a broker that wants more does not read the connection meanwhile.
 */
import type { Connection } from 'kafkajs/src/broker/index.js'
import type { Clock } from '../../base/clock.ts'

/** The longest time for which requests are held back, ms. By default, brokers ask for no more than 10 s. */
export const MAX_THROTTLE_MS = 15_000

/** A connection, as far as it holds back requests. */
interface Throttled {
  readonly requestQueue: Pick<Connection['requestQueue'], 'maybeThrottle' | 'throttledUntil'>
}

/**
 * Keeps kafkajs from holding requests back for what answers say. Workaround too: kafkajs knows by the clock of the machine
 * until when it holds back, so that a clock that is set back by an hour would keep everything from being sent for an
 * hour. The time counts by the steady clock instead.
 */
export function mendThrottling({ requestQueue }: Throttled, clock: Pick<Clock, 'nowMs'>): void {
  requestQueue.maybeThrottle = () => undefined
  let untilMs = 0
  Object.defineProperty(requestQueue, 'throttledUntil', {
    get: () => Date.now() + untilMs - clock.nowMs(),
    set: (dateMs: number) => {
      untilMs = clock.nowMs() + dateMs - Date.now()
    },
  })
}

/**
 * Holds back the next requests of a connection, as the answer to a Produce request asks.
 *
 * @param throttleMs - `undefined` if the broker has held back the answer itself.
 */
export function throttle({ requestQueue }: Throttled, throttleMs: number | undefined): void {
  if (throttleMs === undefined || throttleMs <= 0) return
  const untilMs = Date.now() + Math.min(throttleMs, MAX_THROTTLE_MS)
  requestQueue.throttledUntil = Math.max(requestQueue.throttledUntil, untilMs)
}
