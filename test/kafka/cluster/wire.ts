/** What the scripts say to brokers without a client: single requests, over a connection of their own. */
import { connect } from 'node:net'

const clientId = 'kafka-for-tests'

/** A broker that is suspended takes the connection and never answers. */
const answerTimeoutMs = 1_000

/** One request: its header, which all versions share as far as it goes, and its body behind that. */
export function frame(apiKey: number, apiVersion: number, body: readonly Buffer[]): Buffer {
  const request = Buffer.concat([
    int16(apiKey),
    int16(apiVersion),
    int32(0),
    string(clientId),
    ...body,
  ])
  return Buffer.concat([int32(request.length), request])
}

/** Two bytes. */
function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

/** Four bytes. */
export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Text behind its length. */
export function string(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
}

/** Sends one frame and resolves to the payload of the frame that answers it. */
export function exchange(port: number, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    let received: Buffer = Buffer.alloc(0)
    const fail = (reason: Error): void => {
      socket.destroy()
      reject(reason)
    }
    socket.setTimeout(answerTimeoutMs, () => {
      fail(new Error(`No answer from port ${port} within ${answerTimeoutMs} ms`))
    })
    socket.on('error', fail)
    socket.on('close', () => {
      fail(new Error(`Port ${port} closed the connection without an answer`))
    })
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return
      resolve(received.subarray(4))
      socket.destroy()
    })
  })
}
