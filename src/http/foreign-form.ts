/** What a body is that is no text in UTF-8, by its first bytes. */
import { byteMarks } from './byte-marks.ts'

/** JSON begins with one of these, and so do all texts that only look like JSON. */
const IS_JSON_START = byteMarks('{["-0123456789tfn \t\r\n')

const COMPRESSED: readonly (readonly [name: string, ...first: number[]])[] = [
  ['gzip', 0x1f, 0x8b],
  ['deflate', 0x78, 0x01],
  ['deflate', 0x78, 0x9c],
  ['deflate', 0x78, 0xda],
  ['zstd', 0x28, 0xb5, 0x2f, 0xfd],
]

/** Says what a body is, if it is UTF-16, UTF-32, or compressed. No JSON in UTF-8 begins as these do. */
export function describeForeignForm(body: Uint8Array): string | undefined {
  const [first = 0, second] = body
  if (second === undefined || (IS_JSON_START[first] === 1 && second !== 0)) return undefined
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  // The first character of JSON is ASCII, so in UTF-16 one of its two bytes is 0.
  if (hasMark || first === 0 || second === 0)
    return 'the body is UTF-16 or UTF-32: encode it as UTF-8'
  const name = COMPRESSED.find(([, ...start]) => start.every((byte, n) => body[n] === byte))?.[0]
  if (name === undefined) return undefined
  return `the body is compressed with ${name}: say so in the header Content-Encoding, and compress it only once`
}
