/**
 * Bounds the memory of replies, above all of those that nobody reads. Room for the largest reply that a
 * push can get is taken before its records are produced, because afterwards there is no way back. What
 * the reply turns out not to need is given back at once, the rest when the operating system has taken
 * the reply, or when the connection is gone.
 */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { getHeapStatistics } from 'node:v8'
import { ProxyError } from '../errors.ts'
import type { ByteBudget } from './byte-budget.ts'
import { REPLY_BYTES_IN_FLIGHT, REPLY_HEAP_SHARE } from './limits.ts'

/** Replies up to this size are not counted: nearly all are, and counting would cost more than they do. */
export const UNCOUNTED_REPLY_BYTES = 8_192

/** What is held for the replies of each connection that had one large enough to be counted. */
const HELD_ON = new WeakMap<Socket, Set<HeldReply>>()

/** Room taken for one reply. It is given back once, however often that is asked for. */
export class HeldReply {
  readonly #budget: ByteBudget
  #bytes: number
  #isSending = false
  #others: Set<HeldReply> | undefined

  /** @param bytes - already taken from the budget. */
  constructor(bytes: number, budget: ByteBudget) {
    this.#bytes = bytes
    this.#budget = budget
  }

  /** Keeps the bytes of the reply, which is about to be sent, until the operating system has it. */
  sending(response: ServerResponse, bytes: number): void {
    if (bytes <= UNCOUNTED_REPLY_BYTES) return
    this.#isSending = true
    if (bytes < this.#bytes) this.#giveBack(this.#bytes - bytes)
    this.releaseWith(response.req.socket)
    response.once('finish', () => {
      this.release()
    })
  }

  /** Gives everything back once the connection is gone, be it before there is a reply. */
  releaseWith(socket: Socket): void {
    if (socket.closed) {
      this.release()
    } else if (this.#others === undefined) {
      this.#others = heldOn(socket).add(this)
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
    this.#budget.giveBack(bytes)
  }
}

/** One listener for each connection: of replies there may be many. A response that waits its turn has no event. */
function heldOn(socket: Socket): Set<HeldReply> {
  let held = HELD_ON.get(socket)
  if (held === undefined) {
    const replies = new Set<HeldReply>()
    HELD_ON.set(socket, replies)
    socket.once('close', () => {
      for (const reply of replies) reply.release()
    })
    held = replies
  }
  return held
}

/** See the head of this file. */
export class ReplyRoom {
  readonly #budget: ByteBudget

  constructor(budget: ByteBudget) {
    this.#budget = budget
  }

  /**
   * Takes room for a reply of at most so many bytes.
   *
   * @returns `undefined` for a reply that is too small to be counted.
   * @throws ProxyError when the replies that wait to be read leave no room.
   */
  reserve(bytes: number): HeldReply | undefined {
    if (bytes <= UNCOUNTED_REPLY_BYTES) return undefined
    if (this.#budget.tryTake(bytes)) return new HeldReply(bytes, this.#budget)
    throw new ProxyError(
      'OVERLOADED',
      'too many replies wait to be read: read them, or send fewer records at once',
    )
  }
}

/** Bytes of replies that one of so many processes may hold, with the heap that this one may use. */
export function replyBytesInFlight(
  workers: number,
  heapBytes: number = getHeapStatistics().heap_size_limit,
): number {
  return Math.floor(Math.min(REPLY_BYTES_IN_FLIGHT / workers, heapBytes * REPLY_HEAP_SHARE))
}
