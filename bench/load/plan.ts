/** The plan and the result of a load, in the form that crosses processes. */

/** A load on one port. */
export interface LoadPlan {
  readonly port: number
  /** @defaultValue `/push` */
  readonly target?: string
  /** JSON bodies that requests send in turn. */
  readonly bodies: readonly string[]
  readonly connections: number
  /** Further header lines. */
  readonly headers?: readonly string[]
  readonly warmUpMs: number
  readonly durationMs: number
  /** Opens a connection for each request, as php-fpm does. */
  readonly isConnectionPerRequest: boolean
  /**
   * Requests a second, sent whether or not the server keeps up; `undefined`: each connection sends again at once.
   */
  readonly ratePerSecond: number | undefined
}

/** The result of a load. */
export interface LoadResult {
  /** Number of requests sent. */
  readonly requests: number
  /** Number of requests answered after the warm-up and before the end. */
  readonly measured: number
  /** Requests by status; 0 is a broken connection. */
  readonly statuses: Readonly<Record<string, number>>
  readonly latencyMs: {
    readonly p50: number
    readonly p99: number
    readonly p999: number
    readonly max: number
  }
}
