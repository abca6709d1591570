/**
 * Bounds the memory of replies, above all of those that nobody reads. Room for the largest reply that a
 * push can get is taken before its records are produced, because afterwards there is no way back. What
 * the reply turns out not to need is given back at once, the rest when the operating system has taken
 * the reply, or when the connection is gone.
 */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { getHeapStatistics } from 'node:v8'
import { ProxyError } from '../base/errors.ts'
import { addressOf } from './client-address.ts'
import { REPLY_ADDRESS_SHARE, REPLY_BYTES_IN_FLIGHT, REPLY_HEAP_SHARE } from './limits.ts'

/** Replies up to this size are not counted: nearly all are, and counting would cost more than they do. */
export const UNCOUNTED_REPLY_BYTES = 8_192

/** Room taken for one reply. It is given back once, however often that is asked for. */
export class HeldReply {
  readonly #room: ReplyRoom
  readonly #socket: Socket
  readonly #address: string
  #bytes: number
  #isSending = false
  #others: Set<HeldReply> | undefined

  /** @param bytes - already taken. */
  constructor(bytes: number, address: string, socket: Socket, room: ReplyRoom) {
    this.#bytes = bytes
    this.#address = address
    this.#socket = socket
    this.#room = room
  }

  /** Keeps the bytes of the reply, which is about to be sent, until the operating system has it. */
  sending(response: ServerResponse, bytes: number): void {
    if (bytes <= UNCOUNTED_REPLY_BYTES) return
    this.#isSending = true
    if (bytes < this.#bytes) this.#giveBack(this.#bytes - bytes)
    this.releaseWithConnection()
    response.once('finish', () => {
      this.release()
    })
  }

  /** Gives everything back once the connection is gone, be it before there is a reply. */
  releaseWithConnection(): void {
    if (this.#socket.closed) {
      this.release()
    } else if (this.#others === undefined) {
      this.#others = this.#room.heldOn(this.#socket).add(this)
    }
  }

  /** Gives everything back, unless a reply is being sent that needs it. */
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

/** See the head of this file. */
export class ReplyRoom {
  readonly #maxBytes: number
  readonly #maxBytesPerAddress: number
  /** Of the addresses that hold some. */
  readonly #bytesByAddress = new Map<string, number>()
  /** What is held for the replies of each connection that had one large enough to be counted. */
  readonly #heldOn = new WeakMap<Socket, Set<HeldReply>>()
  #heldBytes = 0

  /** @param largestReply - bytes of the largest reply that there can be, for which there is always room. */
  constructor(maxBytes: number, largestReply: number) {
    this.#maxBytes = Math.max(maxBytes, largestReply)
    this.#maxBytesPerAddress = Math.max(this.#maxBytes * REPLY_ADDRESS_SHARE, largestReply)
  }

  /** Bytes taken and not yet given back. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /**
   * Takes room for a reply of at most so many bytes.
   *
   * @returns `undefined` for a reply that is too small to be counted.
   * @throws ProxyError when the replies that wait to be read leave no room.
   */
  reserve(socket: Socket, bytes: number): HeldReply | undefined {
    if (bytes <= UNCOUNTED_REPLY_BYTES) return undefined
    const address = addressOf(socket)
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
    return new HeldReply(bytes, address, socket, this)
  }

  /**
   * For {@link HeldReply} only, as is the method below. There is one listener for each connection, since of replies
   * there may be many; a response that waits its turn has no event.
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

/** Bytes of replies that one of so many processes may hold, with the heap that this one may use. */
export function replyBytesInFlight(
  workers: number,
  heapBytes: number = getHeapStatistics().heap_size_limit,
): number {
  return Math.floor(Math.min(REPLY_BYTES_IN_FLIGHT / workers, heapBytes * REPLY_HEAP_SHARE))
}
