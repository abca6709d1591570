/**
 * Writes replies, all of them JSON, without Express: its `res.json` costs more than all else in a push.
 * Bodies are strings, because Node sends head and body in one write only then.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  HTTP_MAPPINGS,
  NO_CONTENT_STATUS,
  RETRY_AFTER_UNAVAILABLE_SECONDS,
} from './error-mapper.ts'
import { bodyBytesOf } from './body-framing.ts'
import { discardBody } from './discard-body.ts'
import type { Dialect } from './edge/dialect.ts'
import type { Refusal } from './error-body.ts'

/** Names and values of further headers in turn, as `writeHead` takes them. */
export type HeaderList = readonly string[]

const NO_HEADERS: HeaderList = []
/** Of every reply with a body. */
export const SAFE_HEADERS: HeaderList = [
  ...['X-Content-Type-Options', 'nosniff'],
  ...['Cache-Control', 'no-store'],
]
/** An unread body up to this size is skipped for the next request's sake; a longer one costs the connection. */
const SKIPPED_BODY_MAX_BYTES = 65_536

/** Begins a reply; its body, this one, is to be written at its end. */
export function beginJson(
  response: ServerResponse,
  requestId: string,
  status: number,
  body: string,
  extraHeaders: HeaderList = NO_HEADERS,
): void {
  response.writeHead(status, headersOf(requestId, body, extraHeaders))
}

/** Answers an OPTIONS request: the headers say it all. */
export function sendNoContent(
  response: ServerResponse,
  requestId: string,
  headers: HeaderList,
): void {
  // Node ends a connection of HTTP/1.0 after a reply whose length it is not told.
  if (response.req.httpVersionMinor === 0) response.shouldKeepAlive = false
  response.writeHead(NO_CONTENT_STATUS, ['X-Request-Id', requestId, ...headers]).end()
}

/** How a refusal differs from the usual. */
export interface RefusalOptions {
  readonly headers?: HeaderList
  /**
   * Ends the connection after this reply, whatever became of the body: `afterBody` once the client has
   * sent it, `atOnce` where its end will never be seen.
   */
  readonly closes?: 'afterBody' | 'atOnce'
}

/**
 * Refuses a request as a whole, in the dialect of its path. Does nothing where a reply has
 * begun. The connection ends with the reply if a body is still to come that is too long to skip.
 *
 * @returns the status.
 */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  refusal: Refusal,
  dialect: Dialect,
  options: RefusalOptions = {},
): number {
  const { status } = HTTP_MAPPINGS[refusal.code]
  if (response.headersSent) return response.statusCode
  const body = dialect.refusalBody(refusal, requestId)
  const headers = [...retryAfter(status), ...(options.headers ?? NO_HEADERS)]
  const closes = options.closes ?? (isSkippable(request) ? undefined : 'afterBody')
  // Node writes `Connection: close` from this, and nothing that follows on the connection is served.
  if (closes !== undefined) response.shouldKeepAlive = false
  beginJson(response, requestId, status, body, headers)
  if (closes === undefined) {
    response.end(body)
  } else if (closes === 'atOnce') {
    // Node forgets a request once its response is out: whoever still reads its body would wait until the connection
    // closes, which the client may read the reply before.
    response.once('finish', () => request.emit('close')).end(body)
  } else if (isSendingBody(request)) {
    endAfterBody(request, response, body)
  } else {
    response.end(body)
  }
  return status
}

/**
 * `Retry-After` for the statuses that ask for another try; nothing for the others.
 *
 * @param rateLimitSeconds - when the rate limit has room again, for the status of a rate limit.
 */
export function retryAfter(status: number, rateLimitSeconds = 1): HeaderList {
  if (status === HTTP_MAPPINGS.RATE_LIMITED.status) {
    return ['Retry-After', String(rateLimitSeconds)]
  }
  return status === HTTP_MAPPINGS.BUFFER_FULL.status
    ? ['Retry-After', String(RETRY_AFTER_UNAVAILABLE_SECONDS)]
    : NO_HEADERS
}

/** The headers of every reply. */
export function headersOf(requestId: string, body: string, extraHeaders: HeaderList): string[] {
  return [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(Buffer.byteLength(body)),
    'X-Request-Id',
    requestId,
    ...SAFE_HEADERS,
    ...extraHeaders,
  ]
}

/** A client that waits for 100 Continue sends no body after another status. */
function isSendingBody(request: IncomingMessage): boolean {
  return !request.complete && request.headers.expect === undefined && bodyBytesOf(request) > 0
}

/**
 * Shows the reply at once, but ends it, and with it the connection, when the client has sent all. Its
 * bytes are read and thrown away: closing earlier would reset the connection of a client that reads
 * only after it has written, and it would never see the reply.
 */
function endAfterBody(request: IncomingMessage, response: ServerResponse, body: string): void {
  response.write(body)
  discardBody(request, () => {
    response.end()
  })
}

function isSkippable(request: IncomingMessage): boolean {
  return request.complete || bodyBytesOf(request) <= SKIPPED_BODY_MAX_BYTES
}
