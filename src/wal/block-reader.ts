import { codeOf, isUnreadable, type Storage } from './storage.ts'

/** What is given up at a time, bytes: the smallest unit in which disks and file systems lose something. */
const BLOCK_BYTES = 4_096
/** Reads of a block that fail, until it is given up: a path to a disk may fail for a moment. */
const MAX_FAILURES = 3

/**
 * Reads a file of which the disk may not give back everything. A block that fails in several reads counts as zeros:
 * they pass no checksum, so that only the frames in it are lost. Errors that are not of the disk are never a reason
 * to give up anything: they pass.
 */
export class BlockReader {
  readonly #storage: Storage
  readonly #name: string
  /** Reads that failed, by number of the block. */
  readonly #failures = new Map<number, number>()
  #isMissing = false

  constructor(storage: Storage, name: string) {
    this.#storage = storage
    this.#name = name
  }

  /** Whether bytes of this range were given up. */
  hasGivenUp(position: number, length: number): boolean {
    if (this.#isMissing) return true
    return blocksOf(position, length).some(
      (block) => (this.#failures.get(block) ?? 0) >= MAX_FAILURES,
    )
  }

  /**
   * Reads up to `length` bytes; fewer only at the end of the file, and none of a file that somebody removed.
   *
   * @throws the error of the operating system. The same read may succeed after a pause.
   */
  async read(position: number, length: number): Promise<Buffer> {
    const blocks = blocksOf(position, length)
    try {
      // One that failed before would only cost the disk its time.
      if (!blocks.some((block) => this.#failures.has(block))) {
        return await this.#storage.read(this.#name, position, length)
      }
    } catch (error) {
      if (await this.#isGone(error)) return Buffer.alloc(0)
      if (!isUnreadable(error)) throw error
    }
    return this.#readBlocks(blocks, position, position + length)
  }

  async #readBlocks(blocks: readonly number[], from: number, end: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    let problem: Error | undefined
    for (const block of blocks) {
      const position = Math.max(from, block * BLOCK_BYTES)
      const length = Math.min(end, (block + 1) * BLOCK_BYTES) - position
      const failures = this.#failures.get(block) ?? 0
      let piece = Buffer.alloc(length)
      if (failures < MAX_FAILURES) {
        try {
          piece = Buffer.from(await this.#storage.read(this.#name, position, length))
          this.#failures.delete(block)
        } catch (error) {
          if (!isUnreadable(error)) throw error
          this.#failures.set(block, failures + 1)
          if (failures + 1 < MAX_FAILURES) problem ??= error
        }
      }
      pieces.push(piece)
      if (piece.length < length) break
    }
    if (problem) throw problem
    return Buffer.concat(pieces)
  }

  /** Whether a file is not there, while its folder is: one of a disk that is not mounted comes back with it. */
  async #isGone(error: unknown): Promise<boolean> {
    if (codeOf(error) !== 'ENOENT') return false
    this.#isMissing = !(await this.#storage.list()).includes(this.#name)
    return this.#isMissing
  }
}

function blocksOf(position: number, length: number): readonly number[] {
  const first = Math.floor(position / BLOCK_BYTES)
  const end = Math.ceil((position + length) / BLOCK_BYTES)
  return Array.from({ length: end - first }, (_, index) => first + index)
}
