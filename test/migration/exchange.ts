import { connect } from 'node:net'

/** What a server answers to one request. */
export interface Answer {
  readonly status: number
  readonly contentType: string | undefined
  readonly body: string
}

const PIECE_BYTES = 40

/**
 * Sends a request on a connection of its own, and resolves to the answer. Rejects if the server closes without one.
 *
 * @param inPieces - sends a few bytes in each turn of the event loop.
 */
export function exchange(port: number, request: Buffer, inPieces = false): Promise<Answer> {
  const isHead = request.subarray(0, 5).toString('latin1') === 'HEAD '
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0)
    const socket = connect(port, '127.0.0.1', () => {
      socket.setNoDelay(true)
      if (inPieces) writePieces(request)
      else socket.write(request)
    })
    const writePieces = (rest: Buffer): void => {
      socket.write(rest.subarray(0, PIECE_BYTES))
      if (rest.length > PIECE_BYTES) setImmediate(writePieces, rest.subarray(PIECE_BYTES))
    }
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      const answer = answerIn(received, isHead)
      if (answer === undefined) return
      resolve(answer)
      socket.destroy()
    })
    // A server that has answered may reset the connection of a client that still sends.
    socket.on('error', reject)
    socket.on('close', () => {
      reject(new Error('the server closed the connection without an answer'))
    })
  })
}

/** The first final answer in these bytes, once it is complete. */
function answerIn(bytes: Buffer, isHead: boolean): Answer | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const status = Number(statusLine.split(' ')[1])
  const rest = bytes.subarray(headEnd + 4)
  if (status < 200) return answerIn(rest, isHead)
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const length = isHead ? 0 : Number(headers.get('content-length') ?? 0)
  if (rest.length < length) return undefined
  return {
    status,
    contentType: headers.get('content-type'),
    body: rest.toString('utf8', 0, length),
  }
}
