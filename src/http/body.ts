/**
 * Reads request bodies. The budget counts the bytes of a body from their arrival until its holder releases it; a
 * body that was not read to its end counts nothing. The memory in use is at most twice what is counted.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ProxyError } from '../base/errors.ts'
import type { ByteBudget, HeldBytes } from './byte-budget.ts'
import { awaitsContinue, bodyBytesOf } from './body-framing.ts'
import {
  BODY_GIVEN_UP,
  bodyTooLarge,
  MAX_BODY_KEY,
  STREAM_LIMIT,
  takeBytes,
} from './body-refusals.ts'
import { BodyStream, type StreamLimits } from './body-stream.ts'
import { clientAddressOf } from './client-address.ts'
import { ClientGone } from './client-gone.ts'
import {
  decompressBody,
  decompressorOf,
  type Decompressor,
  streamDecompressorOf,
} from './content-encoding.ts'
import { discardBody } from './discard-body.ts'
import { freeBytes, GrowingBytes } from './growing-bytes.ts'
import { ownBytes } from './own-bytes.ts'
import type { ReadTurns } from './read-turns.ts'

/** A request body in memory. Its holder must call `release` when done with it; a second call has no effect. */
export class HeldBody {
  readonly #held: HeldBytes
  /** The memory to free with the body; `undefined` if it may be shared with other bytes. */
  #own: Buffer<ArrayBuffer> | undefined
  #bytes: Buffer

  /** @param held - counts the bytes of the content. */
  constructor(content: GrowingBytes | Buffer, held: HeldBytes) {
    if (content instanceof GrowingBytes) this.#bytes = this.#own = content.take()
    else this.#bytes = content
    this.#held = held
  }

