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
 * Reads nothing more from the kernel. Node would read on for a paused request until it has buffered 64 KiB, and a client
 * can send these in chunks of one byte, each of which is an object.
 */
export function stopReading(socket: Socket): void {
  callHandle(socket, 'readStop')
}

/** Reads again. Node itself would do so only once it has passed on all that it has buffered. */
export function startReading(socket: Socket): void {
  if (!socket.destroyed) callHandle(socket, 'readStart')
}

/** Called when bytes were read into the beginning of a buffer. @returns false to pause until the socket is resumed. */
export type OnRead = (bytes: number) => boolean

/**
 * Makes an accepted socket read into the same buffer each time, like the option `onread` of `net.connect`, which Node has
 * for clients only. Otherwise Node allocates 64 KiB for each read. Several sockets may share a buffer.
 *
 * @returns false if this version of Node cannot do it: then the socket emits `data` events as usual.
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
