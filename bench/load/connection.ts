import { connect, type Socket } from 'node:net'

const READ_BUFFER_BYTES = 65_536
const HEAD_END = Buffer.from('\r\n\r\n')
/** Position of the status in `HTTP/1.1 200`. */
const STATUS_AT = 9

/** Called with the status of each reply; 0 if the connection broke before. */
export type OnReply = (status: number, connection: HttpConnection) => void

/**
 * One HTTP/1.1 connection that sends prepared requests, one at a time, and reads only the status and length of a
 * reply, because the load must not cost more than the server.
 */
export class HttpConnection {
  readonly #port: number
  readonly #onReply: OnReply
  #socket: Socket | undefined
  #head = Buffer.alloc(0)
  #status = 0
  #bodyBytesLeft = -1
  #isBusy = false
  /** Whether the server ends the connection with this reply, as after a number of requests. */
  #isLast = false

  constructor(port: number, onReply: OnReply) {
    this.#port = port
    this.#onReply = onReply
  }

  /** Sends a request; opens the connection if there is none. */
  send(request: Buffer): void {
    this.#isBusy = true
    this.#socket ??= this.#open()
    this.#socket.write(request)
  }

  /** Closes it; the next request opens another. */
  close(): void {
    this.#isBusy = false
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #open(): Socket {
    const socket = connect({
      ...{ host: '127.0.0.1', port: this.#port, noDelay: true },
      onread: {
        buffer: Buffer.allocUnsafe(READ_BUFFER_BYTES),
        callback: (count, buffer) => {
          this.#read(Buffer.from(buffer.buffer, buffer.byteOffset, count))
          return true
        },
      },
    })
    socket
      .on('error', () => undefined)
      .once('close', () => {
        this.#closed(socket)
      })
    return socket
  }

  #closed(socket: Socket): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    this.#bodyBytesLeft = -1
    this.#head = Buffer.alloc(0)
    if (this.#isBusy) this.#reply(0)
  }

  #read(bytes: Buffer): void {
    if (this.#bodyBytesLeft >= 0) {
      this.#bodyBytesLeft -= bytes.length
    } else {
      const head = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes])
      const end = head.indexOf(HEAD_END)
      if (end === -1) {
        this.#head = Buffer.from(head)
        return
      }
      this.#head = Buffer.alloc(0)
      const text = head.toString('latin1', 0, end)
      this.#status = Number(text.slice(STATUS_AT, STATUS_AT + 3))
      this.#isLast = /\r\nconnection: *close/i.test(text)
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0)
      this.#bodyBytesLeft = length - (head.length - end - HEAD_END.length)
    }
    if (this.#bodyBytesLeft > 0) return
    this.#bodyBytesLeft = -1
    if (this.#isLast) this.close()
    this.#reply(this.#status)
  }

  #reply(status: number): void {
    this.#isBusy = false
    this.#onReply(status, this)
  }
}
