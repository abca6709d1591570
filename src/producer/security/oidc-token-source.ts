import type { CancelTimer, Clock } from '../../base/clock.ts'
import type { ReconnectBackoff } from '../reconnect-backoff.ts'
import { parseToken, TokenError, type BearerToken, type TokenSource } from './bearer-token.ts'
import type { OidcSettings } from './settings.ts'
import { postWithNode, requestToken, type PostForm } from './token-endpoint.ts'

/** Told how requests end. */
export interface TokenListener {
  /** A request failed; none is sent for so long. */
  onFailed(reason: string, retryInMs: number): void
  /** There is a token, after failures. */
  onRecovered(): void
}

/** What an {@link OidcTokenSource} works with. */
export interface OidcDependencies {
  readonly clock: Clock
  readonly backoff: ReconnectBackoff
  readonly listener: TokenListener
  /** @defaultValue Node's own HTTP client */
  readonly postForm?: PostForm
}

/** librdkafka waits twice as long; here a request must end before those that wait for it give up. */
const REQUEST_TIMEOUT_MS = 10_000
/** As in librdkafka. */
const RENEWED_AFTER = 0.8
/** Tokens that live for a moment must not make a tight loop. */
const MIN_RENEWAL_MS = 1_000
/** Timers hold no more than 25 days; nobody minds a token a day. */
const MAX_RENEWAL_MS = 86_400_000

/**
 * Tokens from a token endpoint: asked for when the first is needed, shared by all connections, and renewed
 * when four fifths of a token's life are over, as librdkafka does. While a renewal fails, the old one serves
 * until it ends. One request at a time; after a failure the next waits for the backoff, and whoever needs a
 * token meanwhile is told of the failure.
 */
export class OidcTokenSource implements TokenSource {
  readonly #settings: OidcSettings
  readonly #dependencies: OidcDependencies
  readonly #aborting = new AbortController()
  #current: BearerToken | undefined
  #requesting: Promise<BearerToken> | undefined
  #failure: { readonly error: TokenError; readonly untilMs: number } | undefined
  #cancelRenewal: CancelTimer | undefined

  constructor(settings: OidcSettings, dependencies: OidcDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
  }

  async token(): Promise<string> {
    const { clock } = this.#dependencies
    if (this.#current && clock.epochMs() < this.#current.expiresAtMs) return this.#current.value
    if (this.#failure && clock.nowMs() < this.#failure.untilMs) throw this.#failure.error
    return (await this.#renew()).value
  }

  close(): void {
    this.#aborting.abort()
    this.#cancelRenewal?.()
  }

  #renew(): Promise<BearerToken> {
    this.#requesting ??= this.#request().finally(() => {
      this.#requesting = undefined
    })
    return this.#requesting
  }

  async #request(): Promise<BearerToken> {
    const { clock, backoff, listener, postForm = postWithNode } = this.#dependencies
    const { signal: closing } = this.#aborting
    const overdue = new AbortController()
    const cancelTimer = clock.schedule(REQUEST_TIMEOUT_MS, () => {
      overdue.abort(new Error(`no answer within ${REQUEST_TIMEOUT_MS} ms`))
    })
    try {
      const signal = AbortSignal.any([closing, overdue.signal])
      const text = await requestToken(this.#settings, postForm, signal)
      const token = parseToken(text, this.#settings.subClaimName, clock.epochMs())
      this.#current = token
      backoff.reset()
      if (this.#failure) listener.onRecovered()
      this.#failure = undefined
      this.#renewIn(RENEWED_AFTER * (token.expiresAtMs - clock.epochMs()))
      return token
    } catch (cause) {
      const error = cause instanceof TokenError ? cause : new TokenError(String(cause))
      const retryInMs = backoff.nextMs()
      this.#failure = { error, untilMs: clock.nowMs() + retryInMs }
      if (!closing.aborted) listener.onFailed(error.message, retryInMs)
      // Without a token whoever needs one asks again.
      if (this.#current && clock.epochMs() < this.#current.expiresAtMs) this.#renewIn(retryInMs)
      throw error
    } finally {
      cancelTimer()
    }
  }

  #renewIn(delayMs: number): void {
    if (this.#aborting.signal.aborted) return
    const boundedMs = Math.min(Math.max(delayMs, MIN_RENEWAL_MS), MAX_RENEWAL_MS)
    this.#cancelRenewal?.()
    this.#cancelRenewal = this.#dependencies.clock.schedule(boundedMs, () => {
      // The listener was told of a failure, and the next attempt is due already.
      this.#renew().catch(() => undefined)
    })
  }
}
