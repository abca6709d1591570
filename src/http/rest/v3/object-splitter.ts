/** Cuts a body of concatenated JSON objects into the objects. Pure. */
import { ProxyError } from '../../../base/errors.ts'
import { byteMarks } from '../../byte-marks.ts'
import { PartBuffer } from '../../stream/part-buffer.ts'
import type { PartReader, Splitter } from '../../stream/read-records.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING_BRACE = 0x7b
const IS_SPACE = byteMarks(' \t\r\n')
const IS_STRUCTURE = byteMarks('"{}[]')
const IS_STRING_END = byteMarks('"\\')
const IS_OPENING = byteMarks('{[')

/** Between objects there may be white space, or nothing. */
export class ObjectSplitter implements Splitter {
  readonly #reader: PartReader
  readonly #buffer: PartBuffer
  #hasBegun = false
  #count = 0
  /** Open objects and arrays; 0 between the objects of the body. */
  #depth = 0
  #isInString = false
  #isEscaped = false

  constructor(maxObjectBytes: number, reader: PartReader) {
    this.#reader = reader
    this.#buffer = new PartBuffer(maxObjectBytes, reader)
  }

  get count(): number {
    return this.#count
  }

  write(piece: Buffer): void {
    // A byte order mark is no part of JSON, and some clients send one.
    let at = this.#hasBegun || !startsWithMark(piece) ? 0 : BYTE_ORDER_MARK.length
    this.#hasBegun = true
    while (at < piece.length) {
      if (this.#depth === 0) {
        at = this.#skipSpace(piece, at)
        if (at === piece.length) return
      }
      const start = at
      at = this.#endOfObject(piece, at)
      if (this.#depth > 0) this.#buffer.append(piece.subarray(start))
      else this.#endObject(piece.subarray(start, at))
    }
  }

  end(): void {
    if (this.#depth > 0) {
      throw new ProxyError('INVALID_JSON', 'the body ends in the middle of a record')
    }
  }

  #skipSpace(piece: Buffer, from: number): number {
    let at = from
    while (at < piece.length && IS_SPACE[piece[at] ?? 0] === 1) at += 1
    if (at < piece.length && piece[at] !== OPENING_BRACE) {
      throw new ProxyError('INVALID_JSON', 'each record must be a JSON object, one after the other')
    }
    return at
  }

  /** Where the object is over, whose depth is 0 then; the end of the piece if it goes on. */
  #endOfObject(piece: Buffer, from: number): number {
    let at = from
    for (;;) {
      if (this.#isInString) at = this.#skipString(piece, at)
      while (at < piece.length && IS_STRUCTURE[piece[at] ?? 0] === 0) at += 1
      if (at >= piece.length) return piece.length
      const byte = piece[at] ?? 0
      at += 1
      if (byte === QUOTE) this.#isInString = true
      else if (IS_OPENING[byte] === 1) this.#depth += 1
      else {
        this.#depth -= 1
        // A bracket that closes nothing ends the part as well: it is not JSON, and that will be said of it.
        if (this.#depth <= 0) {
          this.#depth = 0
          return at
        }
      }
    }
  }

  #skipString(piece: Buffer, from: number): number {
    let at = from
    for (;;) {
      if (this.#isEscaped && at < piece.length) {
        this.#isEscaped = false
        at += 1
      }
      while (at < piece.length && IS_STRING_END[piece[at] ?? 0] === 0) at += 1
      if (at >= piece.length) return piece.length
      const byte = piece[at]
      at += 1
      if (byte === BACKSLASH) this.#isEscaped = true
      else {
        this.#isInString = false
        return at
      }
    }
  }

  #endObject(rest: Buffer): void {
    this.#count += 1
    this.#reader.part(this.#buffer.end(rest), this.#count)
  }
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff')

function startsWithMark(piece: Buffer): boolean {
  return piece.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
}
