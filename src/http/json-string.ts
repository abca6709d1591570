/** Finds the end of a JSON string in bytes, also in those of a text that is not JSON. */
import { byteMarks } from './byte-marks.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c

const IS_STRING_END = byteMarks('"\\')

/** A short string is walked through; to call a search costs as much as to look at some 25 bytes. */
const NEAR_BYTES = 24
/** How much of a string is walked through after a search that found an escaped quote: more of them follow. */
const ESCAPED_BYTES = 4096

/** Where the string that begins at `start`, behind its quote, is over; the end of the bytes if nowhere. */
export function endOfString(bytes: Buffer, start: number): number {
  const { length } = bytes
  let at = start
  let near = start + NEAR_BYTES
  for (;;) {
    const stop = Math.min(near, length)
    for (;;) {
      while (at < stop && IS_STRING_END[bytes[at] ?? 0] === 0) at += 1
      if (at >= stop) break
      if (bytes[at] === QUOTE) return at + 1
      at += 2
    }
    const quote = at < length ? bytes.indexOf(QUOTE, at) : -1
    if (quote === -1) return length
    if (!isEscaped(bytes, at, quote)) return quote + 1
    at = quote + 1
    near = at + ESCAPED_BYTES
  }
}

/** Whether the backslashes before a quote, none of them before `start`, escape it: an odd number does. */
function isEscaped(bytes: Buffer, start: number, quote: number): boolean {
  let at = quote
  while (at > start && bytes[at - 1] === BACKSLASH) at -= 1
  return (quote - at) % 2 === 1
}
