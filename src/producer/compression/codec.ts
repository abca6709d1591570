/** Kafka's compression codecs: their levels, and what does the work of each. */
import type { CompressionCodec } from '../../base/kafka-names.ts'
import type { Compressor } from './compressor.ts'
import { wasmCompressor } from './wasm.ts'
import { gzipCompressor, zstdCompressor } from './zlib.ts'

interface Levels {
  /** What stands for every level below `least`, -1 first of all. */
  readonly usual: number
  readonly least: number
  readonly most: number
}

const ONE_LEVEL: Levels = { usual: 0, least: 0, most: 0 }

/** librdkafka's, but for lz4: our library has none of its levels. zstd's own word for its usual level is 0. */
const LEVELS: Readonly<Record<CompressionCodec, Levels>> = {
  none: ONE_LEVEL,
  gzip: { usual: 6, least: 0, most: 9 },
  snappy: ONE_LEVEL,
  lz4: ONE_LEVEL,
  zstd: { usual: 3, least: 1, most: 12 },
}

/**
 * The level that a codec works with when it is asked for this one: a level that it does not have is taken for
 * the nearest that it has.
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
