/** Cuts the pieces of a body into lines. Pure. */
import { PartBuffer } from '../stream/part-buffer.ts'
import type { PartReader, Splitter } from '../stream/read-records.ts'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const BYTE_ORDER_MARK = Buffer.from('\ufeff')

/** Lines end with a line feed, with or without a carriage return before it, and are told without it. */
export class LineSplitter implements Splitter {
  readonly #reader: PartReader
  readonly #buffer: PartBuffer
  #count = 0

  constructor(maxLineBytes: number, reader: PartReader) {
    this.#reader = reader
    this.#buffer = new PartBuffer(maxLineBytes, reader)
  }

  get count(): number {
    return this.#count
  }

  write(piece: Buffer): void {
    let start = 0
    for (;;) {
      const end = piece.indexOf(LINE_FEED, start)
      if (end === -1) break
      this.#endLine(piece.subarray(start, end))
      start = end + 1
    }
    if (start < piece.length) this.#buffer.append(piece.subarray(start))
  }

  /** What follows the last line feed is a line, too. */
  end(): void {
    if (this.#buffer.hasBegun) this.#endLine(NOTHING)
  }

  #endLine(rest: Buffer): void {
    this.#count += 1
    const line = this.#buffer.end(rest)
    this.#reader.part(line && this.#content(line), this.#count)
  }

  #content(line: Buffer): Buffer {
    const end = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length
    const hasMark = this.#count === 1 && line.subarray(0, 3).equals(BYTE_ORDER_MARK)
    const start = hasMark ? BYTE_ORDER_MARK.length : 0
    return start === 0 && end === line.length ? line : line.subarray(start, end)
  }
}

const NOTHING = Buffer.alloc(0)
