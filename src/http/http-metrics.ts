import type { ErrorCode } from '../base/errors.ts'
import type { PushMode } from '../base/push-mode.ts'

/** Why a connection was closed although its client did nothing wrong. docs/METRICS.md explains each. */
export type DropReason =
  'limit' | 'address_limit' | 'idle_evicted' | 'idle_timeout' | 'file_descriptors'

/** The open connections of a server. */
export interface ConnectionCounts {
  /** Connections with a request in progress or an unsent reply. */
  readonly active: number
  readonly idle: number
  /** Bytes of replies that clients have not read. */
  readonly replyBytes: number
}

/** Receives the events of connections for metrics. */
export interface EdgeObserver {
  /**
   * A client sent input that was refused before its path was looked at, left before its reply, or did not read it.
   *
   * @param code - an error code in lower case, or one of `aborted`, `stalled_reader` and `pipelined`.
   */
  clientFailed(code: string): void
  connectionDropped(reason: DropReason): void
  /** A reply was sent to a request that was refused before its path was looked at. */
  requestRefused(method: string, status: number): void
}

/** Receives what becomes of each request, whatever it is for. */
export interface RequestObserver {
  /** A request has reached its route. `answered` follows in any case. */
  began(): void
  /**
   * A request in progress that has not reached a route has begun to wait for its body or its turn (`true`), or has
   * stopped waiting (`false`).
   */
  awaited(isAwaited: boolean): void
  /**
   * A request that has reached its route has ended.
   *
   * @param route - the pattern of its path.
   * @param status - of the reply; 499 if the client left before it.
   * @param durationMs - from the end of the request's head to the reply.
   */
  answered(method: string, route: string, status: number, durationMs: number): void
  /** A reply was sent to a request that reached no route. */
  refused(method: string, status: number): void
  /** The body of a request was read, or as much of it as was wanted; decompressed. */
  bodyRead(bytes: number): void
}

/** Receives the events of pushes for metrics. */
export interface HttpMetrics {
  readonly requests: RequestObserver
  /**
   * One `POST /push` has ended. Called once for each request with an acceptable head.
   *
   * @param mode - `async` if the request was refused before its `wait_for_send` was known.
   * @param status - of the reply; 499 if the client left before it.
   * @param durationMs - from the end of the request's head to the reply.
   */
  observePush(mode: PushMode, status: number, durationMs: number): void
  /** A well-formed push arrived; its records may still fail. */
  recordsReceived(mode: PushMode, records: readonly { readonly topic: string }[]): void
  /** Records of a well-formed push were refused because they are invalid, and the others are produced. */
  recordsInvalid(mode: PushMode, codes: readonly ErrorCode[]): void
}
