/**
 * Workaround: kafkajs's RequestQueue re-arms a timer for ever, also when nothing is pending: some 900
 * wake-ups a second for each connection, 1.4 % of a core, with negative delays that Node warns of
 * (kafkajs issue 1751). The loop is only needed while requests are held back, by throttling say.
 */
import type { Connection } from 'kafkajs/src/broker/index.js'

/** Lets the queue of one connection arm its timer only while requests are pending. */
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
