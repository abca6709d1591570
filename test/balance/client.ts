/** One connection: sends its requests in pieces, perhaps half-closes or aborts, and keeps the replies. */
import { connect, type Socket } from 'node:net'
import type { SeededRandom } from '../support/random.ts'
import { within } from '../support/until.ts'
import type { DrawnRequest } from './requests.ts'

/** A request that a conversation can send. */
export interface Sendable {
  readonly bytes: Buffer
  /** Whether it gets exactly one reply, so that a client can wait for that. @defaultValue true */
  readonly isFramed?: boolean
}

/** How a client behaves once it has sent what it wants to send. */
export type Ending = 'waits' | 'half-closes' | 'aborts' | 'is cut short'

/** One reply, interim ones left out. */
export interface Reply {
  readonly status: number
  /** Status line and headers. */
  readonly head: string
  readonly body: string
  readonly isClosing: boolean
}

/** What one connection saw. */
export interface Conversation<Request extends Sendable = DrawnRequest> {
  readonly requests: readonly Request[]
  readonly ending: Ending
  readonly replies: readonly Reply[]
  /** Received bytes that are not a whole reply. */
  readonly rest: string
  /** Whether the server neither answered nor closed for a long time. */
  readonly isStuck: boolean
}

const ENDINGS: readonly Ending[] = [
  ...new Array<Ending>(6).fill('waits'),
  ...new Array<Ending>(4).fill('half-closes'),
  'aborts',
  'is cut short',
]
const MAX_REQUESTS = 12
const STUCK_MS = 15_000

/** Runs one conversation with the server. */
export async function converse<Request extends Sendable>(
  port: number,
  random: SeededRandom,
  draw: (random: SeededRandom) => Request,
  maxRequests = MAX_REQUESTS,
): Promise<Conversation<Request>> {
  const requests = Array.from({ length: 1 + random.below(maxRequests) }, () => draw(random))
  const drawn = random.pick(ENDINGS)
  const hasBroken = requests.some(({ isFramed }) => isFramed === false)
  const ending = drawn === 'waits' && hasBroken ? 'half-closes' : drawn
  const all = Buffer.concat(requests.map(({ bytes }) => bytes))
  const sent =
    ending === 'waits' || ending === 'half-closes' ? all.length : random.below(all.length)
  const isPausing = random.below(8) === 0
  const pieces = cut(all.subarray(0, sent), random)

  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const reader = new ReplyReader()
  const closed = new Promise<void>((resolve) => {
    socket
      .on('error', () => undefined)
      .once('close', () => {
        resolve()
      })
  })
  const allAnswered = new Promise<void>((resolve) => {
    socket.on('data', (bytes: Buffer) => {
      reader.add(bytes)
      if (reader.replies.length >= requests.length || reader.isClosing) resolve()
    })
    // The server is done with the connection; whatever it had to say has been read.
    socket.once('end', () => {
      reader.end()
      resolve()
    })
  })
  if (isPausing) {
    socket.pause()
    void turns(random.below(20)).then(() => socket.resume())
  }
  for (const piece of pieces) {
    if (socket.destroyed) break
    socket.write(piece)
    if (random.below(3) === 0) await turn()
  }
  if (ending === 'aborts') socket.resetAndDestroy()
  else if (ending !== 'waits') socket.end()
  const isStuck = await within(
    STUCK_MS,
    Promise.race([allAnswered, closed]),
    () => new Error(),
  ).then(
    () => false,
    () => true,
  )
  await linger(socket)
  socket.destroy()
  await closed
  return { requests, ending, replies: reader.replies, rest: reader.rest, isStuck }
}

/** Gives the server a moment to send what it should not send any more. */
async function linger(socket: Socket): Promise<void> {
  await turn()
  if (!socket.destroyed) await turn()
}

function cut(bytes: Buffer, random: SeededRandom): Buffer[] {
  const pieces: Buffer[] = []
  const largest = random.pick([1_000_000, 5_000, 100])
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random.below(Math.min(largest, bytes.length - at))
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function turns(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await turn()
}

/** Splits what a server sends into replies, each framed by its Content-Length, by chunks, or by the end. */
class ReplyReader {
  readonly replies: Reply[] = []
  #received: Buffer = Buffer.alloc(0)

  get rest(): string {
    return this.#received.toString('latin1')
  }

  /** Whether the server has announced that it closes. */
  get isClosing(): boolean {
    return this.replies.at(-1)?.isClosing === true
  }

  add(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes])
    for (;;) {
      const headEnd = this.#received.indexOf('\r\n\r\n')
      if (headEnd === -1) return
      const head = this.#received.toString('latin1', 0, headEnd)
      const status = Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 '.length + 3))
      const framed = bodyOf(this.#received, headEnd + 4, head)
      if (framed === undefined) return
      this.#received = this.#received.subarray(framed.end)
      if (status === 100) continue
      const isClosing = /\r\nconnection: *close/i.test(head)
      this.replies.push({ status, head, body: framed.body, isClosing })
    }
  }

  /** The server sends no more: that ends a reply without a length. */
  end(): void {
    const headEnd = this.#received.indexOf('\r\n\r\n')
    const head = this.#received.toString('latin1', 0, Math.max(headEnd, 0))
    if (headEnd === -1 || !isEndedByClose(head)) return
    const body = this.#received.toString('utf8', headEnd + 4)
    const status = Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 '.length + 3))
    this.#received = Buffer.alloc(0)
    this.replies.push({ status, head, body, isClosing: true })
  }
}

/** Of a streamed reply to a client of HTTP/1.0, which knows no chunks. */
function isEndedByClose(head: string): boolean {
  return (
    head.startsWith('HTTP/1.1 200 ') && !/\r\n(?:content-length|transfer-encoding):/i.test(head)
  )
}

/** The body that begins at this offset, and where it ends; `undefined` if it is not complete. */
function bodyOf(
  bytes: Buffer,
  start: number,
  head: string,
): { readonly body: string; readonly end: number } | undefined {
  if (isEndedByClose(head)) return undefined
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    const end = start + length
    return bytes.length < end ? undefined : { body: bytes.toString('utf8', start, end), end }
  }
  const chunks: Buffer[] = []
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const end = lineEnd + 2 + length
    if (bytes.length < end + 2) return undefined
    if (length === 0) return { body: Buffer.concat(chunks).toString(), end: end + 2 }
    chunks.push(bytes.subarray(lineEnd + 2, end))
    at = end + 2
  }
}
