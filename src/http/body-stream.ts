/**
 * Bodies that are worked on while they arrive. The socket is read no faster than the route takes the pieces; what is
 * held of them meanwhile, in Node's buffers too, is counted in the budget. While the client has nothing to send, a body
 * holds nothing, or what its decompression needs.
 */
import type { IncomingMessage } from 'node:http'
import { ProxyError } from '../base/errors.ts'
import { BODY_GIVEN_UP, bodyTooLarge, takeBytes } from './body-refusals.ts'
import type { HeldBytes } from './byte-budget.ts'
import { ClientGone } from './client-gone.ts'
import { type Decompressor, invalidEncodedBody } from './content-encoding.ts'
import { discardBody } from './discard-body.ts'
import type { Refusal } from './error-body.ts'
import type { ReadTurns } from './read-turns.ts'

/** How a body that streams is bounded; in size and time it is not, unless its route says so. */
export interface StreamLimits {
  /** How long the client may send nothing while the route waits for more, ms. @defaultValue 30 s; then 408 */
  readonly idleMs?: number
  /** After decompression. @defaultValue as many as come; then 413 */
  readonly maxBytes?: number
}

/** What {@link BodyStream} is made of. */
export interface BodyStreamOptions extends StreamLimits {
  /** `undefined` where the body is not compressed. */
  readonly decompressor: Decompressor | undefined
  /** Bytes that each byte of a compressed body may become, beyond `freeBytes`; 0 is no limit. */
  readonly maxRatio: number
  readonly freeBytes: number
  readonly held: HeldBytes
  readonly turns: ReadTurns
}

const IDLE_MS = 30_000
/** What Node may hold of a body that is not read: as much as it buffers, and one read. */
const UNREAD_BYTES = 131_072
/** What comes out of decompression at a time. */
const PIECE_BYTES = 16_384
/** What decompression takes for as long as it lasts: its window, and buffers of pieces. */
const DECOMPRESSION_BYTES = 98_304

/** The request is all that its route and its connection both know. */
const STREAMS = new WeakMap<IncomingMessage, BodyStream>()

/** The stream of a request's body, also once it is over; `undefined` where the body is read otherwise. */
export function streamOf(request: IncomingMessage): BodyStream | undefined {
  return STREAMS.get(request)
}

/** The pieces of one body, decompressed; to be gone through once. */
export class BodyStream implements AsyncIterable<Buffer> {
  readonly #request: IncomingMessage
  readonly #options: BodyStreamOptions
  readonly #held: HeldBytes
  readonly #decoder: ReturnType<Decompressor['pieces']> | undefined
  #pieces: Buffer[] = []
  #receivedBytes = 0
  #contentBytes = 0
  #receivedPieces = 0
  /** Whether the source is paused because the route has not taken what there is. */
  #isPaused = false
  #hasEnded = false
  #isOver = false
  #isBroken = false
  #isAnswered = false
  #failure: Error | undefined
  #wake: (() => void) | undefined
  /** What was seen at the last look, and since when it has been so. */
  #seen = 0
  #seenSinceMs: number | undefined

