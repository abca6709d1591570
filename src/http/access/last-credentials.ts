import type { Principal } from '../../base/principal.ts'
import type { TokenTable } from './token-table.ts'

/** Who sent the last request of a connection. */
interface Last {
  readonly header: string
  /** The tokens among which its token was found: others may have taken their place since. */
  readonly tokens: TokenTable
  readonly entry: { readonly principal: Principal }
}

/**
 * Remembers, for as long as a connection is open, the `Authorization` header of its last request with a known token:
 * most clients send the same with each, and to hash it anew is most of what a token costs. Connections of proxies carry
 * requests of several clients, so two headers are compared in a time that does not depend on where they differ.
 */
export class LastCredentials {
  readonly #bySocket = new WeakMap<object, Last>()

  /** The identity that a header had on this connection; `undefined` if it is another header, or the first. */
  entryOf(
    socket: object | undefined,
    header: string | symbol | undefined,
    tokens: TokenTable,
  ): Last['entry'] | undefined {
    if (socket === undefined || typeof header !== 'string') return undefined
    const last = this.#bySocket.get(socket)
    return last?.tokens === tokens && isSame(last.header, header) ? last.entry : undefined
  }

  /** The token of a header was found. */
  remember(
    socket: object | undefined,
    header: string | symbol | undefined,
    tokens: TokenTable,
    entry: Last['entry'],
  ): Last['entry'] {
    if (socket !== undefined && typeof header === 'string') {
      this.#bySocket.set(socket, { header, tokens, entry })
    }
    return entry
  }
}

/** Looks at every character, whether or not one before differs. */
function isSame(one: string, other: string): boolean {
  if (one.length !== other.length) return false
  let difference = 0
  for (let at = 0; at < one.length; at += 1) {
    difference |= one.charCodeAt(at) ^ other.charCodeAt(at)
  }
  return difference === 0
}
