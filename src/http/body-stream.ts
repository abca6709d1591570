/** Request bodies that routes process while they arrive. */
import type { IncomingMessage } from 'node:http'
import { ProxyError } from '../base/errors.ts'
import { BODY_GIVEN_UP, bodyTooLarge, STREAM_LIMIT, takeBytes } from './body-refusals.ts'
import type { HeldBytes } from './byte-budget.ts'
import { ClientGone } from './client-gone.ts'
import {
  type Decompressor,
  invalidEncodedBody,
  type PieceDecompressor,
} from './content-encoding.ts'
import { discardBody } from './discard-body.ts'
import type { Refusal } from './error-body.ts'
import type { RequestHead } from './exchange.ts'
import type { ReadTurns } from './read-turns.ts'
import { startReading, stopReading } from './socket-internals.ts'
import { ownBytes } from './own-bytes.ts'

/** Limits of a streamed body. Without them, size and time are unlimited. */
export interface StreamLimits {
  /** How long the client may send nothing while the route waits for more, ms; then 408. @defaultValue 30,000 */
  readonly idleMs?: number
  /** The limit after decompression; then 413. @defaultValue no limit */
  readonly maxBytes?: number
}

/** Dependencies and limits of a {@link BodyStream}. */
export interface BodyStreamOptions extends StreamLimits {
  /** `undefined` if the body is not compressed. */
  readonly decompressor: Decompressor | undefined
  /** Limit for the decompressed bytes per compressed byte, above `freeBytes`; 0 means no limit. */
  readonly maxRatio: number
  readonly freeBytes: number
  readonly held: HeldBytes
  readonly turns: ReadTurns
}

const IDLE_MS = 30_000
/** The most that Node buffers of a body that is not read: its buffer and one read. */
const UNREAD_BYTES = 131_072
/** Size of the decompressed pieces. */
const PIECE_BYTES = 16_384
/** Memory of every decompressor: a window as small as that of gzip, and buffers of pieces. */
const DECOMPRESSION_BYTES = 98_304

/** Keyed by request, because the route and the connection share no other object. */
const STREAMS = new WeakMap<RequestHead, BodyStream>()

/** The stream of a request's body, also after its end; `undefined` if the body is not streamed. */
export function streamOf(request: RequestHead): BodyStream | undefined {
  return STREAMS.get(request)
}

/**
 * The decompressed pieces of one body, to be iterated once. The socket is read no faster than the route takes the
 * pieces. The budget counts the pieces in memory, also those in Node's buffers. While a body waits for its client,
 * it holds only the memory of its decompressor, if it has one.
 */
export class BodyStream implements AsyncIterable<Buffer> {
  readonly #request: IncomingMessage
  readonly #options: BodyStreamOptions
  readonly #held: HeldBytes
  readonly #decoder: PieceDecompressor | undefined
  #pieces: Buffer[] = []
  #receivedBytes = 0
  #contentBytes = 0
  #receivedPieces = 0
  /** Of the route, beyond the pieces. */
  #keptBytes = 0
  /** Whether the source is paused, because the route has not taken the last piece. */
  #isPaused = false
  #hasEnded = false
  #isOver = false
  #isBroken = false
  #isAnswered = false
  #failure: Error | undefined
  #wake: (() => void) | undefined
  /** The state at the last check, and since when it is unchanged. */
  #seen = 0
  #seenSinceMs: number | undefined

  /** @throws ProxyError if the budget has no room for the decompressor. */
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
   * Iterates over the pieces. If the route stops before the end, the rest is discarded.
   *
   * @throws ProxyError if the body is too large, cannot be decompressed, stops arriving or is not well-formed, or
   * if the budget is full; {@link ClientGone}. Pieces that the route has not taken are lost then.
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

  /** Bytes that have arrived, decompressed. */
  get contentBytes(): number {
    return this.#contentBytes
  }