  /** The content; empty after `drop`. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /**
   * Hands the bytes over to the caller, in memory of their own, which is not freed with the body. They stay counted until
   * `release`.
   */
  take(): Buffer {
    const bytes = ownBytes(this.#bytes)
    if (bytes === this.#bytes) this.#own = undefined
    this.drop()
    return bytes
  }

  /** Frees the bytes. They stay counted until `release`, because the records made of them are still in memory. */
  drop(): void {
    if (this.#own !== undefined) freeBytes(this.#own)
    this.#own = undefined
    this.#bytes = NO_BYTES
  }

  release(): void {
    this.drop()
    this.#held.release()
  }
}

const NO_BYTES = Buffer.alloc(0)

/** Size limits of a body. */
export interface BodyLimits {
  /** Limit before and after decompression, bytes. */
  readonly maxBytes: number
  /** Limit for the decompressed bytes per compressed byte, above {@link FREE_BYTES}; 0 means no limit. */
  readonly maxRatio: number
}

/** Every compressed body may be this large when decompressed. */
const FREE_BYTES = 131_072

/** Reads bodies within their limits and a shared budget. */
export class BodyReader {
  readonly #maxBytes: number
  readonly #maxRatio: number
  readonly #budget: ByteBudget
  readonly #turns: ReadTurns

  constructor({ maxBytes, maxRatio }: BodyLimits, budget: ByteBudget, turns: ReadTurns) {
    this.#maxBytes = maxBytes
    this.#maxRatio = maxRatio
    this.#budget = budget
    this.#turns = turns
  }

  /**
   * Reads and decompresses the body of a request.
   *
   * @returns `undefined` if the client left before all of it arrived.
   * @throws ProxyError if the body is too large, cannot be decompressed, finds the budget full, or stalled and lost
   * its memory to others.
   */
  read(request: IncomingMessage, response: ServerResponse): Promise<HeldBody | undefined> {
    const decompressor = decompressorOf(request.headers['content-encoding'])
    const announcedBytes = announcedBytesOf(request)
    if (announcedBytes > this.#maxBytes) {
      return Promise.reject(bodyTooLarge(this.#maxBytes, MAX_BODY_KEY, announcedBytes))
    }
    if (awaitsContinue(request)) response.writeContinue()
    const held = this.#budget.open(clientAddressOf(request))
    const limits = { maxBytes: this.#maxBytes, announcedBytes }
    const { arrived } = new ArrivingBody(request, held, limits, this.#turns)
    return decompressor === undefined
      ? arrived
      : arrived.then((body) => body && this.#decompress(body, held, decompressor))
  }

  /**
   * Starts to stream the body of a request.
   *
   * @returns the stream; the caller must release it.
   * @throws ProxyError if the announced body is too large, if its encoding cannot be streamed, or if the budget has
   * no room for the decompressor.
   */
  stream(request: IncomingMessage, response: ServerResponse, limits?: StreamLimits): BodyStream {
    const decompressor = streamDecompressorOf(request.headers['content-encoding'])
    const maxBytes = limits?.maxBytes ?? Infinity
    const announcedBytes = announcedBytesOf(request)
    if (decompressor === undefined && announcedBytes > maxBytes) {
      throw bodyTooLarge(maxBytes, STREAM_LIMIT, announcedBytes)
    }
    const held = this.#budget.open(clientAddressOf(request))
    const stream = new BodyStream(request, {
      ...{ ...limits, decompressor, maxRatio: this.#maxRatio, freeBytes: FREE_BYTES },
      ...{ held, turns: this.#turns },
    })
    if (awaitsContinue(request)) response.writeContinue()
    return stream
  }

  /**
   * Discards the body of a request whose route takes none.
   *
   * @returns a promise for the end of the body; `undefined` if there is no body. Rejects with `BODY_TOO_LARGE`
   * above the limit for discarded bodies, and with {@link ClientGone} if the client left first.
   */
  discard(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    if (bodyBytesOf(request) === 0) return undefined
    if (awaitsContinue(request)) response.writeContinue()
    return new Promise((resolve, reject) => {
      discardBody(request, (how) => {
        if (how === 'whole') resolve()
        else if (how === 'clientGone') reject(new ClientGone())
        else
          reject(
            new ProxyError(
              'BODY_TOO_LARGE',
              'this path takes no body: send the request without one',
            ),
          )
      })
    })
  }

  async #decompress(
    body: HeldBody,
    held: HeldBytes,
    decompressor: Decompressor,
  ): Promise<HeldBody> {
    const { bytes } = body
    const { length } = bytes
    try {
      const take = (count: number): ProxyError | undefined => takeBytes(held, count)
      const limits = { maxBytes: this.#maxBytes, maxRatioBytes: this.#maxRatioBytes(length) }
      const content = await decompressBody(bytes, decompressor, limits, take)
      body.drop()
      held.giveBack(length)
      return new HeldBody(content, held)
    } catch (error) {
      body.release()
      throw error
    }
  }

  #maxRatioBytes(compressedBytes: number): number {
    if (this.#maxRatio === 0) return Infinity
    return Math.max(FREE_BYTES, compressedBytes * this.#maxRatio)
  }
}

/** One body that is arriving. */
class ArrivingBody {
  /** `undefined` if the client left before the end. */
  readonly arrived: Promise<HeldBody | undefined>
  readonly #held: HeldBytes
  readonly #maxBytes: number
  /** By its Content-Length; NaN without one. */
  readonly #announcedBytes: number
  /** A body in one piece, as nearly all are; used without a copy. */
  #whole: Buffer | undefined
  #pieces: GrowingBytes | undefined
  #isOver = false

  constructor(
    request: IncomingMessage,
    held: HeldBytes,
    { maxBytes, announcedBytes }: { readonly maxBytes: number; readonly announcedBytes: number },
    turns: ReadTurns,
  ) {
    this.#held = held
    this.#maxBytes = maxBytes
    this.#announcedBytes = announcedBytes
    // The listeners stay: to remove them costs more than to keep them.
    this.arrived = new Promise((resolve, reject) => {
      request.on('data', (piece: Buffer) => {
        if (this.#isOver) return
        const refusal = this.#add(piece, reject)
        if (refusal === undefined) {
          if (this.#pieces !== undefined) turns.received(request, piece.length)
          return
        }
        this.#forget()
        reject(refusal)
      })
      request.on('end', () => {
        if (this.#isOver) return
        this.#isOver = true
        held.settle()
        resolve(new HeldBody(this.#whole ?? this.#pieces ?? NO_BYTES, held))
        // The request object stays alive while its client waits for delivery; the bytes should not.
        this.#whole = this.#pieces = undefined
      })
      request.on('close', () => {
        if (this.#isOver) return
        this.#forget()
        resolve(undefined)
      })
    })
  }

  /** Adds a piece. @returns the refusal if there is no room. */
  #add(piece: Buffer, giveUp: (error: ProxyError) => void): ProxyError | undefined {
    if (this.#held.bytes + piece.length > this.#maxBytes)
      return bodyTooLarge(this.#maxBytes, MAX_BODY_KEY, this.#announcedBytes)
    const refusal = takeBytes(this.#held, piece.length)
    if (refusal !== undefined) return refusal
    if (piece.length === this.#announcedBytes) {
      this.#whole = piece
      return undefined
    }
    if (this.#pieces === undefined) {
      this.#pieces = new GrowingBytes(this.#announcedBytes || this.#maxBytes)
      this.#held.awaitMore(() => {
        this.#forget()
        giveUp(new ProxyError('REQUEST_TIMEOUT', BODY_GIVEN_UP))
      })
    }
    this.#pieces.append(piece)
    return undefined
  }

  #forget(): void {
    this.#isOver = true
    this.#held.release()
    this.#pieces?.free()
    this.#whole = this.#pieces = undefined
  }
}

/** By its Content-Length; NaN without one. */
function announcedBytesOf({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? NaN)
}
