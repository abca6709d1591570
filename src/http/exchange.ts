/**
 * The parts of a request and of its response that routes with a whole body use. Node's objects have these parts, and the
 * objects of the fast way have no others.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'

/** The head of a request, and its connection. */
export interface RequestHead {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly httpVersionMinor: number
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** Names and values, alternating, as they were sent. */
  readonly rawHeaders: string[]
  readonly socket: Socket
  /** Whether all of the body has arrived. */
  readonly complete: boolean
}

/** The response to a request. */
export interface ReplyTarget {
  readonly req: RequestHead
  /** If it is false, this reply is the last of its connection, and says so. */
  shouldKeepAlive: boolean
  readonly statusCode: number
  readonly headersSent: boolean
  readonly writableEnded: boolean
  /** Whether the operating system has taken all of it. */
  readonly writableFinished: boolean
  /** @param headers - names and values, alternating. */
  writeHead(status: number, headers: string[]): unknown
  write(content: string | Buffer): unknown
  end(content?: string | Buffer): unknown
  once(event: 'finish', listener: () => void): unknown
}
