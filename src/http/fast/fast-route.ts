import type { FastRequest, FastResponse } from './fast-exchange.ts'
import type { PushHead } from './push-head.ts'

/** A push that can be produced, and of which nothing is yet. */
export interface PreparedPush {
  /** Produces its records, and replies. */
  answer(response: FastResponse): void
  /** Forgets it. */
  drop(): void
}

/** Takes pushes that it can answer without a word of its own, and leaves all others untouched. */
export interface FastRoute {
  /** Whether pushes with this head may be for it. */
  accepts(head: PushHead): boolean
  /** Whether the sender of a request is let in: of any other, no body is waited for. */
  admits(request: FastRequest): boolean
  /** Hears of each request that is waited for, its body or its turn, and of the end of that. */
  awaited(isAwaited: boolean): void
  /** Takes room for the work of a push in this turn of the event loop. @returns `undefined` if it may be done at once. */
  enter(bodyBytes: number): Promise<void> | undefined
  /**
   * Checks a push. Nobody can tell afterwards that it was asked.
   *
   * @param sinceMs - when its head was whole; `undefined` for just now.
   * @returns `undefined` if the plain way has to answer it.
   */
  prepare(request: FastRequest, body: Buffer, sinceMs: number | undefined): PreparedPush | undefined
}
