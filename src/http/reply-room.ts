import type { Socket } from 'node:net'
import { getHeapStatistics } from 'node:v8'
import { ProxyError } from '../base/errors.ts'
import { clientAddressOf } from './client-address.ts'
import type { ReplyTarget, RequestHead } from './exchange.ts'
import { REPLY_ADDRESS_SHARE, REPLY_BYTES_IN_FLIGHT, REPLY_HEAP_SHARE } from './limits.ts'

/**
 * Replies up to this size, bytes, are not counted. Nearly all are smaller, and counting would cost more than they
 * do.
 */
export const UNCOUNTED_REPLY_BYTES = 8_192

/** The room reserved for one reply. It is released once; further calls have no effect. */
export class HeldReply {
  readonly #room: ReplyRoom
  readonly #socket: Socket
  readonly #address: string
  #bytes: number
  #isSending = false
  #others: Set<HeldReply> | undefined

  /** @param bytes - already reserved. */
  constructor(bytes: number, address: string, socket: Socket, room: ReplyRoom) {
    this.#bytes = bytes
    this.#address = address
    this.#socket = socket
    this.#room = room
  }

  /** Keeps the room of the reply, which is about to be sent, until the operating system has taken it. */
  sending(response: Pick<ReplyTarget, 'once'>, bytes: number): void {
    if (bytes <= UNCOUNTED_REPLY_BYTES) return
    this.#isSending = true
    if (bytes < this.#bytes) this.#giveBack(this.#bytes - bytes)
    this.releaseWithConnection()
    response.once('finish', () => {
      this.release()
    })
  }

  /** Releases everything when the connection closes, also without a reply. */
  releaseWithConnection(): void {
    if (this.#socket.closed) {
      this.release()
    } else if (this.#others === undefined) {
      this.#others = this.#room.heldOn(this.#socket).add(this)
    }
  }

  /** Releases everything, unless a reply that needs it is being sent. */
  releaseUnlessSending(): void {
    if (!this.#isSending) this.release()
  }

  release(): void {
    this.#giveBack(this.#bytes)
    this.#others?.delete(this)
  }

  #giveBack(bytes: number): void {
    this.#bytes -= bytes
    this.#room.giveBack(bytes, this.#address)
  }
}

/**
 * Limits the memory of replies, above all of unread ones. Room for the largest possible reply to a push is reserved
 * before its records are produced, because afterwards the push cannot be refused. The part that the reply does not
 * need is released at once; the rest when the operating system has taken the reply, or when the connection closes.
 */
export class ReplyRoom {
  readonly #maxBytes: number
  readonly #maxBytesPerAddress: number
  /** Has only addresses that hold bytes. */
  readonly #bytesByAddress = new Map<string, number>()
  /** The reserved room by connection, for connections that had a counted reply. */
  readonly #heldOn = new WeakMap<Socket, Set<HeldReply>>()
  #heldBytes = 0

  /** @param largestReply - bytes of the largest possible reply, for which there is always room. */
  constructor(maxBytes: number, largestReply: number) {
    this.#maxBytes = Math.max(maxBytes, largestReply)
    this.#maxBytesPerAddress = Math.max(this.#maxBytes * REPLY_ADDRESS_SHARE, largestReply)
  }

  /** Bytes in use. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /**
   * Reserves room for the reply to a request, of at most this many bytes.
   *
   * @returns `undefined` for a reply that is too small to be counted.
   * @throws ProxyError `OVERLOADED` if unread replies leave no room.
   */
  reserve(request: Pick<RequestHead, 'socket'>, bytes: number): HeldReply | undefined {
    if (bytes <= UNCOUNTED_REPLY_BYTES) return undefined
    const address = clientAddressOf(request)
    const heldByAddress = this.#bytesByAddress.get(address) ?? 0
    const isFull = this.#heldBytes + bytes > this.#maxBytes
    if (isFull || heldByAddress + bytes > this.#maxBytesPerAddress) {
      throw new ProxyError(
        'OVERLOADED',
        isFull
          ? 'unread replies fill the memory reserved for them: read each reply to its end, or send fewer records at once'
          : 'unread replies of this client address fill its share of the memory reserved for them: read each reply to its end, or send fewer records at once',
      )
    }
    this.#heldBytes += bytes
    this.#bytesByAddress.set(address, heldByAddress + bytes)
    return new HeldReply(bytes, address, request.socket, this)
  }

  /**
   * Only {@link HeldReply} may call this and the method below. Each connection has one listener, because it may
   * have many replies; a response that waits for its turn emits no event.
   */
  heldOn(socket: Socket): Set<HeldReply> {
    let held = this.#heldOn.get(socket)
    if (held === undefined) {
      const replies = new Set<HeldReply>()
      this.#heldOn.set(socket, replies)
      socket.once('close', () => {
        for (const reply of replies) reply.release()
      })
      held = replies
    }
    return held
  }

  giveBack(bytes: number, address: string): void {
    this.#heldBytes -= bytes
    const left = (this.#bytesByAddress.get(address) ?? 0) - bytes
    if (left > 0) this.#bytesByAddress.set(address, left)
    else this.#bytesByAddress.delete(address)
  }
}

/** The limit for bytes of replies in one of `workers` processes, with the heap that this process may use. */
export function replyBytesInFlight(
  workers: number,
  heapBytes: number = getHeapStatistics().heap_size_limit,
): number {
  return Math.floor(Math.min(REPLY_BYTES_IN_FLIGHT / workers, heapBytes * REPLY_HEAP_SHARE))
}
