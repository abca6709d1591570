import type { Socket } from 'node:net'
import type { Connection } from '../connection.ts'
import { readInto } from '../socket-internals.ts'
import { feedNode } from './feed-node.ts'
import { FastRequest, FastResponse, type ReplyWriter } from './fast-exchange.ts'
import { OpenReplies } from './open-replies.ts'
import { type PushHead, readPushHead } from './push-head.ts'
import type { FastRoute } from './fast-route.ts'

/** What all connections on the fast way share. */
export interface FastConnectionOptions {
  readonly route: FastRoute
  /** Whether a head is for an allowed host, and for the route. */
  readonly accepts: (head: PushHead) => boolean
  /** Finds out who sent a request that came on a connection of a trusted proxy. */
  readonly identify: (request: FastRequest) => void
  /** Registers a response. @returns false if its request must have no effect, because the connection is ending. */
  readonly begin: (response: FastResponse) => boolean
  /** The last lines of the head of every response, after its own headers. */
  readonly lastHeaders: (isLast: boolean) => string
  /** Hands a connection over to Node's HTTP server. Its socket has no listeners of the fast way any more. */
  readonly giveToNode: (socket: Socket) => void
  /** The socket failed. */
  readonly onError: (error: Error, socket: Socket) => void
  readonly nowMs: () => number
  /** The buffer that all connections are read into, one at a time. The next read overwrites it. */
  readonly readBuffer: Buffer
  /** Tells whether a request waits for the rest of its body, or for its turn. */
  readonly onAwaiting: (connection: FastConnection, isAwaiting: boolean) => void
}

/**
 * Limit, in bytes, because the budget for bodies does not count what a connection holds here: an incomplete request that
 * is larger is left to Node, and a connection that holds more is paused.
 */
const MAX_WAITING_BYTES = 16_384
/** A request that is incomplete after more reads is left to Node: each read copies what was there before. */
const MAX_READS = 8

const NO_BYTES = Buffer.alloc(0)

/**
 * One connection, for as long as it brings only pushes that {@link readPushHead} can read and the route takes. At the
 * first other request, or if a body is incomplete for too long, Node's HTTP server gets the connection for good, with all
 * bytes that were not served. So this class has no refusals, no timeouts and no rules of framing.
 *
 * Between calls, a connection is in one of three states. It serves: at most a part of the next request has arrived. It
 * holds what it reads: it waits for its turn, for a client that reads its replies, or for the last replies before Node
 * gets it. Or it was handed over: what it reads goes to the listeners of the socket.
 */
export class FastConnection implements ReplyWriter {
  readonly #socket: Socket
  readonly #connection: Connection
  readonly #options: FastConnectionOptions
  readonly #open = new OpenReplies()
  #lastHead: PushHead | undefined
  /** The bytes that were read and not served, copied out of the shared buffer. */
  #rest: Buffer = NO_BYTES
  /** The latest response that was begun while the bytes of one read are served; `undefined` at other times. */
  #begunNow: FastResponse | undefined
  /** Number of reads that left the next request incomplete. */
  #reads = 0
  /** When the head of the next request had arrived, if that request waits for its body or its turn. */
  #sinceMs: number | undefined
  #isHolding = false
  #isAwaitingTurn = false
  #hasTurn = false
  #isForNode = false
  #isOfNode = false
  #hasEnded = false
  #isFlushing = false

