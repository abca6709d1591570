/** Decompresses request bodies, with a limit on the decompressed size. */
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
import { decompressOneFrame, ZstdDecoder } from './zstd/decoder.ts'
import { ZstdError } from './zstd/frame-walker.ts'

/** A decompressor for one `Content-Encoding`. */
export interface Decompressor {
  /**
   * Decompresses at once, on this thread. Throws a RangeError above `maxOutputLength`. Returns `undefined` for a body that
   * can only be decompressed in pieces.
   */
  readonly whole: (
    body: Buffer,
    options: { readonly maxOutputLength: number },
  ) => Buffer | undefined
  /**
   * Decompresses in pieces, in the thread pool.
   *
   * @param takeMemory - takes memory that depends on the body; returns whether there is room. Without it, nothing more is
   * decompressed.
   */
  readonly pieces: (
    options: { readonly chunkSize: number; readonly highWaterMark?: number },
    takeMemory?: (bytes: number) => boolean,
  ) => PieceDecompressor
  /** Whether its memory is small enough to be held while a client streams. */
  readonly canStream: boolean
}

/** Decompresses one body in pieces, as the streams of node:zlib do. */
export interface PieceDecompressor {
  on(event: 'data', listener: (piece: Buffer) => void): unknown
  on(event: 'end', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  /** @param done - called once the next piece may be written. */
  write(piece: Buffer, done: () => void): unknown
  end(last?: Buffer): unknown
  pause(): unknown
  resume(): unknown
  destroy(): unknown
}

/** Limits of the decompressed size. */
export interface DecompressionLimits {
  /** The limit for every body. */
  readonly maxBytes: number
  /** The limit for this body by its compressed size; Infinity if there is none. */
  readonly maxRatioBytes: number
}

/** Takes memory for more bytes; returns the refusal if there is no room. */
export type TakeBytes = (bytes: number) => ProxyError | undefined

const GZIP: Decompressor = { whole: gunzipSync, pieces: createGunzip, canStream: true }

const DECOMPRESSORS: ReadonlyMap<string, Decompressor> = new Map<string, Decompressor>([
  ['gzip', GZIP],
  ['x-gzip', GZIP], // an alias by RFC 9110, 8.4.1.3
  ['deflate', { whole: inflateSync, pieces: createInflate, canStream: true }],
  // Its window may be 16 MiB.
  ['br', { whole: brotliDecompressSync, pieces: createBrotliDecompress, canStream: false }],
  [
    'zstd',
    {
      whole: decompressOneFrame,
      pieces: (options, takeMemory) => new ZstdDecoder(options, takeMemory),
      canStream: true,
    },
  ],
])

/** None at all; clients that mean the charset say UTF-8 here. */
const NO_ENCODINGS: ReadonlySet<string> = new Set(['', 'identity', 'utf-8', 'utf8'])

/**
 * A compressed body up to this size is first decompressed on this thread. If more than {@link WHOLE_MAX_BYTES} come
 * out, the thread pool does it. This takes at most a fifth of a millisecond, less than the way to the pool and
 * back, and suffices for nearly all bodies.
 */
const WHOLE_MAX_COMPRESSED_BYTES = 16_384
const WHOLE_MAX_BYTES = 65_536
/** Size of the decompressed pieces of a larger body. */
const PIECE_BYTES = 65_536

/**
 * Finds the decompressor of a `Content-Encoding`.
 *
 * @param unsupported - the message for another encoding.
 * @returns `undefined` if the body is not compressed.
 * @throws ProxyError `UNSUPPORTED_CONTENT_ENCODING`, also for several encodings at once.
 */
export function decompressorOf(
  contentEncoding: string | undefined,
  unsupported = 'Content-Encoding must be one of gzip, deflate, br, zstd and identity',
): Decompressor | undefined {
  if (contentEncoding === undefined) return undefined
  const encoding = contentEncoding.trim().toLowerCase()
  if (NO_ENCODINGS.has(encoding)) return undefined
  const decompressor = DECOMPRESSORS.get(encoding)
  if (decompressor !== undefined) return decompressor
  throw new ProxyError('UNSUPPORTED_CONTENT_ENCODING', unsupported)
}

const STREAMED = 'Content-Encoding must be one of gzip, deflate, zstd and identity on this path'

/**
 * Finds the decompressor of a streamed body.
 *
 * @throws ProxyError `UNSUPPORTED_CONTENT_ENCODING`.
 */
export function streamDecompressorOf(
  contentEncoding: string | undefined,
): Decompressor | undefined {
  const decompressor = decompressorOf(contentEncoding, STREAMED)
  if (decompressor?.canStream !== false) return decompressor
  throw new ProxyError('UNSUPPORTED_CONTENT_ENCODING', STREAMED)
}

/**
 * Decompresses a body within the limits, and takes memory for each decompressed piece.
 *
 * @throws ProxyError `BODY_TOO_LARGE`, `INVALID_ENCODED_BODY`, `EMPTY_BODY` for an empty body, or the refusal of
 * `take`. The bytes taken so far are still held then.
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
  let whole: Buffer | undefined
  try {
    whole = decompressor.whole(body, { maxOutputLength })
  } catch (error) {
    if (!(error instanceof RangeError)) throw invalidEncodedBody(error)
    if (maxOutputLength === maxBytes) throw tooLarge(body, limits)
    return decompressInPieces(body, decompressor, limits, take)
  }
  if (whole === undefined) return decompressInPieces(body, decompressor, limits, take)
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
      const refusal = length > maxBytes ? tooLarge(body, limits) : take(piece.length)
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

function tooLarge(
  { length }: Buffer,
  { maxBytes, maxRatioBytes }: DecompressionLimits,
): ProxyError {
  return new ProxyError(
    'BODY_TOO_LARGE',
    maxRatioBytes < maxBytes
      ? `the body of ${length} bytes decompresses to more than the ${maxRatioBytes} allowed for its size (http.max_compression_ratio): send fewer records at once, or send it uncompressed`
      : `the body of ${length} bytes decompresses to more than the ${maxBytes} allowed (http.max_body_bytes)`,
  )
}

/** The refusal of a body that cannot be decompressed. */
export function invalidEncodedBody(cause: unknown): ProxyError {
  const reason = cause instanceof ZstdError ? `: ${cause.message}` : ''
  return new ProxyError(
    'INVALID_ENCODED_BODY',
    `the body cannot be decompressed with its Content-Encoding${reason}`,
    { cause },
  )
}
