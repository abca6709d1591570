/**
 * How an API says no: each has its own shape of an error. Which one a request gets follows from its path, also where
 * the request is refused before a route is looked for: see {@link RouteTable}.
 */
import { refusalBody, refusedPushBody, type Refusal } from '../error-body.ts'

/** See the head of this file. */
export interface Dialect {
  /** Writes the body of a reply to a request that is refused as a whole. */
  refusalBody(refusal: Refusal, requestId: string): string
}

/** `{"error_code", "message", "request_id"}`: what is no API's own. */
export const PLAIN: Dialect = { refusalBody }

/** The same in a failed push, with an element in `errors`. */
export const PUSH: Dialect = { refusalBody: refusedPushBody }

/** The dialects of all paths. */
export interface Dialects {
  /** The dialect of a path, whatever the method, also of one that no route has. */
  dialectOf(url: string): Dialect
}

/** Where there is but one dialect. */
export const PLAIN_ONLY: Dialects = { dialectOf: () => PLAIN }
