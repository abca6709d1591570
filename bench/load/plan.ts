/** What load there is to be, and what came of it, as they cross between processes. */

/** A load on one port. */
export interface LoadPlan {
  readonly port: number
  /** JSON of pushes, which requests send in turn. */
  readonly bodies: readonly string[]
  readonly connections: number
  readonly warmUpMs: number
  readonly durationMs: number
  /** Opens a connection for each request, as php-fpm does. */
  readonly isConnectionPerRequest: boolean
  /** Requests a second, sent whether or not the server keeps up; `undefined`: each connection at once again. */
  readonly ratePerSecond: number | undefined
}

/** What came of a load. */
export interface LoadResult {
  /** Sent in all. */
  readonly requests: number
  /** Answered after the warm-up and before the end. */
  readonly measured: number
  /** By status, over all; 0 is a connection that broke. */
  readonly statuses: Readonly<Record<string, number>>
  readonly latencyMs: {
    readonly p50: number
    readonly p99: number
    readonly p999: number
    readonly max: number
  }
}
