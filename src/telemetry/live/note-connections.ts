import type { EdgeMetrics } from '../metrics/edge-metrics.ts'
import { isErrorCode } from './problem-kinds.ts'
import type { Problems } from './problems.ts'

type Observer = Pick<EdgeMetrics, 'clientFailed' | 'connectionDropped' | 'requestRefused'>

/** Remembers what clients sent that was refused before its path was looked at, and counts it as before. */
export function noteConnections(problems: Problems, next: Observer): Observer {
  return {
    clientFailed: (name) => {
      const code = name.toUpperCase()
      // The others are no mistakes of what was sent: the client left, for example.
      if (isErrorCode(code)) problems.add({ code, requests: 1 })
      next.clientFailed(name)
    },
    connectionDropped: (reason) => {
      next.connectionDropped(reason)
    },
    requestRefused: (method, status) => {
      next.requestRefused(method, status)
    },
  }
}
