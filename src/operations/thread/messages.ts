/** What the thread of the operations port and the main thread say to each other. */
import type { LineListener } from '../../telemetry/logging/logger.ts'
import type { CheckResult } from '../readiness.ts'

/** What the main thread is asked for, and what it answers. */
export interface Answers {
  readonly metrics: string
  /** `undefined` where none are kept. */
  readonly statistics: string | undefined
  readonly readiness: readonly CheckResult[]
  /** Nothing but a sign that the event loop turns. */
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
      /** Of `/metrics`. */
      readonly contentType: string
    }
  | Answer
  /** There is no answer, and the log says why. */
  | { readonly kind: 'failed'; readonly topic: Topic }
  /** Finish replies under way and end. */
  | { readonly kind: 'close' }

/** From the thread of the operations port to the main thread. */
export type ToMain =
  | { readonly kind: 'listening'; readonly port: number }
  /** It cannot listen: a ProxyError CONFIG_INVALID. The thread ends. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Asks for {@link Answer}. Of each topic one question is under way at a time. */
  | { readonly kind: 'ask'; readonly topic: Topic }
  /** For the log. */
  | { readonly kind: 'line'; readonly line: Parameters<LineListener> }