  constructor(socket: Socket, connection: Connection, options: FastConnectionOptions) {
    this.#socket = socket
    this.#connection = connection
    this.#options = options
    socket.on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose)
    if (readInto(socket, options.readBuffer, this.#onRead)) socket.resume()
    else socket.on('data', this.#onData)
  }

  lastHeaders(isLast: boolean): string {
    return this.#options.lastHeaders(isLast)
  }

  send(response: FastResponse): void {
    if (this.#begunNow === undefined && this.#open.isOnly(response)) {
      this.#flush()
    } else if (!this.#isFlushing) {
      // Other responses of this connection most likely end in the same turn, and are sent in the same write.
      this.#isFlushing = true
      queueMicrotask(() => {
        this.#isFlushing = false
        this.#flush()
      })
    }
  }

  /** Stops waiting for the rest of a body and leaves it to Node, which has timeouts. A turn needs none: it does come. */
  giveUpBody(): void {
    if (!this.#isAwaitingTurn) this.giveUpAwaiting()
  }

  /** Stops waiting for the rest of a body or for a turn, and leaves the request to Node. */
  giveUpAwaiting(): void {
    if (!this.#socket.destroyed) this.#leave(this.#rest)
  }

  readonly #onRead = (length: number): boolean => {
    const chunk = this.#options.readBuffer.subarray(0, length)
    if (this.#isOfNode || this.#connection.isDiscarding)
      return this.#socket.push(Buffer.from(chunk))
    this.#onData(chunk)
    return true
  }

  readonly #onData = (chunk: Buffer): void => {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    if (this.#isHolding) this.#hold(bytes)
    else this.#take(bytes)
  }

  readonly #onEnd = (): void => {
    this.#hasEnded = true
    this.#ended()
  }

  #ended(): void {
    if (this.#isHolding || this.#isOfNode) return
    const last = this.#open.last
    if (this.#rest.length > 0) this.#leave(this.#rest)
    else if (last !== undefined) last.isLast = true
    else this.#socket.end()
  }

  readonly #onError = (error: Error): void => {
    this.#hasEnded = true
    if (this.#rest.length > 0) {
      // Node serves what was sent, and counts a client that left in the middle of a request. Nobody waits for replies.
      this.#giveToNode()
      this.#socket.emit('error', error)
    } else {
      this.#options.onError(error, this.#socket)
    }
  }

  readonly #onClose = (): void => {
    this.#keep(NO_BYTES)
  }

  #take(bytes: Buffer): void {
    this.#serveAll(bytes)
    this.#begunNow = undefined
  }

