import type { FastRequest } from '../../src/http/fast/fast-exchange.ts'
import type { FastRoute, PreparedPush } from '../../src/http/fast/fast-route.ts'
import type { PushHead } from '../../src/http/fast/push-head.ts'

/** A fast route that counts the pushes it takes. */
export class CountedRoute implements FastRoute {
  readonly #route: FastRoute
  /** Pushes that the fast way serves. */
  taken = 0

  constructor(route: FastRoute) {
    this.#route = route
  }

  accepts(head: PushHead): boolean {
    return this.#route.accepts(head)
  }

  admits(request: FastRequest): boolean {
    return this.#route.admits(request)
  }

  enter(bodyBytes: number): Promise<void> | undefined {
    return this.#route.enter(bodyBytes)
  }

  awaited(isAwaited: boolean): void {
    this.#route.awaited(isAwaited)
  }

  prepare(
    request: FastRequest,
    body: Buffer,
    sinceMs: number | undefined,
  ): PreparedPush | undefined {
    const push = this.#route.prepare(request, body, sinceMs)
    if (push !== undefined) this.taken += 1
    return push
  }
}
