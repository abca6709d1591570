/** What the head of a request says of its body. */
import type { IncomingMessage } from 'node:http'

/** Bytes that are announced: Infinity where they are not counted before they come. */
export function bodyBytesOf({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return Infinity
  return Number(headers['content-length'] ?? 0)
}

/** Whether the client sends its body only when told to go on (RFC 9110, 10.1.1; HTTP/1.0 has no such thing). */
export function awaitsContinue({ headers, httpVersionMinor }: IncomingMessage): boolean {
  return headers.expect !== undefined && httpVersionMinor === 1
}
