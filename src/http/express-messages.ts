/**
 * Requests and responses that are born as Express's. Express sets the prototype of each one that it gets, and an
 * object whose prototype changes is slow from then on: that was 5 us of a push (Node 26). To set the one that
 * it has already costs nothing.
 */
import type { Express } from 'express'
import { IncomingMessage, ServerResponse, type ServerOptions } from 'node:http'

/** What `http.createServer` makes its requests and responses of. */
export type Messages = Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>

/** Makes the classes of an app's requests and responses, and has the app use their prototypes for its own. */
export function messagesOf(app: Express): Messages {
  class AppRequest extends IncomingMessage {}
  class AppResponse<
    Request extends IncomingMessage = IncomingMessage,
  > extends ServerResponse<Request> {}
  Object.setPrototypeOf(AppRequest.prototype, app.request)
  Object.setPrototypeOf(AppResponse.prototype, app.response)
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype })
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse }
}
