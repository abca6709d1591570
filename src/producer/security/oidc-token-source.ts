import type { CancelTimer, Clock } from '../../base/clock.ts'
import type { ReconnectBackoff } from '../reconnect-backoff.ts'
import { parseToken, TokenError, type BearerToken, type TokenSource } from './bearer-token.ts'
import type { OidcSettings } from './settings.ts'
import { postWithNode, requestToken, type PostForm } from './token-endpoint.ts'

/** Receives the results of token requests. */
export interface TokenListener {
  /** A request failed; the next one is sent after `retryInMs`. */
  onFailed(reason: string, retryInMs: number): void
  /** A request succeeded after failures. */
  onRecovered(): void
}

/** Dependencies of an {@link OidcTokenSource}. */
export interface OidcDependencies {
  readonly clock: Clock
  readonly backoff: ReconnectBackoff
  readonly listener: TokenListener
  /** @defaultValue Node's own HTTP client */
  readonly postForm?: PostForm
}

/** Half of librdkafka's timeout, because a request must end before the connections that wait for it time out. */
const REQUEST_TIMEOUT_MS = 10_000
/** Share of a token's lifetime after which it is renewed, as in librdkafka. */
const RENEWED_AFTER = 0.8
/** Shortest renewal interval, ms, so that short-lived tokens do not cause a tight loop. */
const MIN_RENEWAL_MS = 1_000
/** Longest renewal interval, ms. Timers are limited to 25 days, and one token a day is harmless. */
const MAX_RENEWAL_MS = 86_400_000

/**
 * Tokens from a token endpoint. A token is requested when the first is needed, shared by all connections, and
 * renewed after four fifths of its lifetime, as in librdkafka. If a renewal fails, the old token is used until it
 * expires. There is one request at a time; after a failure the next one waits for the backoff, and every caller
 * gets the error meanwhile.
 */
export class OidcTokenSource implements TokenSource {
  readonly #current: () => OidcSettings
  readonly #dependencies: OidcDependencies
  readonly #aborting = new AbortController()
  #token: BearerToken | undefined
  #requesting: Promise<BearerToken> | undefined
  #failure: { readonly error: TokenError; readonly untilMs: number } | undefined
  #cancelRenewal: CancelTimer | undefined

  /** @param current - returns the newest settings: the client secret may be renewed. */
  constructor(current: () => OidcSettings, dependencies: OidcDependencies) {
    this.#current = current
    this.#dependencies = dependencies
  }

  async token(): Promise<string> {
    const { clock } = this.#dependencies
    if (this.#token && clock.epochMs() < this.#token.expiresAtMs) return this.#token.value
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
      const settings = this.#current()
      const text = await requestToken(settings, postForm, signal)
      const token = parseToken(text, settings.subClaimName, clock.epochMs())
      this.#token = token
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
      // Without a valid token, the next caller requests one.
      if (this.#token && clock.epochMs() < this.#token.expiresAtMs) this.#renewIn(retryInMs)
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
      // The listener has the error, and the next attempt is scheduled already.
      this.#renew().catch(() => undefined)
    })
  }
}
