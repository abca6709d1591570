/** The request and the response of a push on the fast way. */
import type { IncomingHttpHeaders } from 'node:http'
import { http } from '../../base/node-modules.ts'
import type { Socket } from 'node:net'
import { invariant } from '../../base/invariant.ts'
import type { ReplyTarget, RequestHead } from '../exchange.ts'
import type { PushHead } from './push-head.ts'

/** A push whose head has arrived; its body is passed separately. */
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

  /** Whether the client says that this is the last request of the connection. */
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
  /** The last lines of the head of every response. @param isLast - whether the reply says that it is the last. */
  lastHeaders(isLast: boolean): string
  /** Sends the text of a response that has ended, after those of earlier responses. */
  send(response: FastResponse): void
}

/** The response to a push on the fast way. The same code writes it that writes Node's. It is sent once it has ended. */
export class FastResponse implements ReplyTarget {
  readonly req: FastRequest
  shouldKeepAlive: boolean
  statusCode = 200
  headersSent = false
  writableEnded = false
  /**
   * Whether the connection ends after this response. Its headers do not say so to a client that has ended its side: Node
   * does the same.
   */
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

  /** Makes it the last of its connection, also in its headers: they may be written already, but nothing was sent yet. */
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

  /** Called when the text was written to the socket. @returns what to call once the operating system has taken it. */
  sent(): readonly (() => void)[] | undefined {
    this.#isSent = true
    this.#head = this.#body = ''
    return this.#onFinish
  }
}
