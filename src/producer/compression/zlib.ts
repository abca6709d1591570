/**
 * gzip and zstd by Node's zlib, in its thread pool, so that the event loop continues meanwhile. The hand-over takes
 * 90 us of the event loop, so a batch that takes less is compressed in place.
 */
import { promisify } from 'node:util'
import { constants, gzip, gzipSync, zstdCompress, zstdCompressSync } from 'node:zlib'
import type { Compressor } from './compressor.ts'

/** The number of bytes that each codec compresses in 60 to 80 us at its usual level. */
const GZIP_ON_THE_SPOT_BYTES = 4_096
const ZSTD_ON_THE_SPOT_BYTES = 16_384
/**
 * Output of this share of the input is allocated at once. With zlib's default, each 16 KiB takes a turn of the
 * thread pool; records mostly shrink to less than half.
 */
const EXPECTED_SHARE = 0.5
const LEAST_OUTPUT_BYTES = 1_024

const gzipInPool = promisify(gzip)
const zstdInPool = promisify(zstdCompress)

/** Makes a compressor of gzip. @param level - 0 to 9. */
export function gzipCompressor(level: number): Compressor {
  return (pieces) => {
    // zlib's threads read these bytes without a copy of their own.
    const bytes = Buffer.concat(pieces)
    const options = { level, chunkSize: outputBytes(bytes) }
    if (bytes.length <= GZIP_ON_THE_SPOT_BYTES) return gzipSync(bytes, options)
    return gzipInPool(bytes, options)
  }
}

/** Makes a compressor of zstd. @param level - 1 to 22. */
export function zstdCompressor(level: number): Compressor {
  const params = { [constants.ZSTD_c_compressionLevel]: level }
  return (pieces) => {
    const bytes = Buffer.concat(pieces)
    // A known size lets zstd allocate smaller tables, and saves readers a guess.
    const options = { params, pledgedSrcSize: bytes.length, chunkSize: outputBytes(bytes) }
    if (bytes.length <= ZSTD_ON_THE_SPOT_BYTES) return zstdCompressSync(bytes, options)
    return zstdInPool(bytes, options)
  }
}

function outputBytes({ length }: Buffer): number {
  return Math.max(LEAST_OUTPUT_BYTES, Math.ceil(length * EXPECTED_SHARE))
}
