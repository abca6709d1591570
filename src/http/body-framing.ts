/** Reads from the head of a request how its body arrives. */
import type { RequestHead } from './exchange.ts'

/** The announced length of the body, bytes; Infinity for a chunked body. */
export function bodyBytesOf({ headers }: RequestHead): number {
  if (headers['transfer-encoding'] !== undefined) return Infinity
  return Number(headers['content-length'] ?? 0)
}

/**
 * Whether the client waits for `100 Continue` before it sends its body (RFC 9110, 10.1.1). HTTP/1.0 does not have
 * it.
 */
export function awaitsContinue({ headers, httpVersionMinor }: RequestHead): boolean {
  return headers.expect !== undefined && httpVersionMinor === 1
}

/** The length of a request in bytes, as nearly all clients write it; `undefined` if unknown. */
export function requestBytesOf({
  method = '',
  url = '',
  headers,
  rawHeaders,
}: RequestHead): number | undefined {
  if (headers['transfer-encoding'] !== undefined) return undefined
  let bytes = `${method} ${url} HTTP/1.1\r\n\r\n`.length + Number(headers['content-length'] ?? 0)
  // Each name and each value is followed by two characters.
  for (const text of rawHeaders) bytes += text.length + 2
  return bytes
}
