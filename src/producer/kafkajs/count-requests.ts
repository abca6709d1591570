import type { Connection } from 'kafkajs/src/broker/index.js'
import type { Clock } from '../../base/clock.ts'
import type { BrokerEvent, ConnectionStage, EventSink } from '../events.ts'

/** The stage of a connection on which these requests are sent. Other requests are sent once it is up. */
const STAGES: ReadonlyMap<string, ConnectionStage> = new Map([
  ['ApiVersions', 'APIVERSION_QUERY'],
  ['SaslHandshake', 'AUTH_HANDSHAKE'],
  ['SaslAuthenticate', 'AUTH'],
])

/** What {@link countRequests} works with. */
export interface CountRequestsOptions {
  /** The name of the broker in events. */
  readonly broker: string
  readonly events: EventSink
  readonly clock: Clock
}

/**
 * Emits an event for each step of every request on one connection. It does so in the connection's request queue, which
 * requests of all kinds pass. The kind of a request also shows the stage of the connection.
 */
export function countRequests(
  connection: Connection,
  { broker, events, clock }: CountRequestsOptions,
): void {
  const { requestQueue } = connection
  const tell = (
    kind: (BrokerEvent & {
      kind: 'requestQueued' | 'requestCompleted' | 'requestWithdrawn' | 'requestLost'
    })['kind'],
  ): void => {
    events.emit({ kind, broker })
  }
  const reach = (stage: ConnectionStage): void => {
    const { socket } = connection
    if (socket) events.emit({ kind: 'connectionReached', broker, connection: socket, stage })
  }
  const push = requestQueue.push.bind(requestQueue)
  requestQueue.push = (request) => {
    const { entry, expectResponse, sendRequest } = request
    const queuedMs = clock.nowMs()
    let sentMs: number | undefined
    tell('requestQueued')
    push({
      ...request,
      entry: {
        ...entry,
        resolve: (answer) => {
          const roundTripMs = clock.nowMs() - (sentMs ?? queuedMs)
          if (expectResponse) events.emit({ kind: 'requestAnswered', broker, roundTripMs })
          else tell('requestCompleted')
          if (entry.apiName === 'ApiVersions' && !connection.sasl) reach('UP')
          entry.resolve(answer)
        },
        reject: (error) => {
          tell(sentMs === undefined ? 'requestWithdrawn' : 'requestLost')
          entry.reject(error)
        },
      },
      sendRequest: () => {
        sendRequest()
        // A produce request that was given up while it waited removes itself instead of being sent.
        if (!requestQueue.inflight.has(entry.correlationId)) {
          tell('requestWithdrawn')
          return
        }
        sentMs = clock.nowMs()
        const waitedMs = sentMs - queuedMs
        events.emit({ kind: 'requestSent', broker, api: entry.apiName, waitedMs })
        reach(STAGES.get(entry.apiName) ?? 'UP')
      },
    })
  }
  const authenticate = connection.authenticate.bind(connection)
  connection.authenticate = async () => {
    await authenticate()
    if (connection.isAuthenticated()) reach('UP')
  }
}
