import type { ConnectionPool } from 'kafkajs/src/broker/index.js'
import type { Clock } from '../../base/clock.ts'
import type { EventSink } from '../events.ts'
import { boundAuthentication } from './authentication.ts'
import { countRequests } from './count-requests.ts'
import { guardFraming } from './framing.ts'
import { renewSessionInTime } from './reauthentication.ts'
import { mendThrottling } from './throttling.ts'
import { silenceIdleTimerLoop } from './timer-loop.ts'

/** What {@link mendConnections} works with. */
export interface MendOptions {
  readonly clock: Clock
  readonly events: EventSink
  readonly maxAnswerBytes: number
  readonly connectTimeoutMs: number
}

/** Applies the workarounds to each connection of a broker. @param broker - its name in events. */
export function mendConnections(
  { pool }: ConnectionPool,
  broker: string,
  { clock, events, maxAnswerBytes, connectTimeoutMs }: MendOptions,
): void {
  for (const connection of pool) {
    silenceIdleTimerLoop(connection)
    boundAuthentication(connection, clock, connectTimeoutMs)
    guardFraming(connection, {
      clock,
      maxAnswerBytes,
      onForeignAnswer: () => {
        events.emit({ kind: 'foreignAnswer', broker })
      },
    })
    renewSessionInTime(connection)
    mendThrottling(connection, clock)
    countRequests(connection, { broker, events, clock })
  }
}
