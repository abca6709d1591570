import { nextPlace, readFrame, type ReadFrame } from './frame.ts'
import type { Storage } from './storage.ts'

/** How much is read at a time, bytes; more only for a longer frame. */
const CHUNK_BYTES = 2 ** 20
const NO_BYTES: Buffer = Buffer.alloc(0)

/** The file of frames that a {@link FrameSource} reads. */
export interface FrameFile {
  readonly name: string
  readonly salt: number
  /** Nothing is read from there on. It may grow. */
  readonly endBytes: number
}

/** Reads the frames of one file from the disk, a piece of the file at a time. */
export class FrameSource {
  readonly #storage: Pick<Storage, 'read'>
  readonly #file: FrameFile
  #chunk = NO_BYTES
  #chunkAt = 0

  constructor(storage: Pick<Storage, 'read'>, file: FrameFile) {
    this.#storage = storage
    this.#file = file
  }

  /** What is at this place. `short` means that the file ends within a frame. */
  async frameAt(at: number): Promise<ReadFrame> {
    let read = this.#inChunk(at)
    let wanted = CHUNK_BYTES
    while (read.kind === 'short') {
      await this.#load(at, wanted)
      read = this.#inChunk(at)
      if (read.kind !== 'short' || read.neededBytes <= wanted) break
      // The header says that the frame is longer than what was read.
      wanted = read.neededBytes
    }
    return read
  }

  /** The first place after `at` where a frame begins; the end of the file if there is none. */
  async nextFrameAfter(at: number): Promise<number> {
    const { endBytes } = this.#file
    for (let next = nextPlace(at); next < endBytes; next = nextPlace(next)) {
      const { kind } = await this.frameAt(next)
      if (kind === 'frame' || kind === 'damagedPayload') return next
      // The file ends here.
      if (kind === 'short') break
    }
    return endBytes
  }

  /** The bytes from `at` on, fewer only at the end of the file. They are valid until the next call. */
  async bytesAt(at: number, length: number): Promise<Buffer> {
    const isThere = at >= this.#chunkAt && at + length <= this.#chunkAt + this.#chunk.length
    if (!isThere) await this.#load(at, length)
    return this.#chunk.subarray(at - this.#chunkAt, at - this.#chunkAt + length)
  }

  async #load(at: number, length: number): Promise<void> {
    const { name, endBytes } = this.#file
    this.#chunk = await this.#storage.read(name, at, Math.max(0, Math.min(length, endBytes - at)))
    this.#chunkAt = at
  }

  #inChunk(at: number): ReadFrame {
    const offset = at - this.#chunkAt
    if (offset < 0 || offset >= this.#chunk.length) return { kind: 'short', neededBytes: 0 }
    return readFrame(this.#chunk, offset, this.#file.salt)
  }
}
