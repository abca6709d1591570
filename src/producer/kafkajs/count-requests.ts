/**
 * Counts for the statistics every request that goes over one connection, of whatever kind, where all of them
 * pass: in the connection's request queue. The kind also says how far the connection is.
 */
import type { Connection } from 'kafkajs/src/broker/index.js'
import type { Clock } from '../../base/clock.ts'
import type { BrokerStatistics, ConnectionStage } from '../statistics/broker-statistics.ts'

/** What a connection is busy with when it sends these; with all others it is up. */
const STAGES: ReadonlyMap<string, ConnectionStage> = new Map([
  ['ApiVersions', 'APIVERSION_QUERY'],
  ['SaslHandshake', 'AUTH_HANDSHAKE'],
  ['SaslAuthenticate', 'AUTH'],
])

/** See the head of this file. */
export function countRequests(
  connection: Connection,
  broker: BrokerStatistics,
  clock: Clock,
): void {
  const { requestQueue } = connection
  const reach = (stage: ConnectionStage): void => {
    if (connection.socket) broker.reached(connection.socket, stage)
  }
  const push = requestQueue.push.bind(requestQueue)
  requestQueue.push = (request) => {
    const { entry, expectResponse, sendRequest } = request
    const queuedMs = clock.nowMs()
    let sentMs: number | undefined
    broker.queued()
    push({
      ...request,
      entry: {
        ...entry,
        resolve: (answer) => {
          if (expectResponse) broker.answered(clock.nowMs() - (sentMs ?? queuedMs))
          else broker.completed()
          if (entry.apiName === 'ApiVersions' && !connection.sasl) reach('UP')
          entry.resolve(answer)
        },
        reject: (error) => {
          if (sentMs === undefined) broker.withdrawn()
          else broker.lost()
          entry.reject(error)
        },
      },
      sendRequest: () => {
        sendRequest()
        // A produce request that was given up while it waited takes itself back instead of being sent.
        if (!requestQueue.inflight.has(entry.correlationId)) {
          broker.withdrawn()
          return
        }
        sentMs = clock.nowMs()
        broker.sent(entry.apiName, sentMs - queuedMs)
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
