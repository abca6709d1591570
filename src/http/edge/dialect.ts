/**
 * How an API says no: each has its own shape of an error. Which one a request gets follows from its path, also where
 * the request is refused before a route is looked for.
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

const BY_PATH: ReadonlyMap<string, Dialect> = new Map([
  ['/push', PUSH],
  ['/push/', PUSH],
])

/** The dialect of a path, whatever the method. */
export function dialectOf(url: string): Dialect {
  const [path = ''] = url.split('?', 1)
  return BY_PATH.get(path) ?? PLAIN
}
