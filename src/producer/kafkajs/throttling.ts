/**
 * Workaround: kafkajs holds back all requests of a connection for as long as any answer asks (KIP-219), without a limit.
 * A malformed answer may by chance ask for days, during which the connection is open but unused. So kprf obeys only
 * answers to Produce requests, which must name what was produced, and only up to a limit. This harms no quota: a broker
 * that wants to throttle for longer does not read the connection meanwhile.
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
 * Makes kafkajs ignore the throttle times in answers, and measure by the steady clock for how long it holds requests back.
 * Workaround: kafkajs compares the end of that time with `Date.now()`, so that a clock of the machine that is set back by
 * an hour would keep every request from being sent for an hour.
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
