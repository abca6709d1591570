/**
 * Finds the handler of a request to the operations port. Express would do the same, but take 5 MiB of memory in the
 * thread of the port, which has a heap of its own.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Answers a request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** A path, without a slash at the end, and what answers GET and HEAD. */
export type PathHandler = readonly [path: string, handler: Handler]

/** What a {@link createRouter} router answers requests with. */
export interface RouterOptions {
  readonly paths: readonly PathHandler[]
  /** Answers requests for all other paths. */
  readonly refusePath: Handler
  /** Answers requests with another method than GET and HEAD. */
  readonly refuseMethod: Handler
  /** Answers if a handler fails. */
  readonly answerError: (error: unknown, response: ServerResponse) => void
}

/**
 * Creates the listener of a server. Upper and lower case of a path do not differ, and neither the query nor one slash
 * at the end counts.
 */
export function createRouter(options: RouterOptions) {
  const { refusePath, refuseMethod, answerError } = options
  const handlers = new Map(options.paths)
  const find = ({ url = '', method }: IncomingMessage): Handler => {
    const handler = handlers.get(pathOf(url))
    if (handler === undefined) return refusePath
    return method === 'GET' || method === 'HEAD' ? handler : refuseMethod
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await find(request)(request, response)
    } catch (error) {
      answerError(error, response)
    }
  }
  return (request: IncomingMessage, response: ServerResponse): void => {
    void answer(request, response)
  }
}

/** A proxy may ask with the whole URL (RFC 9112, 3.2.2). */
const ORIGIN = /^https?:\/\/[^/?#]*/

function pathOf(url: string): string {
  const [path = ''] = url.toLowerCase().replace(ORIGIN, '').split(/[?#]/, 1)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
