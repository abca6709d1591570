/**
 * Splits a stream of bytes into length-prefixed frames. Memory grows with the bytes that arrive, not with announced
 * lengths.
 */
import { MalformedFrame } from './protocol/reader.ts'

const LENGTH_BYTES = 4

/** Collects chunks until a frame is complete. */
export class FrameSplitter {
  readonly #maxFrameBytes: () => number
  #chunks: Buffer[] = []
  #sizeBytes = 0
  /** Length of the frame being collected, once its prefix is there. */
  #wantedBytes: number | undefined

  /** @param maxFrameBytes - asked at the start of each frame. */
  constructor(maxFrameBytes: () => number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /**
   * Adds a chunk and returns the frames that it completes, without their lengths.
   *
   * @throws MalformedFrame for a negative length or one over the limit.
   */
  add(chunk: Buffer): readonly Buffer[] {
    this.#chunks.push(chunk)
    this.#sizeBytes += chunk.length
    const frames: Buffer[] = []
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame)
    return frames
  }

  #next(): Buffer | undefined {
    this.#wantedBytes ??= this.#readLength()
    if (this.#wantedBytes === undefined || this.#sizeBytes < this.#wantedBytes) return undefined
    const frame = this.#take(this.#wantedBytes)
    this.#wantedBytes = undefined
    return frame
  }

  #readLength(): number | undefined {
    if (this.#sizeBytes < LENGTH_BYTES) return undefined
    const lengthBytes = this.#take(LENGTH_BYTES).readInt32BE(0)
    if (lengthBytes < 0 || lengthBytes > this.#maxFrameBytes()) {
      throw new MalformedFrame(`frame of ${lengthBytes} bytes`)
    }
    return lengthBytes
  }

  #take(lengthBytes: number): Buffer {
    const [first] = this.#chunks
    const isWhole = this.#chunks.length === 1 && first !== undefined
    const bytes = isWhole ? first : Buffer.concat(this.#chunks, this.#sizeBytes)
    const rest = bytes.subarray(lengthBytes)
    this.#chunks = rest.length === 0 ? [] : [rest]
    this.#sizeBytes = rest.length
    return bytes.subarray(0, lengthBytes)
  }
}
