/**
 * Finds the handler of a request to the operations port. Express could do the same, but would take 5 MiB of memory in
 * the thread of the port, which has a heap of its own.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Answers a request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** A path, in lower case and without a slash at the end, and the handler of its GET and HEAD requests. */
export type PathHandler = readonly [path: string, handler: Handler]

/** Options of {@link createRouter}. */
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
 * Creates the request listener of a server. The case of a path, its query and one slash at its end do not matter.
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

/** The beginning of a whole URL, with which a proxy may send a request (absolute-form: RFC 9112, 3.2.2). */
const ORIGIN = /^https?:\/\/[^/?#]*/

function pathOf(url: string): string {
  const [path = ''] = url.toLowerCase().replace(ORIGIN, '').split(/[?#]/, 1)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
