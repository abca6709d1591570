/**
 * Internals of Node's HTTP sockets, in one place. If a version of Node no longer has them, the server works
 * without them: less precisely, but correctly.
 */
import { Socket } from 'node:net'

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

/** Hears of bytes at the beginning of a buffer. @returns false to read no more until the socket is resumed. */
export type OnRead = (bytes: number) => boolean

/**
 * Reads from an accepted socket into one buffer again and again, as the option `onread` of `net.connect` does, which Node
 * has for clients only. Otherwise it takes 64 KiB of new memory for each read. Several sockets may have the same buffer.
 *
 * @returns false if Node cannot: then the socket has `data` events as ever.
 */
export function readInto(socket: Socket, buffer: Buffer, onRead: OnRead): boolean {
  const handle: unknown = Reflect.get(socket, '_handle')
  const use: unknown = isObject(handle) ? Reflect.get(handle, 'useUserBuffer') : undefined
  const { bufferKey, onReadKey } = keysOfOnread()
  if (typeof use !== 'function' || bufferKey === undefined || onReadKey === undefined) return false
  Reflect.set(socket, bufferKey, buffer)
  Reflect.set(socket, onReadKey, onRead)
  Reflect.apply(use, handle, [buffer])
  return true
}

interface OnreadKeys {
  readonly bufferKey: symbol | undefined
  readonly onReadKey: symbol | undefined
}

let onreadKeys: OnreadKeys | undefined

/** Where a socket has its option `onread`. */
function keysOfOnread(): OnreadKeys {
  if (onreadKeys === undefined) {
    const symbols = Object.getOwnPropertySymbols(new Socket())
    const keyOf = (name: string): symbol | undefined =>
      symbols.find(({ description }) => description === name)
    onreadKeys = { bufferKey: keyOf('kBuffer'), onReadKey: keyOf('kBufferCb') }
  }
  return onreadKeys
}

function callHandle(socket: Socket, name: 'readStart' | 'readStop'): void {
  const handle: unknown = Reflect.get(socket, '_handle')
  const method: unknown = isObject(handle) ? Reflect.get(handle, name) : undefined
  if (typeof method === 'function') Reflect.apply(method, handle, [])
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
