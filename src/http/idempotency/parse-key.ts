/**
 * Reads the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a string of Structured Fields (RFC
 * 9651), as in `"8e03978e-40d5"`, or the same without quotes, as most clients send it. Pure.
 */
import { ProxyError } from '../../base/errors.ts'

/** The name as Node.js writes it. */
export const KEY_HEADER = 'idempotency-key'

const MAX_CHARACTERS = 255
const BARE = /^[!-~]+$/
/** Printable ASCII; quotes and backslashes behind a backslash. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/

/**
 * Returns the key of a request that has the header, without quotes and escapes.
 *
 * @param value - as Node.js joins it if it was sent more than once.
 * @throws ProxyError if it is no key. The message never repeats it.
 */
export function parseKey(value: string | readonly string[], rawHeaders: readonly string[]): string {
  if (typeof value !== 'string' || timesSent(rawHeaders) > 1) {
    throw invalid('a request must have one Idempotency-Key')
  }
  const key = value.startsWith('"') ? unquoted(value) : value
  if (key === undefined) {
    throw invalid(
      'an Idempotency-Key that begins with a quote must end with one, with printable ASCII between them, and a backslash before each quote and backslash',
    )
  }
  if (key === '') throw invalid('the Idempotency-Key is empty')
  if (key.length > MAX_CHARACTERS) {
    throw invalid(`the Idempotency-Key is longer than ${MAX_CHARACTERS} characters`)
  }
  if (key === value && !BARE.test(key)) {
    throw invalid('an Idempotency-Key without quotes must be printable ASCII without spaces')
  }
  return key
}

function unquoted(value: string): string | undefined {
  return QUOTED.exec(value)?.[1]?.replaceAll(/\\(.)/g, '$1')
}

function timesSent(rawHeaders: readonly string[]): number {
  let times = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === KEY_HEADER) times += 1
  }
  return times
}

function invalid(what: string): ProxyError {
  return new ProxyError(
    'INVALID_IDEMPOTENCY_KEY',
    `${what}: send 1 to ${MAX_CHARACTERS} characters that no other push has, such as a UUID`,
  )
}
