/**
 * Creates requests and responses with the prototypes that Express wants. Otherwise Express changes the prototype of
 * each object, which makes the object slow: 5 us per push (Node 26). To set the same prototype again costs nothing.
 */
import type { Express } from 'express'
import type { IncomingMessage, ServerOptions } from 'node:http'
import { http } from '../base/node-modules.ts'

/** The classes that `http.createServer` uses for requests and responses. */
export type Messages = Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>

/** Creates request and response classes for an app, and makes the app use their prototypes. */
export function messagesOf(app: Express): Messages {
  class AppRequest extends http.IncomingMessage {}
  class AppResponse<
    Request extends IncomingMessage = IncomingMessage,
  > extends http.ServerResponse<Request> {}
  Object.setPrototypeOf(AppRequest.prototype, app.request)
  Object.setPrototypeOf(AppResponse.prototype, app.response)
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype })
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse }
}
