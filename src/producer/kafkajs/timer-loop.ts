/**
 * Workaround: kafkajs's RequestQueue always starts its timer again, also if no request is pending: some 900 wake-ups a
 * second per connection, 1.4 % of a core, with negative delays that Node warns about (kafkajs issue 1751). The loop
 * is needed only while requests are held back, for example by throttling.
 */
import type { Connection } from 'kafkajs/src/broker/index.js'

/** Runs the timer of a connection's queue only while requests are pending. */
export function silenceIdleTimerLoop({
  requestQueue,
}: {
  readonly requestQueue: Pick<
    Connection['requestQueue'],
    'pending' | 'scheduleCheckPendingRequests'
  >
}): void {
  const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue)
  requestQueue.scheduleCheckPendingRequests = () => {
    if (requestQueue.pending.length > 0) schedule()
  }
}
