/** Reads from the head of a request how its body arrives. */
import type { IncomingMessage } from 'node:http'

/** The announced length of the body, bytes; Infinity for a chunked body. */
export function bodyBytesOf({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return Infinity
  return Number(headers['content-length'] ?? 0)
}

/**
 * Whether the client waits for `100 Continue` before it sends its body (RFC 9110, 10.1.1). HTTP/1.0 does not have
 * it.
 */
export function awaitsContinue({ headers, httpVersionMinor }: IncomingMessage): boolean {
  return headers.expect !== undefined && httpVersionMinor === 1
}