  /** @throws ProxyError when the budget has no room for decompression. */
  constructor(request: IncomingMessage, options: BodyStreamOptions) {
    this.#request = request
    this.#options = options
    this.#held = options.held
    if (options.decompressor !== undefined) {
      const refusal = takeBytes(this.#held, DECOMPRESSION_BYTES)
      if (refusal !== undefined) throw refusal
      this.#decoder = this.#createDecoder(options.decompressor)
      this.#awaitMore()
    }
    STREAMS.set(request, this)
    request.on('data', (piece: Buffer) => {
      if (!this.#isOver) this.#receive(piece)
    })
    request.on('end', () => {
      if (this.#isOver) return
      this.#held.settle()
      if (this.#decoder === undefined) this.#end()
      else this.#decoder.end()
    })
    request.on('close', () => {
      if (!request.readableEnded) this.fail(new ClientGone())
    })
  }

  /**
   * Goes through the pieces. Whoever stops before the end has the rest thrown away.
   *
   * @throws ProxyError when the body is too large, does not decompress, stops to arrive, is not well-formed, or finds
   * the budget exhausted; {@link ClientGone}. What has come before, and was not taken, is gone then.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (;;) {
        const piece = await this.#next()
        if (piece === undefined) return
        yield piece
        if (!this.#isOver) this.#held.giveBack(piece.length)
      }
    } finally {
      this.#close()
    }
  }

  /** Whether nothing can be made of what the client sends from now on. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Whether its route has answered. */
  get isAnswered(): boolean {
    return this.#isAnswered
  }

  /** Gives up what is left, once the route has answered. */
  release(): void {
    this.#isAnswered = true
    this.#close()
  }

  /** Has the route told this in place of further pieces, unless the body has ended. */
  fail(error: Error): void {
    if (this.#isOver || this.#hasEnded) return
    this.#failure = error
    this.#close()
    this.#wakeUp()
  }

  /**
   * Fails because the rest of the body is not well-formed, or will not come.
   *
   * @returns whether the route did not know before that there is no more.
   */
  breakOff({ code, message }: Refusal): boolean {
    const isNews = !this.#isOver
    this.#isBroken = true
    this.fail(new ProxyError(code, message))
    return isNews
  }

  /**
   * Whether the client has been silent for too long although more was wanted, or has taken too long to send what nobody
   * wants any more. To be asked every now and then.
   *
   * @param restTimeoutMs - for what nobody wants.
   */
  isLate(nowMs: number, restTimeoutMs: number): boolean {
    const seen = this.#isOver ? -1 : this.#receivedPieces
    const isHeldUp = this.#isPaused && !this.#isOver
    if (this.#seenSinceMs === undefined || seen !== this.#seen || isHeldUp) {
      this.#seen = seen
      this.#seenSinceMs = nowMs
      return false
    }
    const limitMs = this.#isOver ? restTimeoutMs : (this.#options.idleMs ?? IDLE_MS)
    return nowMs - this.#seenSinceMs >= limitMs
  }

  async #next(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      const piece = this.#pieces.shift()
      if (piece !== undefined || this.#hasEnded || this.#isOver) return piece
      this.#resume()
      await new Promise<void>((wake) => {
        this.#wake = wake
      })
    }
  }

  #receive(piece: Buffer): void {
    this.#receivedPieces += 1
    this.#receivedBytes += piece.length
    this.#options.turns.received(this.#request, piece.length)
    if (this.#decoder === undefined) {
      this.#deliver(piece)
      return
    }
    if (!this.#take(piece.length)) return
    this.#request.pause()
    this.#decoder.write(piece, () => {
      if (this.#isOver) return
      this.#held.giveBack(piece.length)
      this.#request.resume()
    })
  }

  #deliver(piece: Buffer): void {
    this.#contentBytes += piece.length
    const excess = this.#excess()
    if (excess !== undefined) this.fail(excess)
    else if (this.#take(piece.length)) {
      this.#pieces.push(ownBytes(piece))
      if (this.#wake === undefined) this.#pause()
      else this.#wakeUp()
    }
  }

  #excess(): ProxyError | undefined {
    const { maxBytes = Infinity, maxRatio, freeBytes } = this.#options
    if (this.#contentBytes > maxBytes) return bodyTooLarge(maxBytes)
    if (this.#decoder === undefined || maxRatio === 0) return undefined
    if (this.#contentBytes <= Math.max(freeBytes, this.#receivedBytes * maxRatio)) return undefined
    return new ProxyError(
      'BODY_TOO_LARGE',
      `the decompressed body is more than ${maxRatio} times as large as the compressed one (http.max_compression_ratio): send it uncompressed`,
    )
  }

  /** Takes bytes from the budget, or fails. */
  #take(bytes: number): boolean {
    const refusal = takeBytes(this.#held, bytes)
    if (refusal !== undefined) this.fail(refusal)
    return refusal === undefined
  }

  #pause(): void {
    if (this.#isPaused || !this.#take(UNREAD_BYTES)) return
    this.#isPaused = true
    // That it brings nothing more is not the client's doing.
    this.#held.settle()
    this.#source.pause()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#held.giveBack(UNREAD_BYTES)
    if (this.#decoder !== undefined && !this.#request.readableEnded) this.#awaitMore()
    this.#source.resume()
  }

  get #source(): NodeJS.ReadableStream {
    return this.#decoder ?? this.#request
  }

  /** Others may have the memory of decompression if the client sends nothing. */
  #awaitMore(): void {
    this.#held.awaitMore(() => {
      this.fail(new ProxyError('REQUEST_TIMEOUT', BODY_GIVEN_UP))
    })
  }

  #createDecoder({ pieces }: Decompressor): ReturnType<Decompressor['pieces']> {
    const decoder = pieces({ chunkSize: PIECE_BYTES, highWaterMark: PIECE_BYTES })
    decoder.on('data', (piece: Buffer) => {
      if (!this.#isOver) this.#deliver(piece)
    })
    decoder.on('end', () => {
      this.#end()
    })
    decoder.on('error', (cause) => {
      this.fail(invalidEncodedBody(cause))
    })
    return decoder
  }

  #end(): void {
    if (this.#isOver) return
    this.#hasEnded = true
    this.#wakeUp()
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  #close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#pieces = []
    this.#held.release()
    this.#decoder?.destroy()
    const request = this.#request
    if (request.readableEnded || request.destroyed) return
    discardBody(request, (how) => {
      if (how === 'tooLarge') request.pause()
    })
  }
}

/** The piece in memory that it need not share: a few bytes may hold on to all that was read together. */
function ownBytes(piece: Buffer): Buffer {
  if (piece.length * 2 >= piece.buffer.byteLength) return piece
  const own = Buffer.allocUnsafeSlow(piece.length)
  own.set(piece)
  return own
}
