/** Decompresses Snappy: bare blocks, and the stream of blocks that snappy-java wraps around them. */
import { MalformedFrame, Reader } from '../protocol/reader.ts'
import { Output } from './output.ts'

/** Begins a snappy-java stream; two version numbers of four bytes follow. */
const STREAM_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const STREAM_VERSION_BYTES = 8

/** Tags hold the length of literals of up to 60 bytes; larger tags give the number of length bytes that follow. */
const LONGEST_TAGGED_LITERAL = 60

/**
 * Decompresses a snappy-java stream or a bare block.
 *
 * @throws MalformedFrame for anything else.
 */
export function snappyDecompress(compressed: Buffer): Buffer {
  const output = new Output()
  if (!compressed.subarray(0, STREAM_MAGIC.length).equals(STREAM_MAGIC)) {
    decompressBlock(new Reader(compressed), output)
    return output.bytes()
  }
  const reader = new Reader(compressed.subarray(STREAM_MAGIC.length + STREAM_VERSION_BYTES))
  while (reader.remaining > 0) decompressBlock(new Reader(reader.slice(reader.int32())), output)
  return output.bytes()
}

function decompressBlock(reader: Reader, output: Output): void {
  const end = output.length + reader.unsignedVarint()
  while (reader.remaining > 0) decompressElement(reader, output)
  if (output.length !== end) throw new MalformedFrame('a Snappy block has the wrong length')
}

/** The two lowest bits of the tag tell a literal from the three kinds of repetition. */
function decompressElement(reader: Reader, output: Output): void {
  const tag = reader.slice(1).readUInt8()
  const high = tag >>> 2
  switch (tag & 3) {
    case 0:
      output.append(reader.slice(literalLength(high + 1, reader)))
      break
    case 1:
      output.repeat(((tag >>> 5) << 8) | reader.slice(1).readUInt8(), (high & 7) + 4)
      break
    case 2:
      output.repeat(reader.slice(2).readUInt16LE(), high + 1)
      break
    default:
      output.repeat(reader.slice(4).readUInt32LE(), high + 1)
  }
}

function literalLength(tagged: number, reader: Reader): number {
  if (tagged <= LONGEST_TAGGED_LITERAL) return tagged
  const lengthBytes = tagged - LONGEST_TAGGED_LITERAL
  return reader.slice(lengthBytes).readUIntLE(0, lengthBytes) + 1
}
