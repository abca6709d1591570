/**
 * Reads request bodies. The bytes of a body are held in the budget from their arrival until whoever
 * got the body releases it; of a body that was not read to its end, none are.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ProxyError } from '../errors.ts'
import type { ByteBudget } from './byte-budget.ts'
import { decompressBody, decompressOf, type Decompress } from './content-encoding.ts'

/** A request body in memory. Its holder calls `release` once done with it, and a second time at no harm. */
export class HeldBody {
  readonly #budget: ByteBudget
  #bytes: Buffer

  /** @param bytes - already taken from the budget. */
  constructor(bytes: Buffer, budget: ByteBudget) {
    this.#bytes = bytes
    this.#budget = budget
  }

  /** Empty after the release. */
  get bytes(): Buffer {
    return this.#bytes
  }

  release(): void {
    this.#budget.giveBack(this.#bytes.length)
    this.#bytes = NO_BYTES
  }
}

const NO_BYTES = Buffer.alloc(0)

/** Reads bodies of at most so many bytes, before and after decompression, out of a shared budget. */
export class BodyReader {
  readonly #maxBytes: number
  readonly #budget: ByteBudget

  constructor(maxBytes: number, budget: ByteBudget) {
    this.#maxBytes = maxBytes
    this.#budget = budget
  }

  /**
   * Reads and decompresses the body of a request.
   *
   * @returns `undefined` when the client left before all of it arrived.
   * @throws ProxyError when it is too large, does not decompress, or finds the budget exhausted.
   */
  read(request: IncomingMessage, response: ServerResponse): Promise<HeldBody | undefined> {
    const { headers } = request
    const decompress = decompressOf(headers['content-encoding'])
    if (Number(headers['content-length'] ?? 0) > this.#maxBytes) {
      return Promise.reject(this.#tooLarge())
    }
    if (awaitsContinue(request)) response.writeContinue()
    const received = this.#collect(request)
    return decompress === undefined
      ? received
      : received.then((body) => body && this.#decompress(body.bytes, decompress))
  }

  /** Its listeners stay: a body ends once, and taking them off is dearer than that they are there. */
  #collect(request: IncomingMessage): Promise<HeldBody | undefined> {
    return new Promise((resolve, reject) => {
      let first: Buffer | undefined
      let others: Buffer[] | undefined
      let heldBytes = 0
      let isOver = false

      request.on('data', (chunk: Buffer) => {
        if (isOver) return
        const refusal = this.#refusalOf(chunk.length, heldBytes)
        if (refusal !== undefined) {
          isOver = true
          this.#budget.giveBack(heldBytes)
          reject(refusal)
          return
        }
        heldBytes += chunk.length
        if (first === undefined) first = chunk
        else (others ??= [first]).push(chunk)
      })
      request.on('end', () => {
        isOver = true
        const bytes = others === undefined ? (first ?? NO_BYTES) : Buffer.concat(others, heldBytes)
        resolve(new HeldBody(bytes, this.#budget))
        // The request lives on while its client waits for the delivery of its records.
        first = others = undefined
      })
      request.on('close', () => {
        if (isOver) return
        isOver = true
        this.#budget.giveBack(heldBytes)
        resolve(undefined)
      })
    })
  }

  /** Takes the bytes from the budget, or says why not. */
  #refusalOf(bytes: number, heldBytes: number): ProxyError | undefined {
    if (heldBytes + bytes > this.#maxBytes) return this.#tooLarge()
    return this.#budget.tryTake(bytes) ? undefined : overloaded()
  }

  async #decompress(body: Buffer, decompress: Decompress): Promise<HeldBody> {
    // How much comes out is not known before: the most that may is held until it is.
    let heldBytes = body.length
    try {
      if (!this.#budget.tryTake(this.#maxBytes)) throw overloaded()
      heldBytes += this.#maxBytes
      const decompressed = await decompressBody(body, decompress, this.#maxBytes)
      heldBytes -= decompressed.length
      return new HeldBody(decompressed, this.#budget)
    } finally {
      this.#budget.giveBack(heldBytes)
    }
  }

  #tooLarge(): ProxyError {
    return new ProxyError('BODY_TOO_LARGE', `the body is larger than ${this.#maxBytes} bytes`)
  }
}

/** Whether the client sends its body only when told to go on (RFC 9110, 10.1.1; HTTP/1.0 has no such thing). */
function awaitsContinue(request: IncomingMessage): boolean {
  return request.headers.expect !== undefined && request.httpVersionMinor === 1
}

function overloaded(): ProxyError {
  return new ProxyError('OVERLOADED', 'too many request bodies are being received at once')
}
