/** Decompresses the records of a batch, with any of Kafka's codecs. */
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { MalformedFrame } from '../protocol/reader.ts'
import { lz4Decompress } from './lz4.ts'
import { MAX_OUTPUT_BYTES } from './output.ts'
import { snappyDecompress } from './snappy.ts'

/** Names of the codecs, by their number in a batch's attributes. */
export const compressionNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** Name of a codec. */
export type CompressionName = (typeof compressionNames)[number]

/**
 * Decompresses with the codec of that number.
 *
 * @throws when the bytes are not of that codec.
 */
export function decompress(compressed: Buffer, codec: number): Buffer {
  const limits = { maxOutputLength: MAX_OUTPUT_BYTES }
  switch (compressionNames[codec]) {
    case 'none':
      return compressed
    case 'gzip':
      return gunzipSync(compressed, limits)
    case 'snappy':
      return snappyDecompress(compressed)
    case 'lz4':
      return lz4Decompress(compressed)
    case 'zstd':
      return zstdDecompressSync(compressed, limits)
    case undefined:
    default:
      throw new MalformedFrame(`compression codec ${codec}`)
  }
}
