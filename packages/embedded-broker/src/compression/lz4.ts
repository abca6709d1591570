/** Decompresses LZ4 frames (version 1), whose blocks may refer to one another. Checksums are skipped. */
import { MalformedFrame, Reader } from '../protocol/reader.ts'
import { Output } from './output.ts'

const MAGIC = 0x184d2204

/** Bits of the frame descriptor. */
const HAS_BLOCK_CHECKSUMS = 0x10
const HAS_CONTENT_SIZE = 0x08
const HAS_DICTIONARY = 0x01

/** Set in a block's length when the block is not compressed. */
const UNCOMPRESSED = 0x80000000

/** Shortest repetition; lengths count from here. */
const MIN_MATCH = 4

/** A length of 15 in the token goes on in the bytes that follow. */
const LENGTH_GOES_ON = 15

/**
 * Decompresses one frame.
 *
 * @throws MalformedFrame for anything else.
 */
export function lz4Decompress(compressed: Buffer): Buffer {
  const reader = new Reader(compressed)
  if (unsigned(reader, 4) !== MAGIC) throw new MalformedFrame('not an LZ4 frame')
  const flags = unsigned(reader, 1)
  if ((flags & HAS_DICTIONARY) !== 0)
    throw new MalformedFrame('an LZ4 frame names an unknown dictionary')
  // Block size, content size and header checksum.
  reader.slice(1 + ((flags & HAS_CONTENT_SIZE) === 0 ? 0 : 8) + 1)
  const output = new Output()
  for (let size = unsigned(reader, 4); size !== 0; size = unsigned(reader, 4)) {
    if (size >= UNCOMPRESSED) output.append(reader.slice(size - UNCOMPRESSED))
    else decompressBlock(new Reader(reader.slice(size)), output)
    if ((flags & HAS_BLOCK_CHECKSUMS) !== 0) reader.slice(4)
  }
  return output.bytes()
}

/** Literals and repetitions take turns; a block ends after literals. */
function decompressBlock(reader: Reader, output: Output): void {
  while (reader.remaining > 0) {
    const token = unsigned(reader, 1)
    output.append(reader.slice(lengthFrom(token >>> 4, reader)))
    if (reader.remaining === 0) return
    const distance = unsigned(reader, 2)
    output.repeat(distance, lengthFrom(token & 0x0f, reader) + MIN_MATCH)
  }
}

function lengthFrom(nibble: number, reader: Reader): number {
  let length = nibble
  if (nibble === LENGTH_GOES_ON) {
    let more = unsigned(reader, 1)
    for (; more === 0xff; more = unsigned(reader, 1)) length += more
    length += more
  }
  return length
}

function unsigned(reader: Reader, lengthBytes: number): number {
  return reader.slice(lengthBytes).readUIntLE(0, lengthBytes)
}
