import type { PushMode } from '../base/push-mode.ts'

/** Why a connection was closed whose client had done nothing wrong on it. docs/METRICS.md says what each is. */
export type DropReason =
  'limit' | 'address_limit' | 'idle_evicted' | 'idle_timeout' | 'file_descriptors'

/** The open connections of a server. */
export interface ConnectionCounts {
  /** Those on which a request is served, or a reply waits to be taken. */
  readonly active: number
  readonly idle: number
  /** Bytes of replies that clients have yet to take. */
  readonly replyBytes: number
}

/** What is measured of connections, beside requests. */
export interface EdgeObserver {
  /**
   * A client sent something that was refused before anything looked at its path, or it did not wait for its reply,
   * or did not take it.
   *
   * @param code - an error code in lower case, or one for what is no error code: `aborted`, `stalled_reader`,
   * `pipelined`.
   */
  clientFailed(code: string): void
  connectionDropped(reason: DropReason): void
}

/** What the HTTP edge measures of requests. */
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
}
