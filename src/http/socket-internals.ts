/**
 * Internals of Node's HTTP sockets, in one place. If a version of Node no longer has them, the server works
 * without them: less precisely, but correctly.
 */
import type { Socket } from 'node:net'

/** The value that a parser's `onIncoming` returns if bytes other than HTTP follow the head of this request. */
const NOT_HTTP_FROM_HERE = 2

/**
 * Stops Node's parser at the next request, so that it drops the rest of its bytes. Otherwise it would create
 * objects for all requests in them: 64 KiB hold 3,600.
 */
export function stopParser(socket: Socket): void {
  const parser: unknown = Reflect.get(socket, 'parser')
  if (!isObject(parser) || typeof Reflect.get(parser, 'onIncoming') !== 'function') return
  Reflect.set(parser, 'onIncoming', (request: { upgrade: boolean }) => {
    // Node must not treat it as an upgrade.
    request.upgrade = false
    return NOT_HTTP_FROM_HERE
  })
}

/** Returns how many of the written bytes the kernel has taken, also in the middle of a write. */
export function bytesTaken(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (isObject(handle)) {
    const dispatched: unknown = Reflect.get(handle, 'bytesWritten')
    const unsent: unknown = Reflect.get(handle, 'writeQueueSize')
    if (typeof dispatched === 'number' && typeof unsent === 'number') return dispatched - unsent
  }
  return socket.bytesWritten - socket.writableLength
}

/**
 * Reads nothing more from the kernel. A request that is paused would read on until 64 KiB wait in it, and a client can
 * send them in chunks of one byte, which are 65,536 objects.
 */
export function stopReading(socket: Socket): void {
  callHandle(socket, 'readStop')
}

/** Reads again. Node itself does so only once it has passed on what waits. */
export function startReading(socket: Socket): void {
  if (!socket.destroyed) callHandle(socket, 'readStart')
}

function callHandle(socket: Socket, name: 'readStart' | 'readStop'): void {
  const handle: unknown = Reflect.get(socket, '_handle')
  const method: unknown = isObject(handle) ? Reflect.get(handle, name) : undefined
  if (typeof method === 'function') Reflect.apply(method, handle, [])
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
