import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Principal } from '../../base/principal.ts'
import type { OpenKey } from '../../ingest/open-key.ts'
import type { MaybePromise } from '../../producer/types.ts'
import type { HeldBody } from '../body.ts'
import type { BodyStream, StreamLimits } from '../body-stream.ts'
import type { Refusal } from '../error-body.ts'
import type { ReplyTarget, RequestHead } from '../exchange.ts'
import type { MaybeStatus } from '../late-status.ts'
import type { Failure } from '../log-failure.ts'
import type { PushMode } from '../../base/push-mode.ts'
import type { Dialect, Reply } from './dialect.ts'
import type { PathParams } from './path-pattern.ts'

/** One request on its way through the edge. */
export interface Call {
  readonly request: RequestHead
  readonly response: ReplyTarget
  /** The id of the request, from the client or generated; in the reply and in the log. */
  readonly requestId: string
  /** Decoded path parameters, by their names in {@link Route.path}. */
  readonly params: PathParams
  /** The identity that the gate found; anonymous before. */
  principal: Principal
  /** `async` until the body has been parsed. */
  mode: PushMode
  /** Its `Idempotency-Key`, which the route must submit with the records; `undefined` without one. */
  key: OpenKey | undefined
  /** Why it failed, for the log; `undefined` before its reply, and if it succeeded. */
  failure: Failure | undefined
}

/** A request on Node's own objects, for routes that read a body in pieces, or write a reply in pieces. */
export interface NodeCall extends Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** The right that a route needs: to write records, to list topics, or none. */
export type Access = 'produce' | 'describe' | 'open'

interface EveryRoute {
  /** The name in log messages: for `push`, the log says `push failed`. */
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PUT'
  /**
   * For example `/topics/:topic/raw`. Case matters, an encoded letter differs from a plain one, and a slash at the
   * end does not count. A path without parameters takes precedence over one with parameters.
   */
  readonly path: string
  /** Whether the reply to an unknown path names it. @defaultValue true */
  readonly isNamed?: boolean
  readonly access: Access
  /** The topic of all records. @defaultValue it is the parameter `topic` of the path, or the body names topics */
  readonly topic?: string
  /**
   * Who sends the requests of this route, which it finds out by itself from their bodies: the gate asks for no
   * credentials.
   *
   * @defaultValue the gate finds out who sends each request
   */
  readonly principal?: Principal | undefined
  /** All methods of a path must have the same dialect. */
  readonly dialect: Dialect
  /**
   * Checks the head of a request, after the gate and before its body is read. It must not be called later: if the
   * refusal ends the connection, no later request may have been served.
   *
   * @throws ProxyError the refusal.
   */
  checkHead?(call: Call): void
}

/** A route without a body. If a body arrives, it is discarded before the reply. */
export interface BodilessRoute extends EveryRoute {
  readonly body: 'none'
  /** As in {@link WholeBodyRoute}. */
  answer(call: NodeCall): MaybePromise<number>
}

/** A route that gets the whole decompressed body at once. */
export interface WholeBodyRoute extends EveryRoute {
  readonly body: 'whole'
  /**
   * The reply to every request whose records were all accepted, which an `Idempotency-Key` needs no copy of.
   * `undefined` for a route that produces nothing.
   */
  readonly accepted?: Reply
  /**
   * Checks the body of a request before anything is done with it, and before its key is looked up.
   *
   * @throws ProxyError the refusal.
   */
  checkBody?(call: Call, body: HeldBody): void
  /**
   * Finds the key of a request that has one in place of `Idempotency-Key`, for a route whose clients send none. What is
   * sent under such a key is not compared. Called after `checkBody`.
   *
   * @defaultValue the key is in the header `Idempotency-Key`
   */
  readonly keyOf?: ((call: Call, body: HeldBody) => string | undefined) | undefined
  /**
   * What the headers of a request mean for its records: a request that repeats an `Idempotency-Key` must have the same.
   *
   * @defaultValue nothing
   */
  meaningBesideBody?(call: Call): string
  /**
   * Replies to a request. A route that produces does so through `answerOnce`, so that the answer is remembered with the
   * key of the request.
   *
   * @param body - released after the reply, unless the route releases it earlier.
   * @returns the status of the reply.
   * @throws ProxyError the refusal.
   */
  answer(call: Call, body: HeldBody): MaybeStatus
}

/** A route that processes the body while it arrives. */
export interface StreamedBodyRoute extends EveryRoute {
  readonly body: 'stream'
  readonly streamLimits?: StreamLimits
  /**
   * As in {@link WholeBodyRoute}. The route may let errors of the body through to the edge as long as it has not
   * begun a reply. The unread rest of a body is discarded after the reply.
   */
  answer(call: NodeCall, body: BodyStream): MaybePromise<number>
}

/** One method of one path. */
export type Route = BodilessRoute | WholeBodyRoute | StreamedBodyRoute

/** The refusal of a request, or the identity of its client. `leave` is called once the request has been answered. */
export type Entry = Refusal | { readonly principal: Principal; readonly leave?: () => void }

/**
 * Decides for every route whether a request is admitted, before its body is read. A gate that answers without a
 * promise causes no delay. While a promise is pending, the body is not read, and later pipelined requests wait for
 * their turn to reply. A refusal after a promise ends the connection only if the rest of a body is in the way.
 */
export type Gate = (route: Route, request: IncomingMessage) => MaybePromise<Entry>
