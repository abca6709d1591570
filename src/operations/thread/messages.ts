/** The messages between the thread of the operations port and the main thread. */
import type { LineListener } from '../../telemetry/logging/logger.ts'
import type { TokenEntry } from '../../http/access/token-table.ts'
import type { ServerTls } from '../../http/tls/server-tls.ts'
import type { LiveIdentity, LiveSample } from '../../base/live-sample.ts'
import type { CheckResult } from '../readiness.ts'

/** The questions to the main thread, with the types of their answers. */
export interface Answers {
  readonly metrics: string
  /** `undefined` if none are collected. */
  readonly statistics: string | undefined
  readonly readiness: readonly CheckResult[]
  readonly live: LiveSample
  /** Only shows that the event loop turns. */
  readonly turn: undefined
}

/** See {@link Answers}. */
export type Topic = keyof Answers

/** An answer of the main thread. */
export type Answer = {
  [T in Topic]: { readonly kind: 'answer'; readonly topic: T; readonly value: Answers[T] }
}[Topic]

/** From the main thread to that of the operations port. */
export type ToThread =
  /** The first message. */
  | {
      readonly kind: 'listen'
      readonly host: string
      readonly port: number
      /** The media type of `/metrics`. */
      readonly contentType: string
      /** Who may read metrics and statistics; empty: everybody. */
      readonly tokens: readonly TokenEntry[]
      /** The identity that the page shows. */
      readonly identity: LiveIdentity
      /** `undefined` for plain HTTP. */
      readonly tls: ServerTls | undefined
    }
  /** The tokens for metrics and statistics have changed. */
  | { readonly kind: 'useTokens'; readonly tokens: readonly TokenEntry[] }
  /** The certificate was renewed. */
  | { readonly kind: 'renewTls'; readonly tls: ServerTls }
  | Answer
  /** There is no answer; the log says why. */
  | { readonly kind: 'failed'; readonly topic: Topic }
  /** Finish replies in progress and end. */
  | { readonly kind: 'close' }

/** From the thread of the operations port to the main thread. */
export type ToMain =
  | { readonly kind: 'listening'; readonly port: number }
  /** The port cannot be opened: a ProxyError CONFIG_INVALID. The thread ends. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Asks for an {@link Answer}. Each topic has one question in progress at a time. */
  | { readonly kind: 'ask'; readonly topic: Topic }
  /** A line for the log. */
  | { readonly kind: 'line'; readonly line: Parameters<LineListener> }
