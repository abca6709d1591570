/** Decompresses the records of a batch, whichever of Kafka's codecs they were compressed with. */
import * as zlib from 'node:zlib'
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
      return zlib.gunzipSync(compressed, limits)
    case 'snappy':
      return snappyDecompress(compressed)
    case 'lz4':
      return lz4Decompress(compressed)
    case 'zstd':
      return zstdDecompress(compressed, limits)
    case undefined:
    default:
      throw new MalformedFrame(`compression codec ${codec}`)
  }
}

/** Node 22 has zstd from 22.15 on only. */
function zstdDecompress(compressed: Buffer, limits: zlib.ZstdOptions): Buffer {
  if (!('zstdDecompressSync' in zlib)) throw new Error('this Node cannot decompress zstd')
  return zlib.zstdDecompressSync(compressed, limits)
}
