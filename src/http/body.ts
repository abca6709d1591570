/**
 * Reads request bodies. The bytes of a body are held in the budget from their arrival until whoever
 * got the body releases it; of a body that was not read to its end, none are. The memory that is taken up
 * is never more than twice what is counted.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ProxyError } from '../base/errors.ts'
import type { ByteBudget, HeldBytes } from './byte-budget.ts'
import { awaitsContinue, bodyBytesOf } from './body-framing.ts'
import { BODY_GIVEN_UP, bodyTooLarge, takeBytes } from './body-refusals.ts'
import { BodyStream, type StreamLimits } from './body-stream.ts'
import { addressOf } from './client-address.ts'
import { ClientGone } from './client-gone.ts'
import {
  decompressBody,
  decompressorOf,
  type Decompressor,
  streamDecompressorOf,
} from './content-encoding.ts'
import { discardBody } from './discard-body.ts'
import { freeBytes, GrowingBytes } from './growing-bytes.ts'
import type { ReadTurns } from './read-turns.ts'

/** A request body in memory. Its holder calls `release` once done with it, and a second time at no harm. */
export class HeldBody {
  readonly #held: HeldBytes
  /** What is freed with the body; `undefined` where its memory may be shared with other bytes. */
  #own: Buffer<ArrayBuffer> | undefined
  #bytes: Buffer

  /** @param held - has the bytes of the content. */
  constructor(content: GrowingBytes | Buffer, held: HeldBytes) {
    if (content instanceof GrowingBytes) this.#bytes = this.#own = content.take()
    else this.#bytes = content
    this.#held = held
  }

  /** Empty once they are dropped. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** Frees the bytes. They stay counted, for the records that were made of them, until the release. */
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

/** How large a body may be. */
export interface BodyLimits {
  /** Before and after decompression. */
  readonly maxBytes: number
  /** Bytes that each byte of a compressed body may become, beyond {@link FREE_BYTES}; 0 is no limit. */
  readonly maxRatio: number
}

/** What a compressed body may become, however small it is. */
const FREE_BYTES = 131_072

/** Reads bodies within their limits, out of a shared budget. */
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
   * @returns `undefined` when the client left before all of it arrived.
   * @throws ProxyError when it is too large, does not decompress, finds the budget exhausted, or had to
   * make room because it stopped to arrive.
   */
  read(request: IncomingMessage, response: ServerResponse): Promise<HeldBody | undefined> {
    const decompressor = decompressorOf(request.headers['content-encoding'])
    const announcedBytes = announcedBytesOf(request)
    if (announcedBytes > this.#maxBytes) return Promise.reject(bodyTooLarge(this.#maxBytes))
    if (awaitsContinue(request)) response.writeContinue()
    const held = this.#budget.open(addressOf(request.socket))
    const limits = { maxBytes: this.#maxBytes, announcedBytes }
    const { arrived } = new ArrivingBody(request, held, limits, this.#turns)
    return decompressor === undefined
      ? arrived
      : arrived.then((body) => body && this.#decompress(body, held, decompressor))
  }

  /**
   * Begins to read the body of a request of which each piece is wanted as it comes.
   *
   * @returns what whoever called this releases.
   * @throws ProxyError when its head announces too much or is compressed otherwise than streams may be, or when the
   * budget has no room for its decompression.
   */
  stream(request: IncomingMessage, response: ServerResponse, limits?: StreamLimits): BodyStream {
    const decompressor = streamDecompressorOf(request.headers['content-encoding'])
    const maxBytes = limits?.maxBytes ?? Infinity
    if (decompressor === undefined && announcedBytesOf(request) > maxBytes) {
      throw bodyTooLarge(maxBytes)
    }
    const held = this.#budget.open(addressOf(request.socket))
    const stream = new BodyStream(request, {
      ...{ ...limits, decompressor, maxRatio: this.#maxRatio, freeBytes: FREE_BYTES },
      ...{ held, turns: this.#turns },
    })
    if (awaitsContinue(request)) response.writeContinue()
    return stream
  }

  /**
   * Throws the body of a request away that nobody wants.
   *
   * @returns when it has come whole; `undefined` where there is none. Rejects with `BODY_TOO_LARGE` for more than is
   * thrown away, with {@link ClientGone} when the client left before all of it arrived.
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

/** One body on its way in. */
class ArrivingBody {
  /** `undefined` when the client left before the end. */
  readonly arrived: Promise<HeldBody | undefined>
  readonly #held: HeldBytes
  readonly #maxBytes: number
  /** By its Content-Length; NaN without one. */
  readonly #announcedBytes: number
  /** A body that came in one piece, as nearly all do: it is used as it is. */
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
    // Listeners stay: a body ends once, and taking them off costs more than that they are there.
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
        // The request lives on while its client waits for the delivery of its records.
        this.#whole = this.#pieces = undefined
      })
      request.on('close', () => {
        if (this.#isOver) return
        this.#forget()
        resolve(undefined)
      })
    })
  }

  /** Takes a piece in, or says why not. */
  #add(piece: Buffer, giveUp: (error: ProxyError) => void): ProxyError | undefined {
    if (this.#held.bytes + piece.length > this.#maxBytes) return bodyTooLarge(this.#maxBytes)
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
