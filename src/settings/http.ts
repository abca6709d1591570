/** Translates the configuration's `http` section into what the HTTP edge is told. */
import type { Config } from '../config/types.ts'
import { SERVER_LIMITS, type ServerLimits } from '../http/limits.ts'

/** Limits of the port for pushes, of one of so many processes. A client's connections may all be with one of them. */
export function serverLimits({ http }: Config, workers: number): ServerLimits {
  return {
    ...SERVER_LIMITS,
    // Workers share one listening socket, so that none that ends takes connections with it that wait for it.
    acceptsPerTurn: workers > 1 ? 1 : SERVER_LIMITS.acceptsPerTurn,
    maxConnections: Math.ceil(http.maxConnections / workers),
    maxConnectionsPerAddress: http.maxConnectionsPerAddress,
  }
}
