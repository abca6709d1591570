/** Reads the `Authorization` header: `Bearer TOKEN` (RFC 6750), or `Basic` (RFC 7617) with the token as password. */

/** What a request says about who sent it. */
export type Authorization =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  /** It says something that kprf cannot read. */
  | { readonly kind: 'unreadable'; readonly message: string }

/**
 * How a client can authenticate: the lines of `WWW-Authenticate` (RFC 9110, 11.6.1). Chromium reads only the first
 * challenge of a line, and asks its user for no tokens: in one line it would show the refusal instead.
 */
export const CHALLENGES = ['Bearer realm="kprf"', 'Basic realm="kprf", charset="UTF-8"'] as const

/** There are several headers. */
export const TWICE = Symbol('more than one Authorization header')

const NONE: Authorization = { kind: 'none' }
const NAME = 'authorization'
const BEARER = /^bearer +([\w\-.~+/]+=*) *$/i
const BASIC = /^basic +([a-z0-9+/]+={0,2}) *$/i

/**
 * Returns the value of the header; `undefined` without one, and {@link TWICE} if there are several.
 *
 * @param rawHeaders - names and values, alternating: only they show a header that was sent twice.
 */
export function authorizationOf(rawHeaders: readonly string[]): string | typeof TWICE | undefined {
  let value: string | undefined
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length !== NAME.length || name.toLowerCase() !== NAME) continue
    if (value !== undefined) return TWICE
    value = rawHeaders[at + 1] ?? ''
  }
  return value
}

/** Reads what {@link authorizationOf} returned. */
export function readAuthorization(value: ReturnType<typeof authorizationOf>): Authorization {
  if (value === TWICE) return unreadable('more than one Authorization header')
  return value === undefined ? NONE : read(value)
}

function read(value: string): Authorization {
  const bearer = BEARER.exec(value)?.[1]
  if (bearer !== undefined) return { kind: 'token', token: bearer }
  const basic = BASIC.exec(value)?.[1]
  if (basic === undefined) {
    return unreadable('the Authorization header is neither Bearer TOKEN nor Basic')
  }
  const pair = Buffer.from(basic, 'base64').toString()
  const colon = pair.indexOf(':')
  if (colon === -1) return unreadable('the Basic credentials have no password')
  return { kind: 'token', token: pair.slice(colon + 1) }
}

function unreadable(message: string): Authorization {
  return { kind: 'unreadable', message }
}
