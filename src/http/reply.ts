/**
 * Writes replies without Express, whose `res.json` costs more than all other work of a push. Bodies are
 * strings: only then Node sends head and body in one write.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { http } from '../base/node-modules.ts'
import {
  HTTP_MAPPINGS,
  NO_CONTENT_STATUS,
  RETRY_AFTER_UNAVAILABLE_SECONDS,
} from './error-mapper.ts'
import { CHALLENGES } from './access/authorization.ts'
import { awaitsContinue, bodyBytesOf } from './body-framing.ts'
import { discardBody } from './discard-body.ts'
import { type Dialect, JSON_TYPE, type Reply } from './edge/dialect.ts'
import type { Refusal } from './error-body.ts'
import type { ReplyTarget, RequestHead } from './exchange.ts'

/** Names and values of further headers, alternating, as `writeHead` takes them. */
export type HeaderList = readonly string[]

export const NO_HEADERS: HeaderList = []
/** The headers of every reply with a body. */
export const SAFE_HEADERS: HeaderList = [
  ...['X-Content-Type-Options', 'nosniff'],
  ...['Cache-Control', 'no-store'],
]
/**
 * An unread body up to this size is skipped so that the connection can be reused; after a longer one the connection
 * ends.
 */
const SKIPPED_BODY_MAX_BYTES = 65_536

/** Writes the head of a reply. The caller must write its body at the end. */
export function begin(
  response: ReplyTarget,
  requestId: string,
  reply: Reply,
  extraHeaders: HeaderList = NO_HEADERS,
): void {
  const headers =
    reply.status === NO_CONTENT_STATUS
      ? ['X-Request-Id', requestId, ...SAFE_HEADERS, ...extraHeaders]
      : headersOf(requestId, reply, extraHeaders)
  response.writeHead(reply.status, headers)
}

/** The same for a reply in JSON. */
export function beginJson(
  response: ReplyTarget,
  requestId: string,
  status: number,
  body: string,
): void {
  begin(response, requestId, { status, contentType: JSON_TYPE, body })
}

/** Ends a reply whose head is written and whose body is bytes, which several replies share. */
export function endWithBytes(response: ServerResponse, bytes: Buffer): void {
  // Behind a reply that is not sent yet, Node would put the head before `100 Continue`, and that before these bytes.
  if (awaitsContinue(response.req)) response.flushHeaders()
  response.end(bytes)
}

/** Replies to an OPTIONS request, with headers only. */
export function sendNoContent(response: ReplyTarget, requestId: string, headers: HeaderList): void {
  // Node ends a connection of HTTP/1.0 after a reply without a length.
  if (response.req.httpVersionMinor === 0) response.shouldKeepAlive = false
  response.writeHead(NO_CONTENT_STATUS, ['X-Request-Id', requestId, ...headers])
  response.end()
}

/** Options of a refusal. */
export interface RefusalOptions {
  readonly headers?: HeaderList
  /** When the rate limit has room again, for a rate limit. */
  readonly retryAfterSeconds?: number | undefined
  /**
   * Ends the connection after this reply: with `afterBody` once the client has sent the body, with `atOnce` if the
   * end of the body will never be seen.
   */
  readonly closes?: 'afterBody' | 'atOnce'
}

/**
 * Refuses a request as a whole, in the dialect of its path. No effect after a reply has begun. The connection ends
 * with the reply if the rest of the body is too long to skip.
 *
 * @returns the status.
 */
export function refuse(
  request: RequestHead,
  response: ReplyTarget,
  requestId: string,
  refusal: Refusal,
  dialect: Dialect,
  options: RefusalOptions = {},
): number {
  if (response.headersSent) return response.statusCode
  const reply = dialect.refusal(refusal, requestId)
  const { status, body } = reply
  const retry = retryAfter(status, options.retryAfterSeconds)
  const headers = [...retry, ...challenge(status), ...(options.headers ?? NO_HEADERS)]
  const closes = options.closes ?? (isSkippable(request) ? undefined : 'afterBody')
  // Node writes `Connection: close` because of this, and no later request of the connection is served.
  if (closes !== undefined) response.shouldKeepAlive = false
  begin(response, requestId, reply, headers)
  if (closes === undefined) {
    response.end(body)
  } else if (closes === 'atOnce') {
    // Node no longer emits events of a request after its response. A reader of its body would wait until the
    // connection closes, which may be much later.
    response.once('finish', () => {
      if (request instanceof http.IncomingMessage) request.emit('close')
    })
    response.end(body)
  } else if (isSendingBody(request)) {
    endAfterBody(request, response, body)
  } else {
    response.end(body)
  }
  return status
}

/**
 * Returns `Retry-After` for statuses that ask for a retry, nothing for others.
 *
 * @param rateLimitSeconds - when the rate limit has room again, for a rate limit.
 */
export function retryAfter(status: number, rateLimitSeconds = 1): HeaderList {
  if (status === HTTP_MAPPINGS.RATE_LIMITED.status) {
    return ['Retry-After', String(rateLimitSeconds)]
  }
  const isLater =
    status === HTTP_MAPPINGS.BUFFER_FULL.status ||
    status === HTTP_MAPPINGS.IDEMPOTENCY_KEY_IN_USE.status
  return isLater ? ['Retry-After', String(RETRY_AFTER_UNAVAILABLE_SECONDS)] : NO_HEADERS
}

const CHALLENGE_LINES: HeaderList = CHALLENGES.flatMap((one) => ['WWW-Authenticate', one])

/** Every 401 says how a client can authenticate. */
function challenge(status: number): HeaderList {
  return status === HTTP_MAPPINGS.UNAUTHENTICATED.status ? CHALLENGE_LINES : NO_HEADERS
}

/** The headers of every reply. */
export function headersOf(
  requestId: string,
  { contentType, body }: Omit<Reply, 'status'>,
  extraHeaders: HeaderList,
): string[] {
  return [
    'Content-Type',
    contentType,
    'Content-Length',
    String(Buffer.byteLength(body)),
    'X-Request-Id',
    requestId,
    ...SAFE_HEADERS,
    ...extraHeaders,
  ]
}

/** Not a client that waits for 100 Continue: it sends no body after another status. */
function isSendingBody(request: RequestHead): request is IncomingMessage {
  return (
    request instanceof http.IncomingMessage &&
    !request.complete &&
    request.headers.expect === undefined &&
    bodyBytesOf(request) > 0
  )
}

/**
 * Sends the reply at once, but ends it, and the connection, only after the client has sent everything. Its bytes
 * are read and discarded: an earlier close would reset the connection, and a client that reads only after it has
 * written would never see the reply.
 */
function endAfterBody(request: IncomingMessage, response: ReplyTarget, body: string): void {
  response.write(body)
  discardBody(request, () => {
    response.end()
  })
}

function isSkippable(request: RequestHead): boolean {
  return request.complete || bodyBytesOf(request) <= SKIPPED_BODY_MAX_BYTES
}
