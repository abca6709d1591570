import { refusalBody, refusedPushBody, type Refusal } from '../error-body.ts'

/**
 * The form of error replies of one API. The path of a request selects it, also if the request is refused before its
 * route is looked up: see {@link RouteTable}.
 */
export interface Dialect {
  /** Writes the reply body for a request that is refused as a whole. */
  refusalBody(refusal: Refusal, requestId: string): string
}

/** `{"error_code", "message", "request_id"}`: for paths that belong to no API. */
export const PLAIN: Dialect = { refusalBody }

/** The form of `/push`: the same fields in a failed push, with one element in `errors`. */
export const PUSH: Dialect = { refusalBody: refusedPushBody }

/** The dialects of all paths. */
export interface Dialects {
  /** Returns the dialect of a path, for every method and also if no route has the path. */
  dialectOf(url: string): Dialect
}

/** For servers with the plain dialect only. */
export const PLAIN_ONLY: Dialects = { dialectOf: () => PLAIN }
