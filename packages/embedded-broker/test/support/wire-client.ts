import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { FrameSplitter } from '../../src/frame-splitter.ts'
import type { Api } from '../../src/protocol/api.ts'
import { formatOf } from '../../src/protocol/api.ts'
import { nullableString, skipTaggedFields } from '../../src/protocol/codec.ts'
import { Reader } from '../../src/protocol/reader.ts'
import { Writer } from '../../src/protocol/writer.ts'

/** One request frame, its length included. */
export function requestFrame<Request, Response>(
  api: Api<Request, Response>,
  version: number,
  request: Request,
  correlationId = 1,
): Buffer {
  const format = formatOf(api, version)
  const writer = new Writer()
  writer.int32(0)
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(correlationId)
  nullableString.write(writer, 'wire-client', { ...format, isFlexible: false })
  if (format.isFlexible) writer.unsignedVarint(0)
  api.request.write(writer, request, format)
  const frame = Buffer.from(writer.bytes())
  frame.writeInt32BE(frame.length - 4, 0)
  return frame
}

/** A client that says exactly what a test tells it, and reads whatever comes. */
export class WireClient {
  readonly socket: Socket
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>
  readonly #frames: Buffer[] = []
  readonly #readers: ((frame: Buffer) => void)[] = []
  #correlationId = 0

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve()
      })
    })
    const splitter = new FrameSplitter(() => 200_000_000)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      for (const frame of splitter.add(chunk)) {
        const reader = this.#readers.shift()
        if (reader) reader(frame)
        else this.#frames.push(frame)
      }
    })
  }

  static async connect(bootstrap: string, brokerId = 1): Promise<WireClient> {
    const port = Number(bootstrap.split(',')[brokerId - 1]?.split(':')[1])
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new WireClient(socket)
  }

  async send<Request, Response>(
    api: Api<Request, Response>,
    version: number,
    request: Request,
  ): Promise<Response> {
    this.#correlationId += 1
    const correlationId = this.#correlationId
    this.socket.write(requestFrame(api, version, request, correlationId))
    return this.read(api, version, correlationId)
  }

  /** Reads the next answer; rejects when the connection closes instead. */
  async read<Request, Response>(
    api: Api<Request, Response>,
    version: number,
    correlationId: number,
  ): Promise<Response> {
    const reader = new Reader(await this.nextFrame())
    const received = reader.int32()
    if (received !== correlationId) throw new Error(`correlation id ${received}`)
    const format = formatOf(api, version)
    if (format.isFlexible && api.key !== 18) skipTaggedFields(reader)
    const response = api.response.read(reader, format)
    if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes left in ${api.name}`)
    return response
  }

  nextFrame(): Promise<Buffer> {
    const frame = this.#frames.shift()
    if (frame) return Promise.resolve(frame)
    const arrived = new Promise<Buffer>((resolve) => this.#readers.push(resolve))
    const gone = this.closed.then(() => Promise.reject(new Error('connection closed')))
    return Promise.race([arrived, gone])
  }

  async close(): Promise<void> {
    this.socket.destroy()
    await this.closed
  }
}
