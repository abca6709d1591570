import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** One HTTP response from the wire. */
export interface RawResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** A TCP client that sends any bytes and splits the received bytes into responses. */
export class RawClient {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  readonly #responses: RawResponse[] = []
  #isClosed = false
  #isEnded = false
  #wake: (() => void)[] = []
  /** The error that broke the connection, such as ECONNRESET. */
  errorCode: string | undefined

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes])
      this.#split()
      this.#changed()
    })
    this.#socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      this.errorCode = code
    })
    this.#socket.on('end', () => {
      this.#isEnded = true
      this.#changed()
    })
    this.#socket.on('close', () => {
      this.#isClosed = true
      this.#changed()
    })
  }

  /** Resolves once the connection is open. */
  async connected(): Promise<this> {
    if (this.#socket.connecting) await once(this.#socket, 'connect')
    return this
  }

  write(bytes: string | Buffer): this {
    this.#socket.write(bytes)
    return this
  }

  /** Half-closes: nothing more is sent. */
  end(): this {
    this.#socket.end()
    return this
  }

  /** Resets the connection. */
  abort(): void {
    this.#socket.resetAndDestroy()
  }

  /** Stops reading. */
  pause(): this {
    this.#socket.pause()
    return this
  }

  /** Continues reading. */
  resume(): this {
    this.#socket.resume()
    return this
  }

  /** The first `count` responses; fewer if the server closes before. */
  async responses(count: number): Promise<readonly RawResponse[]> {
    await this.#until(() => this.#responses.length >= count || this.isOver)
    return this.#responses.slice(0, count)
  }

  /** The next response that this method has not returned yet. */
  async response(): Promise<RawResponse> {
    await this.#until(() => this.#responses.length > 0 || this.isOver)
    const response = this.#responses.shift()
    if (response === undefined) throw new Error('the server closed without a response')
    return response
  }

  /** Resolves once the server has closed its side, to the received bytes that were not a complete response. */
  async closed(): Promise<string> {
    await this.#until(() => this.isOver)
    this.#socket.destroy()
    return this.#received.toString('latin1')
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Whether the server has closed its side. */
  get isOver(): boolean {
    return this.#isEnded || this.#isClosed
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.#wake.push(resolve))
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  #split(): void {
    for (;;) {
      const headEnd = this.#received.indexOf('\r\n\r\n')
      if (headEnd === -1) return
      const [statusLine = '', ...lines] = this.#received
        .toString('latin1', 0, headEnd)
        .split('\r\n')
      const headers = new Map<string, string>()
      for (const line of lines) {
        const colon = line.indexOf(':')
        const name = line.slice(0, colon).toLowerCase()
        const before = headers.get(name)
        const value = line.slice(colon + 1).trim()
        headers.set(name, before === undefined ? value : `${before}, ${value}`)
      }
      const bodyEnd = headEnd + 4 + Number(headers.get('content-length') ?? 0)
      if (this.#received.length < bodyEnd) return
      const body = this.#received.toString('utf8', headEnd + 4, bodyEnd)
      this.#received = this.#received.subarray(bodyEnd)
      this.#responses.push({ status: Number(statusLine.split(' ')[1]), headers, body })
    }
  }
}
