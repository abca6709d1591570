/**
 * The two things about a socket of Node's HTTP server that Node tells nobody, in one place. Where a version of Node
 * has them no longer, the server does without: it is coarser then, not wrong.
 */
import type { Socket } from 'node:net'

/** What a parser's `onIncoming` returns to say that other bytes than HTTP follow the head of this request. */
const NOT_HTTP_FROM_HERE = 2

/**
 * Has Node's parser stop at the next request, and drop what is left of the bytes that it is at. Otherwise it would
 * make objects of all requests in them, of which 64 KiB hold 3,600.
 */
export function stopParser(socket: Socket): void {
  const parser: unknown = Reflect.get(socket, 'parser')
  if (!isObject(parser) || typeof Reflect.get(parser, 'onIncoming') !== 'function') return
  Reflect.set(parser, 'onIncoming', (request: { upgrade: boolean }) => {
    // Node must not take it for the upgrade that it looks like.
    request.upgrade = false
    return NOT_HTTP_FROM_HERE
  })
}

/** How many bytes of all that was written to a socket the kernel has taken, in the middle of a write too. */
export function bytesTaken(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (isObject(handle)) {
    const dispatched: unknown = Reflect.get(handle, 'bytesWritten')
    const unsent: unknown = Reflect.get(handle, 'writeQueueSize')
    if (typeof dispatched === 'number' && typeof unsent === 'number') return dispatched - unsent
  }
  return socket.bytesWritten - socket.writableLength
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
