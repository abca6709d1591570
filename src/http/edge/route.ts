import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Principal } from '../../base/principal.ts'
import type { MaybePromise } from '../../producer/types.ts'
import type { HeldBody } from '../body.ts'
import type { BodyStream, StreamLimits } from '../body-stream.ts'
import type { Refusal } from '../error-body.ts'
import type { PushMode } from '../../base/push-mode.ts'
import type { Dialect } from './dialect.ts'
import type { PathParams } from './path-pattern.ts'

/** One request on its way. */
export interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Of the client, or of ours: in the reply and in the log. */
  readonly requestId: string
  /** By their names in {@link Route.path}, decoded. */
  readonly params: PathParams
  /** Who the gate says it is; anonymous until it has said so. */
  principal: Principal
  /** `async` until the body has said otherwise. */
  mode: PushMode
}

/** What a client wants of a route: to write records, to read what topics there are, or nothing that needs a right. */
export type Access = 'produce' | 'describe' | 'open'

interface EveryRoute {
  /** What the log calls a request: of a `push` it says `push failed`. */
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PUT'
  /**
   * Such as `/topics/:topic/raw`. Upper and lower case differ, and so do encoded and plain letters; a slash at the end
   * does not count. A path without parameters comes before one with them.
   */
  readonly path: string
  readonly access: Access
  /** The same for all methods of a path. */
  readonly dialect: Dialect
  /**
   * Says what is wrong with the head of a request that the gate has let through, before anything of its body is read.
   * Never later: if the refusal ends the connection, nothing that came behind the request may be served.
   *
   * @throws ProxyError what the request is refused for.
   */
  checkHead?(call: Call): void
}

/** A route that wants no body. One that comes all the same is thrown away before the answer. */
export interface BodilessRoute extends EveryRoute {
  readonly body: 'none'
  /** As in {@link WholeBodyRoute}. */
  answer(call: Call): MaybePromise<number>
}

/** A route that wants all of the body at once, decompressed. */
export interface WholeBodyRoute extends EveryRoute {
  readonly body: 'whole'
  /**
   * Answers a request.
   *
   * @param body - released when the answer is there, unless the route does it earlier.
   * @returns the status of the reply.
   * @throws ProxyError what the request is refused for.
   */
  answer(call: Call, body: HeldBody): MaybePromise<number>
}

/** A route that works on the body while it arrives. */
export interface StreamedBodyRoute extends EveryRoute {
  readonly body: 'stream'
  readonly streamLimits?: StreamLimits
  /**
   * As in {@link WholeBodyRoute}. What the body fails with may be left to the edge as long as no reply has begun. The
   * rest of a body that is not read to its end is thrown away after the answer.
   */
  answer(call: Call, body: BodyStream): MaybePromise<number>
}

/** One method of one path. */
export type Route = BodilessRoute | WholeBodyRoute | StreamedBodyRoute

/** Why a request does not get in, or who it is that does. */
export type Entry = Refusal | { readonly principal: Principal }

/**
 * Decides, for every route and before anything of the body is read, whether a request gets in. A gate that answers at
 * once delays nothing. While it thinks, nothing of the body is read, and what is pipelined behind waits for its turn to
 * be answered; a refusal that comes so late ends the connection only where the rest of a body would be in the way.
 */
export type Gate = (route: Route, request: IncomingMessage) => MaybePromise<Entry>
