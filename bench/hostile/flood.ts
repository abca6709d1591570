/** Raw connections that send hostile requests, and count the bytes sent. */
import { connect, type Socket } from 'node:net'

/** Hostile connections to one port. */
export class Flood {
  readonly #port: number
  readonly #sockets = new Set<Socket>()
  #sentBytes = 0

  constructor(port: number) {
    this.#port = port
  }

  /** Bytes written to connections so far, whether or not the server has read them. */
  get sentBytes(): number {
    return this.#sentBytes
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size
  }

  /** Opens a connection; resolves when it is open or was refused. */
  async openOne(): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true })
    this.#sockets.add(socket)
    socket.on('error', () => undefined).once('close', () => this.#sockets.delete(socket))
    await new Promise<void>((resolve) => {
      socket.once('connect', () => {
        resolve()
      })
      socket.once('close', () => {
        resolve()
      })
    })
    return socket
  }

  /** Opens this many connections, a hundred at a time. */
  async openMany(count: number): Promise<Socket[]> {
    const sockets: Socket[] = []
    while (sockets.length < count) {
      const batch = Math.min(100, count - sockets.length)
      sockets.push(...(await Promise.all(Array.from({ length: batch }, () => this.openOne()))))
    }
    return sockets
  }

  /** Sends bytes on a connection; resolves when the kernel has them, or the connection has closed. */
  async send(socket: Socket, bytes: Buffer): Promise<void> {
    if (socket.destroyed) return
    await new Promise<void>((resolve) => {
      const onClose = (): void => {
        resolve()
      }
      socket.once('close', onClose)
      socket.write(bytes, () => {
        socket.off('close', onClose)
        resolve()
      })
    })
    this.#sentBytes += bytes.length
  }

  /** Sends a request on its own connection, reads the complete reply, and returns its status; 0 without a reply. */
  async request(bytes: Buffer): Promise<number> {
    const socket = await this.openOne()
    const reply = readAll(socket)
    await this.send(socket, bytes)
    const text = await reply
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
  }

  /** Cuts every connection. */
  end(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** Reads until the server closes, and returns the first bytes. */
function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (bytes: Buffer) => {
      if (text.length < 64) text += bytes.toString('latin1', 0, 64)
    })
    socket.once('close', () => {
      resolve(text)
    })
  })
}

/** Formats a push for the wire; the connection closes after the reply unless it is kept. */
export function rawPush(
  body: Buffer,
  {
    isGzip = false,
    isKept = false,
    length = body.length,
  }: { readonly isGzip?: boolean; readonly isKept?: boolean; readonly length?: number } = {},
): Buffer {
  const head =
    'POST /push HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n' +
    (isGzip ? 'Content-Encoding: gzip\r\n' : '') +
    (isKept ? '' : 'Connection: close\r\n') +
    `Content-Length: ${length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}
