/** Lets the pages of listed origins push from a browser (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol). */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ProxyError } from '../../base/errors.ts'
import type { HeaderList } from '../reply.ts'

/** Settings of {@link Cors}. */
export interface CorsSettings {
  /** As browsers send them, such as `https://app.example.com`. */
  readonly origins: readonly string[]
  /** Names of headers that pages may send beside {@link USUAL_HEADERS}. */
  readonly allowHeaders: readonly string[]
  /** How long a browser may remember the reply to a preflight, seconds. */
  readonly maxAgeS: number
}

/**
 * For routes that take bodies of every type, which pages of any site can send without asking.
 *
 * @throws ProxyError if a page sent the request whose origin is not listed.
 */
export function assertListedOrigin(
  { origin }: IncomingMessage['headers'],
  cors: Pick<Cors, 'allows'> | undefined,
): void {
  if (origin === undefined || cors?.allows(origin) === true) return
  throw new ProxyError(
    'ORIGIN_NOT_ALLOWED',
    'the request has an Origin header, and http.cors.origins does not list that origin',
  )
}

/** The headers of a push that browsers ask about. */
const USUAL_HEADERS = [
  ...['Authorization', 'Content-Encoding', 'Content-Type', 'Idempotency-Key', 'X-Request-Id'],
]

/** The headers of replies that mean something to a client and that pages cannot read otherwise. */
const EXPOSED_HEADERS = 'Idempotency-Replayed, Kprf-Warning, Retry-After, X-Request-Id'

/**
 * Credentials are never allowed (`Access-Control-Allow-Credentials`): they would be cookies, which kprf does not know. A
 * page sends its token in `Authorization`, for which it needs no such permission.
 */
export class Cors {
  readonly #origins: ReadonlySet<string>
  readonly #allowHeaders: string
  readonly #maxAge: string

  constructor({ origins, allowHeaders, maxAgeS }: CorsSettings) {
    this.#origins = new Set(origins)
    this.#allowHeaders = [...USUAL_HEADERS, ...allowHeaders].join(', ')
    this.#maxAge = String(maxAgeS)
  }

  /** Whether the pages of an origin may push. */
  allows(origin: string): boolean {
    return this.#origins.has(origin)
  }

  /** Lets the page that sent a request read the reply, whatever it will be. No effect if its origin is not listed. */
  allowReading({ headers: { origin } }: IncomingMessage, response: ServerResponse): void {
    if (origin === undefined || !this.#origins.has(origin)) return
    response.setHeader('Access-Control-Allow-Origin', origin)
    response.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS)
    response.setHeader('Vary', 'Origin')
  }

  /**
   * The headers that allow the request that a page is about to send. None if its origin is not listed.
   *
   * @param takes - whether the path takes a method.
   */
  preflight({ headers }: IncomingMessage, takes: (method: string) => boolean): HeaderList {
    const { origin, 'access-control-request-method': method } = headers
    const isListed = origin !== undefined && this.#origins.has(origin)
    if (!isListed || method === undefined || !takes(method)) return []
    // Chromium asks before a page of a public site may reach a private address.
    const isPrivate = headers['access-control-request-private-network'] === 'true'
    return [
      ...['Access-Control-Allow-Methods', method],
      ...['Access-Control-Allow-Headers', this.#allowHeaders],
      ...['Access-Control-Max-Age', this.#maxAge],
      ...(isPrivate ? ['Access-Control-Allow-Private-Network', 'true'] : []),
    ]
  }
}