  /** Whether the input of the connection can no longer be parsed. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /**
   * Counts bytes that the route keeps beyond their piece, for example the beginning of a line. If the body stops
   * arriving, others may take their memory.
   *
   * @throws ProxyError if the budget has no room. The body has failed then.
   */
  keep(bytes: number): void {
    if (this.#isOver || bytes === 0) return
    const refusal = takeBytes(this.#held, bytes)
    if (refusal !== undefined) {
      this.fail(refusal)
      throw refusal
    }
    if (this.#keptBytes === 0) this.#awaitMore()
    this.#keptBytes += bytes
  }

  /** The route no longer keeps any bytes. */
  keepNothing(): void {
    if (this.#isOver || this.#keptBytes === 0) return
    this.#held.giveBack(this.#keptBytes)
    this.#keptBytes = 0
    if (this.#decoder === undefined) this.#held.settle()
  }

  /** Whether the route has replied. */
  get isAnswered(): boolean {
    return this.#isAnswered
  }

  /** Releases the memory and discards the rest of the body. To be called once the route has replied. */
  release(): void {
    this.#isAnswered = true
    this.#close()
  }

  /** Ends the body: the route gets this error instead of further pieces. No effect after the end of the body. */
  fail(error: Error): void {
    if (this.#isOver || this.#hasEnded) return
    this.#failure = error
    this.#close()
    this.#wakeUp()
  }

  /**
   * Fails because the rest of the body is not well-formed or will not arrive.
   *
   * @returns whether the body was still open.
   */
  breakOff({ code, message }: Refusal): boolean {
    const isNews = !this.#isOver
    this.#isBroken = true
    this.fail(new ProxyError(code, message))
    return isNews
  }

  /**
   * Whether the client sent nothing for too long while the route waited, or takes too long to send a rest that is
   * discarded. To be called periodically.
   *
   * @param restTimeoutMs - for the rest that is discarded, ms.
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
    if (this.#contentBytes > maxBytes) return bodyTooLarge(maxBytes, STREAM_LIMIT)
    if (this.#decoder === undefined || maxRatio === 0) return undefined
    if (this.#contentBytes <= Math.max(freeBytes, this.#receivedBytes * maxRatio)) return undefined
    return new ProxyError(
      'BODY_TOO_LARGE',
      `the ${this.#receivedBytes} bytes of the body so far decompress to ${this.#contentBytes}, more than ${maxRatio} times as many (http.max_compression_ratio): send it uncompressed`,
    )
  }

  /** Takes bytes from the budget; fails the body if there is no room. */
  #take(bytes: number): boolean {
    const refusal = takeBytes(this.#held, bytes)
    if (refusal !== undefined) this.fail(refusal)
    return refusal === undefined
  }

  #pause(): void {
    if (this.#isPaused || !this.#take(UNREAD_BYTES)) return
    this.#isPaused = true
    // kprf paused this body, so it does not count as stalled.
    this.#held.settle()
    this.#source.pause()
    stopReading(this.#request.socket)
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#held.giveBack(UNREAD_BYTES)
    const holdsBytes = this.#decoder !== undefined || this.#keptBytes > 0
    if (holdsBytes && !this.#request.readableEnded) this.#awaitMore()
    startReading(this.#request.socket)
    this.#source.resume()
  }

  get #source(): Pick<PieceDecompressor, 'pause' | 'resume'> {
    return this.#decoder ?? this.#request
  }

  /** From here on the body counts as stalled if its client sends nothing; then others may take its memory. */
  #awaitMore(): void {
    this.#held.awaitMore(() => {
      this.fail(new ProxyError('REQUEST_TIMEOUT', BODY_GIVEN_UP))
    })
  }

  #createDecoder({ pieces }: Decompressor): PieceDecompressor {
    const decoder = pieces({ chunkSize: PIECE_BYTES, highWaterMark: PIECE_BYTES }, (bytes) =>
      this.#take(bytes),
    )
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
    startReading(request.socket)
    discardBody(request, (how) => {
      if (how === 'tooLarge') request.pause()
    })
  }
}
