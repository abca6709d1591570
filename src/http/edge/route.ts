import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MaybePromise } from '../../producer/types.ts'
import type { Refusal } from '../error-body.ts'
import type { PushMode } from '../../base/push-mode.ts'
import type { Dialect } from './dialect.ts'

/** One request on its way. */
export interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Of the client, or of ours: in the reply and in the log. */
  readonly requestId: string
  /** `async` until the body has said otherwise. */
  mode: PushMode
}

/** What a client wants of a route: to write records, to read what topics there are, or nothing that needs a right. */
export type Access = 'produce' | 'describe' | 'open'

/** One method of one path. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** As Express takes it. Upper and lower case differ; a slash at the end does not count. */
  readonly path: string
  readonly access: Access
  readonly dialect: Dialect
  /**
   * Answers a request that the gate has let through. What is wrong with its head is thrown at once, rather than in a
   * promise: if the refusal ends the connection, nothing that came behind the request may be served.
   *
   * @returns the status of the reply.
   * @throws ProxyError what the request is refused for.
   */
  answer(call: Call): MaybePromise<number>
}

/**
 * Decides, for every route and before anything of the body is read, whether a request gets in.
 *
 * @returns why not.
 */
export type Gate = (route: Route, request: IncomingMessage) => Refusal | undefined
