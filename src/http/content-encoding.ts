/** Decompression of request bodies, bounded by what comes out rather than what goes in. */
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { ProxyError } from '../errors.ts'

/** Decompresses a whole body in the thread pool; fails when more than `maxOutputLength` bytes come out. */
export type Decompress = (
  body: Buffer,
  options: { readonly maxOutputLength: number },
) => Promise<Buffer>

const gunzipBody: Decompress = promisify(gunzip)

const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ['gzip', gunzipBody],
  ['x-gzip', gunzipBody], // an alias by RFC 9110, 8.4.1.3
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
])

/**
 * Finds how to undo a `Content-Encoding`.
 *
 * @returns `undefined` where the body is not compressed.
 * @throws ProxyError `UNSUPPORTED_CONTENT_ENCODING`, also for several encodings on top of each other.
 */
export function decompressOf(contentEncoding: string | undefined): Decompress | undefined {
  if (contentEncoding === undefined) return undefined
  const encoding = contentEncoding.trim().toLowerCase()
  if (encoding === 'identity') return undefined
  const decompress = DECOMPRESS.get(encoding)
  if (decompress !== undefined) return decompress
  throw new ProxyError(
    'UNSUPPORTED_CONTENT_ENCODING',
    'Content-Encoding must be one of gzip, deflate, br and identity',
  )
}

/**
 * Decompresses a body to at most `maxBytes`.
 *
 * @throws ProxyError `BODY_TOO_LARGE`, `INVALID_ENCODED_BODY`, or `EMPTY_BODY` for nothing to decompress.
 */
export async function decompressBody(
  body: Buffer,
  decompress: Decompress,
  maxBytes: number,
): Promise<Buffer> {
  if (body.length === 0) throw new ProxyError('EMPTY_BODY', 'the request has no body')
  try {
    return await decompress(body, { maxOutputLength: maxBytes })
  } catch (error) {
    if (error instanceof RangeError) {
      throw new ProxyError(
        'BODY_TOO_LARGE',
        `the body is larger than ${maxBytes} bytes when decompressed`,
      )
    }
    throw new ProxyError(
      'INVALID_ENCODED_BODY',
      'the body does not decompress as its Content-Encoding says',
      { cause: error },
    )
  }
}
