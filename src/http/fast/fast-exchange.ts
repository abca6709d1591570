/** The request and the response of a push that came the fast way. */
import type { IncomingHttpHeaders } from 'node:http'
import { http } from '../../base/node-modules.ts'
import type { Socket } from 'node:net'
import { invariant } from '../../base/invariant.ts'
import type { ReplyTarget, RequestHead } from '../exchange.ts'
import type { PushHead } from './push-head.ts'

/** A push of which all has arrived. */
export class FastRequest implements RequestHead {
  readonly method = 'POST'
  readonly url = '/push'
  readonly httpVersionMinor = 1
  readonly complete = true
  readonly socket: Socket
  readonly #head: PushHead

  constructor(head: PushHead, socket: Socket) {
    this.#head = head
    this.socket = socket
  }

  /** Whether its client says that it is the last one of the connection. */
  get isLast(): boolean {
    return this.#head.isLast
  }

  get headers(): IncomingHttpHeaders {
    return this.#head.headers
  }

  get rawHeaders(): string[] {
    return this.#head.rawHeaders
  }
}

/** Writes the replies of one connection. */
export interface ReplyWriter {
  /** What stands in every head, behind its own headers. @param isLast - whether the reply says that it is the last. */
  lastHeaders(isLast: boolean): string
  /** Sends the text of a response that has ended, after those of earlier responses. */
  send(response: FastResponse): void
}

/** Its response, which the plain way writes on as on Node's. It has a body that is sent at once. */
export class FastResponse implements ReplyTarget {
  readonly req: FastRequest
  shouldKeepAlive: boolean
  statusCode = 200
  headersSent = false
  writableEnded = false
  /** Whether its connection ends after it, whatever it says: a client that ended its side is told nothing, as by Node. */
  isLast = false
  readonly #writer: ReplyWriter
  #head = ''
  #saysLast = false
  #body = ''
  #isSent = false
  #onFinish: (() => void)[] | undefined

  constructor(req: FastRequest, writer: ReplyWriter) {
    this.req = req
    this.shouldKeepAlive = !req.isLast
    this.#writer = writer
  }

  /** The whole reply, once it has ended. */
  get text(): string {
    return this.#head + this.#writer.lastHeaders(this.#saysLast) + this.#body
  }

  /** Makes it the last of its connection, and lets it say so although its head was written: none of it was sent. */
  sayLast(): void {
    this.isLast = this.#saysLast = true
    this.shouldKeepAlive = false
  }

  get writableFinished(): boolean {
    return this.#isSent && this.req.socket.writableLength === 0
  }

  writeHead(status: number, headers: string[]): void {
    invariant(!this.headersSent, 'a response has one head')
    this.statusCode = status
    this.headersSent = true
    if (!this.shouldKeepAlive) this.isLast = this.#saysLast = true
    let text = `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}\r\n`
    for (let at = 0; at < headers.length; at += 2) {
      text += `${headers[at] ?? ''}: ${headers[at + 1] ?? ''}\r\n`
    }
    this.#head = text
  }

  write(content: string | Buffer): void {
    this.#body += content.toString()
  }

  end(content: string | Buffer = ''): void {
    if (this.writableEnded) return
    this.#body += content.toString()
    this.writableEnded = true
    this.#writer.send(this)
  }

  once(_event: 'finish', listener: () => void): void {
    if (this.#isSent) this.req.socket.write('', listener)
    else (this.#onFinish ??= []).push(listener)
  }

  /** The text was handed over to the socket. @returns who is to be called once the operating system has taken it. */
  sent(): readonly (() => void)[] | undefined {
    this.#isSent = true
    this.#head = this.#body = ''
    return this.#onFinish
  }
}
