/** Converts the `http` section of the configuration to the options of the HTTP edge. */
import type { Config } from '../config/types.ts'
import { SERVER_LIMITS, type ServerLimits } from '../http/limits.ts'

/** Limits of the push port, in one of several processes. All connections of a client may be in one process. */
export function serverLimits({ http }: Config, workers: number): ServerLimits {
  return {
    ...SERVER_LIMITS,
    // Workers share one listening socket, so that a worker that ends takes no waiting connections with it.
    acceptsPerTurn: workers > 1 ? 1 : SERVER_LIMITS.acceptsPerTurn,
    maxConnections: Math.ceil(http.maxConnections / workers),
    maxConnectionsPerAddress: http.maxConnectionsPerAddress,
    headersTimeoutMs: http.headTimeoutMs,
    bodyTimeoutMs: http.bodyTimeoutMs,
    keepAliveTimeoutMs: http.keepAliveTimeoutMs,
    maxRequestsPerConnection: http.maxRequestsPerConnection,
  }
}
