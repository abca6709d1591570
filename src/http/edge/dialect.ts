import { refusalBody, type Refusal } from '../error-body.ts'
import { HTTP_MAPPINGS } from '../error-mapper.ts'

/** Status and body of a reply. */
export interface Reply {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export const JSON_TYPE = 'application/json'

/**
 * The form of error replies of one API. The path of a request selects it, also if the request is refused before its
 * route is looked up: see {@link RouteTable}.
 */
export interface Dialect {
  /** Writes the reply to a request that is refused as a whole. */
  refusal(refusal: Refusal, requestId: string): Reply
}

/** `{"error_code", "message", "request_id"}`: for paths that belong to no API. */
export const PLAIN: Dialect = {
  refusal: (refusal, requestId) => ({
    status: HTTP_MAPPINGS[refusal.code].status,
    contentType: JSON_TYPE,
    body: refusalBody(refusal, requestId),
  }),
}

/** The dialects of all paths. */
export interface Dialects {
  /** Returns the dialect of a path, for every method and also if no route has the path. */
  dialectOf(url: string): Dialect
}

/** For servers with the plain dialect only. */
export const PLAIN_ONLY: Dialects = { dialectOf: () => PLAIN }
