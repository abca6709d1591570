import { hash } from 'node:crypto'
import type { Principal } from '../../base/principal.ts'

/** One token: only its SHA-256 is known. */
export interface TokenEntry {
  readonly principal: string
  /** 64 hexadecimal digits. */
  readonly sha256: string
}

/** The SHA-256 of a token, in 64 hexadecimal digits. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'hex')
}

/**
 * Finds the principal of a token. The time this takes tells nothing about the tokens that there are: what is
 * compared is not the token but its SHA-256, of which nobody can choose a part. It is the same for any number of them.
 */
export class TokenTable {
  readonly #principals: ReadonlyMap<string, Principal>

  constructor(entries: Iterable<TokenEntry>) {
    this.#principals = new Map(
      Array.from(entries, ({ principal, sha256 }) => [sha256.toLowerCase(), { name: principal }]),
    )
  }

  /** Number of tokens. */
  get size(): number {
    return this.#principals.size
  }

  /** The principal of a token; `undefined` if nobody has it. */
  find(token: string): Principal | undefined {
    return this.#principals.get(tokenHash(token))
  }
}
