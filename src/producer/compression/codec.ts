/** Kafka's compression codecs: their levels and compressors. */
import type { CompressionCodec } from '../../base/kafka-names.ts'
import type { Compressor } from './compressor.ts'
import { wasmCompressor } from './wasm.ts'
import { gzipCompressor, zstdCompressor } from './zlib.ts'

interface Levels {
  /** The level used for every level below `least`, such as -1. */
  readonly usual: number
  readonly least: number
  readonly most: number
}

const ONE_LEVEL: Levels = { usual: 0, least: 0, most: 0 }

/** librdkafka's levels, except for lz4, whose library has none. zstd's own value for the usual level is 0. */
const LEVELS: Readonly<Record<CompressionCodec, Levels>> = {
  none: ONE_LEVEL,
  gzip: { usual: 6, least: 0, most: 9 },
  snappy: ONE_LEVEL,
  lz4: ONE_LEVEL,
  zstd: { usual: 3, least: 1, most: 12 },
}

/**
 * Returns the level that a codec uses: a level outside its range becomes the nearest one.
 *
 * @param level - `compression.level`; -1 for the codec's usual one.
 */
export function effectiveLevel(codec: CompressionCodec, level: number): number {
  const { usual, least, most } = LEVELS[codec]
  return level < least ? usual : Math.min(level, most)
}

/** Makes the compressor of a codec. */
export function compressorOf(codec: Exclude<CompressionCodec, 'none'>, level: number): Compressor {
  switch (codec) {
    case 'gzip':
      return gzipCompressor(effectiveLevel(codec, level))
    case 'zstd':
      return zstdCompressor(effectiveLevel(codec, level))
    case 'snappy':
    case 'lz4':
      return wasmCompressor(codec)
  }
}
