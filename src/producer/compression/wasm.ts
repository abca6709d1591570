/**
 * lz4 (its frame format, as Kafka requires) and snappy (bare blocks, as librdkafka writes) in WebAssembly: a batch
 * of 1 MB takes about two milliseconds. The library takes 10 MB, so it is loaded only if it is used.
 */
import type { Compressor } from './compressor.ts'

type Library = typeof import('@platformatic/wasm-utils')

/** Makes a compressor, which compresses synchronously once the library is loaded. */
export function wasmCompressor(codec: 'lz4' | 'snappy'): Compressor {
  let library: Library | undefined
  const loading = import('@platformatic/wasm-utils').then((loaded) => (library = loaded))
  // Callers of the compressor get the error.
  loading.catch(() => undefined)
  const compress = codec === 'lz4' ? lz4 : snappy
  return (pieces) => {
    const [first] = pieces
    if (library)
      return compress(library, first && pieces.length === 1 ? first : Buffer.concat(pieces))
    const bytes = Buffer.concat(pieces)
    return loading.then((loaded) => compress(loaded, bytes))
  }
}

function lz4({ lz4Compress }: Library, bytes: Buffer): Buffer {
  return lz4Compress(bytes)
}

function snappy({ snappyCompress }: Library, bytes: Buffer): Buffer {
  return snappyCompress(bytes)
}
