/** Requests a token from a token endpoint with client credentials (RFC 6749, section 4.4). */
import { ProxyError } from '../../base/errors.ts'
import { http, https } from '../../base/node-modules.ts'
import { MASK, maskerOf, type Masker } from '../../base/quotable.ts'
import { TokenError } from './bearer-token.ts'
import type { OidcSettings } from './settings.ts'

/** A POST request with a form. */
export interface FormRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Authorities that HTTPS trusts; `undefined` for Node's own. */
  readonly ca: readonly string[] | undefined
  /** Aborts the request. */
  readonly signal: AbortSignal
}

/** The reply. */
export interface FormReply {
  readonly status: number
  readonly body: string
}

/** Sends a form with POST. Rejects if there is no answer. */
export type PostForm = (request: FormRequest) => Promise<FormReply>

/** Longest reply, bytes: far more than any token. */
const MAX_REPLY_BYTES = 1_048_576
/** Most characters that a message quotes from an endpoint's refusal. */
const MAX_QUOTED_CHARACTERS = 200

/**
 * Checks the address of a token endpoint. The client secret is sent there, so it must be HTTPS or loopback.
 *
 * @param key - its name in the configuration.
 * @throws ProxyError CONFIG_INVALID
 */
export function tokenEndpoint(key: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const complain = (complaint: string): never => {
    throw new ProxyError('CONFIG_INVALID', `${key}: ${complaint}`)
  }
  if (!url) return complain('is not a URL; write https://host/path')
  if (url.username !== '' || url.password !== '') {
    complain('contains a user name or password; set client id and secret by their own keys')
  }
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    complain('is not https: the client secret would be sent unencrypted')
  }
  return url
}

/** Requests a token, once. @returns the token, not parsed. @throws TokenError */
export async function requestToken(
  settings: OidcSettings,
  postForm: PostForm,
  signal: AbortSignal,
): Promise<string> {
  const { tokenEndpointUrl, clientId, clientSecret, scope, ca } = settings
  const url = tokenEndpoint('sasl.oauthbearer.token.endpoint.url', tokenEndpointUrl)
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) })
  const headers = {
    Accept: 'application/json',
    Authorization: `Basic ${basicCredentials(settings)}`,
    'Content-Type': 'application/x-www-form-urlencoded',
  }
  const where = `the token endpoint ${url.origin}${url.pathname}`
  const reply = await postForm({ url, headers, body: form.toString(), ca, signal }).catch(
    (cause: unknown) => {
      throw new TokenError(`${where} cannot be reached: ${reasonOf(cause)}`)
    },
  )
  const answer = parseJson(reply.body)
  if (reply.status !== 200) {
    const mask = maskerOf([clientSecret, `${clientId}:${clientSecret}`])
    throw new TokenError(`${where} answers ${reply.status}${refusalIn(answer, mask)}`)
  }
  const { access_token: token } = answer
  if (typeof token !== 'string' || token === '') {
    throw new TokenError(`${where} answers 200 without an access_token`)
  }
  return token
}

/** {@link PostForm} with Node's own client. It follows no redirects, because the secret is for one address only. */
export function postWithNode({ url, headers, body, ca, signal }: FormRequest): Promise<FormReply> {
  const { promise, resolve, reject } = Promise.withResolvers<FormReply>()
  const options = { method: 'POST', headers, signal, agent: false }
  const request =
    url.protocol === 'https:'
      ? https().request(url, { ...options, ...(ca && { ca: [...ca] }) })
      : http.request(url, options)
  request.on('error', reject)
  request.on('response', (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('error', reject)
    response.on('data', (chunk: string) => {
      text += chunk
      if (text.length > MAX_REPLY_BYTES) request.destroy(new Error('the answer is too long'))
    })
    response.on('end', () => {
      resolve({ status: response.statusCode ?? 0, body: text })
    })
  })
  request.end(body)
  return promise
}

/** Not form-encoded, as in librdkafka and the Java client, although RFC 6749 requires it. */
function basicCredentials({ clientId, clientSecret }: OidcSettings): string {
  return Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
}

/** Credentials or tokens in headers, also those of others. */
const CREDENTIALS = /\b(Basic|Bearer)([ :=]+)\S+/gi

/**
 * The refusal text (RFC 6749, section 5.2). Secrets are masked before the text is cut, so that no part of a secret
 * is left.
 */
function refusalIn({ error, error_description: description }: Answer, mask: Masker): string {
  const words = [error, description].filter((word) => typeof word === 'string' && word !== '')
  const masked = mask(words.join(', ')).replace(CREDENTIALS, `$1$2${MASK}`)
  return words.length === 0 ? '' : `: ${masked.slice(0, MAX_QUOTED_CHARACTERS)}`
}

type Answer = Readonly<Record<string, unknown>>

function parseJson(text: string): Answer {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** If every address of a host failed, Node's error has only a code and no message. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return error.message || code
}
