/** Decompresses zstd: all frames of a body, each of them whole. */
import { constants, createZstdDecompress, zstdDecompressSync, type ZstdDecompress } from 'node:zlib'
import { FrameWalker, MAX_WINDOW_BYTES, notFrames, ZstdError } from './frame-walker.ts'

const params = { [constants.ZSTD_d_windowLogMax]: Math.log2(MAX_WINDOW_BYTES) }
/** The largest block, bytes (https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.2.4). */
const MAX_BLOCK_BYTES = 131_072
/** How much of a body is walked over at once, bytes: in a tenth of a millisecond, however small its blocks are. */
const WALK_BYTES = 65_536

function cutOff(): ZstdError {
  return new ZstdError('its last zstd frame is not complete')
}

/**
 * Decompresses a body of one frame on this thread.
 *
 * @returns `undefined` if there are several.
 * @throws RangeError above `maxOutputLength`; another Error if the body cannot be decompressed.
 */
export function decompressOneFrame(
  body: Buffer,
  { maxOutputLength }: { readonly maxOutputLength: number },
): Buffer | undefined {
  const walker = new FrameWalker()
  const end = walker.walk(body, 0)
  if (!walker.isComplete) throw cutOff()
  return end < body.length ? undefined : zstdDecompressSync(body, { maxOutputLength, params })
}

/** Options of a {@link ZstdDecoder}. */
export interface ZstdDecoderOptions {
  /** Size of the decompressed pieces. */
  readonly chunkSize: number
  readonly highWaterMark?: number
}

/** Decompresses a body in pieces, in the thread pool. It gets each frame by itself, because Node.js 22 reads but one at once. */
export class ZstdDecoder {
  readonly #stream: ZstdDecompress
  readonly #takeMemory: (bytes: number) => boolean
  readonly #walker = new FrameWalker()
  #memoryBytes = 0
  #isWriting = false
  #hasEnded = false
  /** Whether zlib knows that the body has ended. */
  #isFinished = false

  /**
   * @param takeMemory - takes memory for a window; returns whether there is room. Without it, nothing more is decompressed.
   */
  constructor(
    { chunkSize, highWaterMark }: ZstdDecoderOptions,
    takeMemory: (bytes: number) => boolean = () => true,
  ) {
    this.#stream = createZstdDecompress({
      ...{ chunkSize, params },
      ...(highWaterMark !== undefined && { highWaterMark }),
    })
    this.#takeMemory = takeMemory
    // It ends in place of failing if a piece ends in the middle of what is no magic number.
    this.#stream.on('end', () => {
      if (!this.#isFinished) this.#stream.destroy(notFrames())
    })
  }

  on(event: 'data', listener: (piece: Buffer) => void): void
  on(event: 'end', listener: () => void): void
  on(event: 'error', listener: (error: Error) => void): void
  on(event: string, listener: (value: Buffer & Error) => void): void {
    this.#stream.on(event, (value: Buffer & Error) => {
      if (event !== 'end' || this.#isFinished) listener(value)
    })
  }

  /** Decompresses a piece. The next one must wait for it. @param done - called once it may follow. */
  write(piece: Buffer, done: () => void): void {
    this.#isWriting = true
    this.#writeFrom(0, piece, () => {
      this.#isWriting = false
      done()
      if (this.#hasEnded) this.#finish()
    })
  }

  /** The body ends, maybe while a piece is still decompressed. @param last - its last piece. */
  end(last?: Buffer): void {
    this.#hasEnded = true
    if (last !== undefined) this.write(last, () => undefined)
    else if (!this.#isWriting) this.#finish()
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  destroy(): void {
    this.#stream.destroy()
  }

  #finish(): void {
    this.#isFinished = true
    if (this.#walker.isComplete) this.#stream.end()
    else this.#stream.destroy(cutOff())
  }

  #writeFrom(from: number, piece: Buffer, done: () => void): void {
    if (from === piece.length) {
      done()
      return
    }
    let end: number
    try {
      end = this.#walker.walk(piece, from, Math.min(from + WALK_BYTES, piece.length))
    } catch (error) {
      this.#stream.destroy(error instanceof Error ? error : undefined)
      return
    }
    if (!this.#hasMemory()) return
    this.#stream.write(piece.subarray(from, end), (error) => {
      if (!error) this.#writeFrom(end, piece, done)
    })
  }

  /** A decoder keeps the memory of its largest window: that, a block that arrives, and one that leaves. */
  #hasMemory(): boolean {
    const { windowBytes } = this.#walker
    const bytes = windowBytes + 2 * Math.min(windowBytes, MAX_BLOCK_BYTES)
    const more = bytes - this.#memoryBytes
    if (more <= 0) return true
    this.#memoryBytes = bytes
    return this.#takeMemory(more)
  }
}
