/** Cuts the pieces of a body into lines. Pure. */
import { ownBytes } from '../own-bytes.ts'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const BYTE_ORDER_MARK = Buffer.from('\ufeff')

/** Receives a line without its end. */
export interface LineReader {
  /** @param line - `undefined` if it has more bytes than allowed. It shares the memory of its piece. */
  line(line: Buffer | undefined, number: number): void
  /** This number of bytes of an unfinished line is kept until the line ends. */
  keep(bytes: number): void
  /** Nothing is kept any longer. */
  keepNothing(): void
}

/** Lines end with a line feed, with or without a carriage return before it. */
export class LineSplitter {
  readonly #maxLineBytes: number
  readonly #reader: LineReader
  /** The unfinished line. */
  #parts: Buffer[] = []
  #partBytes = 0
  #isTooLong = false
  #count = 0

  constructor(maxLineBytes: number, reader: LineReader) {
    this.#maxLineBytes = maxLineBytes
    this.#reader = reader
  }

  /** Number of lines so far, without the unfinished one. */
  get count(): number {
    return this.#count
  }

  /** Takes the next piece. */
  write(piece: Buffer): void {
    let start = 0
    for (;;) {
      const end = piece.indexOf(LINE_FEED, start)
      if (end === -1) break
      this.#endLine(piece.subarray(start, end))
      start = end + 1
    }
    if (start < piece.length) this.#begin(piece.subarray(start))
  }

  /** The body is complete: what follows the last line feed is a line, too. */
  end(): void {
    if (this.#partBytes > 0) this.#endLine(NOTHING)
  }

  #begin(part: Buffer): void {
    this.#partBytes += part.length
    if (this.#isTooLong) return
    if (this.#partBytes > this.#maxLineBytes) {
      this.#isTooLong = true
      this.#parts = []
      this.#reader.keepNothing()
      return
    }
    this.#reader.keep(part.length)
    this.#parts.push(ownBytes(part))
  }

  #endLine(rest: Buffer): void {
    this.#count += 1
    let line: Buffer | undefined = rest
    if (this.#partBytes > 0) {
      line = this.#isTooLong ? undefined : Buffer.concat([...this.#parts, rest])
      this.#parts = []
      this.#partBytes = 0
      this.#isTooLong = false
      this.#reader.keepNothing()
    }
    if (line !== undefined && line.length > this.#maxLineBytes) line = undefined
    this.#reader.line(line && this.#content(line), this.#count)
  }

  #content(line: Buffer): Buffer {
    const end = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length
    const hasMark = this.#count === 1 && line.subarray(0, 3).equals(BYTE_ORDER_MARK)
    const start = hasMark ? BYTE_ORDER_MARK.length : 0
    return start === 0 && end === line.length ? line : line.subarray(start, end)
  }
}

const NOTHING = Buffer.alloc(0)
