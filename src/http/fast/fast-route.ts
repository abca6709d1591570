import type { FastRequest, FastResponse } from './fast-exchange.ts'
import type { PushHead } from './push-head.ts'

/** A push that was checked and can be produced. None of its records is produced yet. */
export interface PreparedPush {
  /** Produces the records, and replies. */
  answer(response: FastResponse): void
  /** Releases the push instead: nothing is produced, and there is no reply. */
  drop(): void
}

/** A route of the fast way. It answers only pushes that the plain way would not refuse, and leaves others untouched. */
export interface FastRoute {
  /** Whether the route may be able to answer a push with this head. */
  accepts(head: PushHead): boolean
  /** Whether the gate admits the sender of a request. The fast way does not wait for the bodies of others. */
  admits(request: FastRequest): boolean
  /** Called when a request begins to wait for the rest of its body or for its turn, and again when it stops waiting. */
  awaited(isAwaited: boolean): void
  /** Reserves time for the work of a push. @returns a promise for a later turn; `undefined` for the current one. */
  enter(bodyBytes: number): Promise<void> | undefined
  /**
   * Checks a push. If it returns `undefined`, the call has had no side effects.
   *
   * @param sinceMs - when the head had arrived; `undefined` means now.
   * @returns `undefined` if the plain way must answer the push.
   */
  prepare(request: FastRequest, body: Buffer, sinceMs: number | undefined): PreparedPush | undefined
}
