/** How a push was asked for: `sync` waits for delivery, `async` for admission only. */
export type PushMode = 'sync' | 'async'

/** What the HTTP edge measures. */
export interface HttpMetrics {
  /**
   * One `POST /push` is over. Called once for each that gets past the guard of the request head.
   *
   * @param mode - `async` where the request was refused before its `wait_for_send` was known.
   * @param status - as replied; 499 when the client left before the reply.
   * @param durationMs - from the end of the request's head to the reply.
   */
  observePush(mode: PushMode, status: number, durationMs: number): void
  /** A well-formed push arrived, whatever becomes of its records. */
  recordsReceived(mode: PushMode, records: readonly { readonly topic: string }[]): void
  /** Records of one topic, which has a rule of its own, were refused by its rate limit. */
  countRateLimited(topic: string, records: number): void
}
