import type { Clock } from '../../../base/clock.ts'
import type { MaybePromise } from '../../../producer/types.ts'
import { tokenHash } from '../token-table.ts'
import type { KeySource } from './key-source.ts'
import {
  type JwtFault,
  type JwtRules,
  type JwtVerdict,
  type KeySet,
  type ValidJwt,
  verifyJwt,
} from './verify-jwt.ts'

/** Dependencies and settings of a {@link JwtVerifier}. */
export interface JwtVerifierOptions {
  readonly rules: JwtRules
  readonly source: Pick<KeySource, 'current' | 'isFailing' | 'refresh'>
  readonly clock: Clock
  /** Most valid tokens that are remembered. @defaultValue 10,000, some 3 MB */
  readonly maxRemembered?: number
}

/** `keys_unavailable`: no fault of the token, the keys of its issuer cannot be read. */
export type JwtRefusal = JwtFault | 'keys_unavailable'

/** Whose a token is, or why nobody's. */
export type JwtAnswer = ValidJwt | { readonly fault: JwtRefusal }

const MAX_REMEMBERED = 10_000
const KEYS_UNAVAILABLE: JwtAnswer = { fault: 'keys_unavailable' }

/** A valid token, and the keys with which it was verified: a key may be withdrawn. */
interface Remembered {
  readonly valid: ValidJwt
  readonly keys: KeySet
}

/**
 * Verifies tokens, each once: a valid one is remembered, by its SHA-256, until it expires or the issuer's keys change.
 */
export class JwtVerifier {
  readonly #options: JwtVerifierOptions
  readonly #remembered = new Map<string, Remembered>()
  readonly #verifying = new Map<string, Promise<JwtAnswer>>()

  constructor(options: JwtVerifierOptions) {
    this.#options = options
  }

  /** Whose a token is. Answers at once if it is remembered. Never rejects. */
  verify(token: string): MaybePromise<JwtAnswer> {
    const { source, clock } = this.#options
    const hash = tokenHash(token)
    const known = this.#remembered.get(hash)
    if (known !== undefined) {
      const { valid, keys } = known
      if (keys === source.current && clock.epochMs() < valid.expiresAtMs) return valid
      this.#remembered.delete(hash)
    }
    let verifying = this.#verifying.get(hash)
    if (verifying === undefined) {
      verifying = this.#verify(token, hash).finally(() => this.#verifying.delete(hash))
      this.#verifying.set(hash, verifying)
    }
    return verifying
  }

  async #verify(token: string, hash: string): Promise<JwtAnswer> {
    const { source } = this.#options
    if (source.current === undefined) await source.refresh()
    const keys = source.current
    if (keys === undefined) return KEYS_UNAVAILABLE
    const verdict = await this.#verifyWith(keys, token, hash)
    if (!isOfUnknownKey(verdict)) return verdict
    // The issuer may have begun to sign with a new key.
    await source.refresh()
    const newer = source.current ?? keys
    const second = newer === keys ? verdict : await this.#verifyWith(newer, token, hash)
    return isOfUnknownKey(second) && source.isFailing ? KEYS_UNAVAILABLE : second
  }

  async #verifyWith(keys: KeySet, token: string, hash: string): Promise<JwtVerdict> {
    const { rules, clock, maxRemembered = MAX_REMEMBERED } = this.#options
    const verdict = await verifyJwt(token, keys, rules, clock.epochMs())
    if ('fault' in verdict) return verdict
    if (this.#remembered.size >= maxRemembered) {
      const [oldest] = this.#remembered.keys()
      if (oldest !== undefined) this.#remembered.delete(oldest)
    }
    this.#remembered.set(hash, { valid: verdict, keys })
    return verdict
  }
}

function isOfUnknownKey(answer: JwtAnswer): boolean {
  return 'fault' in answer && answer.fault === 'unknown_key'
}