  /** Serves all complete requests. */
  #serveAll(bytes: Buffer): void {
    let offset = 0
    while (offset < bytes.length) {
      const head = this.#headAt(bytes, offset)
      if (head === undefined) {
        this.#leave(bytes.subarray(offset))
        return
      }
      const end = offset + head.bytes.length + head.bodyBytes
      if (end > bytes.length) {
        this.#await(head, bytes.subarray(offset), end - offset)
        return
      }
      const turn = this.#hasTurn ? undefined : this.#options.route.enter(head.bodyBytes)
      if (turn !== undefined) {
        this.#awaitTurn(turn, bytes.subarray(offset))
        return
      }
      this.#hasTurn = false
      const body = bytes.subarray(offset + head.bytes.length, end)
      if (!this.#serve(head, body)) {
        if (this.#connection.isEnding) this.#keep(NO_BYTES)
        else this.#leave(bytes.subarray(offset))
        return
      }
      this.#reads = 0
      this.#sinceMs = undefined
      offset = end
    }
    this.#keep(NO_BYTES)
    if (this.#socket.writableNeedDrain) this.#awaitReader()
  }

  #headAt(bytes: Buffer, offset: number): PushHead | undefined {
    const head = readPushHead(bytes, offset, this.#lastHead)
    if (head === undefined || head === this.#lastHead) return head
    if (!this.#options.accepts(head)) return undefined
    this.#lastHead = head
    return head
  }

  /** @returns false if the request is not served: it is left to Node, or the connection is ending. */
  #serve(head: PushHead, body: Buffer): boolean {
    const { route, begin, identify } = this.#options
    const request = new FastRequest(head, this.#socket)
    // Needed before the request begins: the budget of bodies counts by client.
    if (this.#connection.isOfProxy) identify(request)
    const push = route.prepare(request, body, this.#sinceMs)
    if (push === undefined) return false
    const response = new FastResponse(request, this)
    if (!begin(response)) {
      push.drop()
      // Node would have read this request before it wrote the previous reply, which would then announce the end.
      this.#begunNow?.sayLast()
      return false
    }
    this.#begunNow = response
    this.#open.add(response)
    push.answer(response)
    return true
  }

  /** Keeps an incomplete request until more of it arrives, or leaves it to Node. */
  #await(head: PushHead, bytes: Buffer, wholeBytes: number): void {
    const { nowMs, route } = this.#options
    const isFirst = this.#reads === 0
    this.#sinceMs ??= nowMs()
    this.#reads += 1
    const isAwaited =
      wholeBytes <= MAX_WAITING_BYTES &&
      this.#reads <= MAX_READS &&
      // Node refuses a sender that is not admitted without waiting for the body.
      (!isFirst || route.admits(new FastRequest(head, this.#socket)))
    if (!isAwaited) {
      this.#leave(bytes)
      return
    }
    this.#rest = Buffer.from(bytes)
    this.#setAwaited(true)
    if (this.#socket.writableNeedDrain) this.#awaitReader()
  }

  #setAwaited(isAwaited: boolean): void {
    if (this.#connection.isRequestAwaited === isAwaited) return
    this.#connection.isRequestAwaited = isAwaited
    this.#options.onAwaiting(this, isAwaited)
  }

  #keep(bytes: Buffer): void {
    this.#rest = bytes.length === 0 ? NO_BYTES : Buffer.from(bytes)
    this.#setAwaited(false)
  }

  /** Keeps a complete request until it has its turn. */
  #awaitTurn(turn: Promise<void>, bytes: Buffer): void {
    this.#sinceMs ??= this.#options.nowMs()
    this.#isAwaitingTurn = true
    this.#hold(bytes)
    this.#setAwaited(true)
    void turn.then(() => {
      this.#isAwaitingTurn = false
      this.#hasTurn = true
      this.#goOn()
    })
  }

  /** Serves no further requests until the client has read its replies. */
  #awaitReader(): void {
    this.#isHolding = true
    this.#socket.once('drain', () => {
      this.#goOn()
    })
  }

  /** Keeps what is read. Reads on up to a limit, to notice a client that leaves. */
  #hold(bytes: Buffer): void {
    this.#isHolding = true
    this.#rest = Buffer.from(bytes)
    if (bytes.length > MAX_WAITING_BYTES) this.#socket.pause()
  }

  /** Continues to serve, with the bytes that were held. */
  #goOn(): void {
    if (this.#socket.destroyed || this.#isForNode || this.#isOfNode) return
    this.#isHolding = false
    if (this.#socket.isPaused()) this.#socket.resume()
    this.#take(this.#rest)
    if (this.#hasEnded) this.#ended()
  }

  /** Hands the connection over to Node, once the open replies are written. */
  #leave(bytes: Buffer): void {
    if (this.#open.size === 0) {
      this.#keep(bytes)
      this.#giveToNode()
      return
    }
    this.#isForNode = true
    this.#hold(bytes)
    this.#setAwaited(false)
  }

  #giveToNode(): void {
    const socket = this.#socket
    // Bytes that the socket has buffered for `data` events are added to those that are held.
    this.#isHolding = true
    while (socket.readableLength > 0 && socket.read() !== null);
    const bytes = this.#rest
    this.#keep(NO_BYTES)
    if (this.#sinceMs !== undefined) this.#connection.nextRequestSince(this.#sinceMs)
    this.#isOfNode = true
    socket
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onError)
      .off('close', this.#onClose)
    this.#options.giveToNode(socket)
    // This comes before Node reads the first bytes, because it may pause the socket for them.
    if (!this.#hasEnded || socket.isPaused()) socket.resume()
    feedNode(socket, bytes, () => {
      if (this.#hasEnded && !socket.destroyed) socket.emit('end')
    })
  }

  /** Ends the connection after the written replies, and reads on: unread bytes would reset the connection. */
  #end(): void {
    this.#keep(NO_BYTES)
    this.#connection.discardInput()
    this.#socket.resume()
    this.#socket.destroySoon()
  }

  /** Writes, at once, all complete replies up to the first that is not complete. */
  #flush(): void {
    const whole = this.#open.takeWhole()
    if (whole === undefined || this.#socket.destroyed) return
    const { text, isLast, listeners } = whole
    if (listeners === undefined) this.#socket.write(text)
    else
      this.#socket.write(text, () => {
        callAll(listeners)
      })
    if (isLast) this.#end()
    else if (this.#isForNode && this.#open.size === 0 && !this.#connection.isEnding)
      this.#giveToNode()
  }
}

function callAll(listeners: readonly (() => void)[]): void {
  for (const listener of listeners) listener()
}
