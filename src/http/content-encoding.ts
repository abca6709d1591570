/** Decompression of request bodies, bounded by what comes out rather than what goes in. */
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gunzipSync,
  inflateSync,
} from 'node:zlib'
import { ProxyError } from '../base/errors.ts'
import { GrowingBytes } from './growing-bytes.ts'

/** One way to undo a `Content-Encoding`. */
export interface Decompressor {
  /** All at once, on this thread. Fails with a RangeError when more comes out. */
  readonly whole: (body: Buffer, options: { readonly maxOutputLength: number }) => Buffer
  /** In pieces, in the thread pool. */
  readonly pieces: (options: {
    readonly chunkSize: number
    readonly highWaterMark?: number
  }) => NodeJS.ReadWriteStream & { destroy(): void }
  /** Whether its memory is small enough to be kept for as long as a client likes to send. */
  readonly canStream: boolean
}

/** How much may come out of a body. */
export interface DecompressionLimits {
  /** Of any body. */
  readonly maxBytes: number
  /** Of one that is as small as this one; Infinity where that does not matter. */
  readonly maxRatioBytes: number
}

/** Asks whether so many further bytes may be held; an error says why not. */
export type TakeBytes = (bytes: number) => ProxyError | undefined

const GZIP: Decompressor = { whole: gunzipSync, pieces: createGunzip, canStream: true }

const DECOMPRESSORS: ReadonlyMap<string, Decompressor> = new Map<string, Decompressor>([
  ['gzip', GZIP],
  ['x-gzip', GZIP], // an alias by RFC 9110, 8.4.1.3
  ['deflate', { whole: inflateSync, pieces: createInflate, canStream: true }],
  // It may look 16 MiB back.
  ['br', { whole: brotliDecompressSync, pieces: createBrotliDecompress, canStream: false }],
])

/**
 * A compressed body up to this size is tried on this thread first, and given up for the thread pool when
 * more than {@link WHOLE_MAX_BYTES} come out: a fifth of a millisecond of work, less than it takes to go
 * to the pool and back for the bodies that nearly all clients send.
 */
const WHOLE_MAX_COMPRESSED_BYTES = 16_384
const WHOLE_MAX_BYTES = 65_536
/** What comes out of a larger one at a time. */
const PIECE_BYTES = 65_536

/**
 * Finds how to undo a `Content-Encoding`.
 *
 * @returns `undefined` where the body is not compressed.
 * @throws ProxyError `UNSUPPORTED_CONTENT_ENCODING`, also for several encodings on top of each other.
 */
export function decompressorOf(contentEncoding: string | undefined): Decompressor | undefined {
  if (contentEncoding === undefined) return undefined
  const encoding = contentEncoding.trim().toLowerCase()
  if (encoding === 'identity') return undefined
  const decompressor = DECOMPRESSORS.get(encoding)
  if (decompressor !== undefined) return decompressor
  throw new ProxyError(
    'UNSUPPORTED_CONTENT_ENCODING',
    'Content-Encoding must be one of gzip, deflate, br and identity',
  )
}

/**
 * The same for a body that is read as it comes.
 *
 * @throws ProxyError `UNSUPPORTED_CONTENT_ENCODING`.
 */
export function streamDecompressorOf(
  contentEncoding: string | undefined,
): Decompressor | undefined {
  const decompressor = decompressorOf(contentEncoding)
  if (decompressor?.canStream !== false) return decompressor
  throw new ProxyError(
    'UNSUPPORTED_CONTENT_ENCODING',
    'Content-Encoding must be one of gzip, deflate and identity on this path',
  )
}

/**
 * Decompresses a body as far as it may be, and takes what comes out as it comes.
 *
 * @throws ProxyError `BODY_TOO_LARGE`, `INVALID_ENCODED_BODY`, `EMPTY_BODY` for nothing to decompress, or
 * what `take` answers. What was taken is still held then.
 */
export async function decompressBody(
  body: Buffer,
  decompressor: Decompressor,
  limits: DecompressionLimits,
  take: TakeBytes,
): Promise<GrowingBytes | Buffer> {
  if (body.length === 0) throw new ProxyError('EMPTY_BODY', 'the request has no body')
  if (body.length > WHOLE_MAX_COMPRESSED_BYTES) {
    return decompressInPieces(body, decompressor, limits, take)
  }
  const maxBytes = Math.min(limits.maxBytes, limits.maxRatioBytes)
  const maxOutputLength = Math.min(maxBytes, WHOLE_MAX_BYTES)
  let whole: Buffer
  try {
    whole = decompressor.whole(body, { maxOutputLength })
  } catch (error) {
    if (!(error instanceof RangeError)) throw invalidEncodedBody(error)
    if (maxOutputLength === maxBytes) throw tooLarge(limits)
    return decompressInPieces(body, decompressor, limits, take)
  }
  const refusal = take(whole.length)
  if (refusal !== undefined) throw refusal
  return whole
}

function decompressInPieces(
  body: Buffer,
  decompressor: Decompressor,
  limits: DecompressionLimits,
  take: TakeBytes,
): Promise<GrowingBytes> {
  const maxBytes = Math.min(limits.maxBytes, limits.maxRatioBytes)
  return new Promise((resolve, reject) => {
    const output = new GrowingBytes(maxBytes)
    const stream = decompressor.pieces({ chunkSize: PIECE_BYTES })
    let length = 0
    const fail = (error: ProxyError): void => {
      stream.destroy()
      output.free()
      reject(error)
    }
    stream.on('data', (piece: Buffer) => {
      length += piece.length
      const refusal = length > maxBytes ? tooLarge(limits) : take(piece.length)
      if (refusal === undefined) output.append(piece)
      else fail(refusal)
    })
    stream.on('end', () => {
      resolve(output)
    })
    stream.on('error', (error) => {
      fail(invalidEncodedBody(error))
    })
    stream.end(body)
  })
}

function tooLarge({ maxBytes, maxRatioBytes }: DecompressionLimits): ProxyError {
  return new ProxyError(
    'BODY_TOO_LARGE',
    maxRatioBytes < maxBytes
      ? `the decompressed body is larger than ${maxRatioBytes} bytes, the limit for its compressed size (http.max_compression_ratio): send fewer records at once, or send it uncompressed`
      : `the decompressed body is larger than ${maxBytes} bytes`,
  )
}

/** The refusal of a body that does not decompress. */
export function invalidEncodedBody(cause: unknown): ProxyError {
  return new ProxyError(
    'INVALID_ENCODED_BODY',
    'the body cannot be decompressed with its Content-Encoding',
    { cause },
  )
}
