import type { Socket } from 'node:net'
import type { Connection } from '../connection.ts'
import { readInto } from '../socket-internals.ts'
import { feedNode } from './feed-node.ts'
import { FastRequest, FastResponse, type ReplyWriter } from './fast-exchange.ts'
import { OpenReplies } from './open-replies.ts'
import { type PushHead, readPushHead } from './push-head.ts'
import type { FastRoute } from './fast-route.ts'

/** What connections on the fast way share. */
export interface FastConnectionOptions {
  readonly route: FastRoute
  /** Whether the server has no objection to a head, and the route neither. */
  readonly accepts: (head: PushHead) => boolean
  /** Finds out who sent a request that came on a connection of a trusted proxy. */
  readonly identify: (request: FastRequest) => void
  /** Registers a response. @returns false if its request must have no effect: the connection is at its end. */
  readonly begin: (response: FastResponse) => boolean
  /** What stands in every head, behind its own headers. */
  readonly lastHeaders: (isLast: boolean) => string
  /** Gives a connection, of which nobody listens to the socket, to Node. */
  readonly giveToNode: (socket: Socket) => void
  /** The socket failed. */
  readonly onError: (error: Error, socket: Socket) => void
  readonly nowMs: () => number
  /** What all connections are read into, one at a time. Its bytes are others after the next read. */
  readonly readBuffer: Buffer
  /** Tells whether a request waits for the rest of its body, or for its turn. */
  readonly onAwaiting: (connection: FastConnection, isAwaiting: boolean) => void
}

/**
 * A larger request that is not whole is for Node, and a connection that holds more is paused, bytes: these are not counted
 * by the budget for bodies.
 */
const MAX_WAITING_BYTES = 16_384
/** A request that takes more reads is for Node: each read copies what was there. */
const MAX_READS = 8

const NO_BYTES = Buffer.alloc(0)

/**
 * One connection, for as long as it brings nothing but pushes that {@link readPushHead} can read and the route takes.
 * With the first other byte, or after a moment in the middle of a body, Node gets the connection for good, and all
 * that was not served yet. So there are no refusals here, no timeouts and no rules of framing.
 *
 * Between calls it is in one of these states: it serves, and of the next request at most a part is here; it holds what is
 * read, because it waits for its turn, for a slow reader, or for the last replies before Node gets it; or it is over, and
 * what is read goes to the listeners of the socket.
 */
export class FastConnection implements ReplyWriter {
  readonly #socket: Socket
  readonly #connection: Connection
  readonly #options: FastConnectionOptions
  readonly #open = new OpenReplies()
  #lastHead: PushHead | undefined
  /** What was read and not served, in memory of its own. */
  #rest: Buffer = NO_BYTES
  /** The latest one of the bytes that are being served. */
  #begunNow: FastResponse | undefined
  /** Reads of a request that is not whole. */
  #reads = 0
  /** When the head of the next request was whole, if it waits for its body or its turn. */
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
      // Those of other requests of this connection most likely follow, and go out in the same write.
      this.#isFlushing = true
      queueMicrotask(() => {
        this.#isFlushing = false
        this.#flush()
      })
    }
  }

  /** Waits no longer for the rest of a body: that is for Node, whose timeouts count for it. A turn does come. */
  giveUpBody(): void {
    if (!this.#isAwaitingTurn) this.giveUpAwaiting()
  }

  /** Waits no longer for the rest of a body, nor for a turn. */
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
      // Whoever left in the middle of a request counts, and what was sent before that has its effect. Nobody waits for replies.
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

  /** Serves all requests that are whole. */
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

  /** @returns false if it is not served: Node gets it, or the connection is at its end. */
  #serve(head: PushHead, body: Buffer): boolean {
    const { route, begin, identify } = this.#options
    const request = new FastRequest(head, this.#socket)
    // Who sent it counts before it is begun: for the budget of bodies.
    if (this.#connection.isOfProxy) identify(request)
    const push = route.prepare(request, body, this.#sinceMs)
    if (push === undefined) return false
    const response = new FastResponse(request, this)
    if (!begin(response)) {
      push.drop()
      // Node would have read this request before it replied to the one before.
      this.#begunNow?.sayLast()
      return false
    }
    this.#begunNow = response
    this.#open.add(response)
    push.answer(response)
    return true
  }

  /** Keeps a head and the beginning of its body until there is more. */
  #await(head: PushHead, bytes: Buffer, wholeBytes: number): void {
    const { nowMs, route } = this.#options
    const isFirst = this.#reads === 0
    this.#sinceMs ??= nowMs()
    this.#reads += 1
    const isAwaited =
      wholeBytes <= MAX_WAITING_BYTES &&
      this.#reads <= MAX_READS &&
      // Whoever is not let in hears of it before the body.
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

  /** Keeps a request that is whole until it has its turn. */
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

  /** A client that does not read its replies is served no further requests. */
  #awaitReader(): void {
    this.#isHolding = true
    this.#socket.once('drain', () => {
      this.#goOn()
    })
  }

  /** Keeps what is read, and reads on a little: a client that leaves is to be noticed. */
  #hold(bytes: Buffer): void {
    this.#isHolding = true
    this.#rest = Buffer.from(bytes)
    if (bytes.length > MAX_WAITING_BYTES) this.#socket.pause()
  }

  /** Serves what was held. */
  #goOn(): void {
    if (this.#socket.destroyed || this.#isForNode || this.#isOfNode) return
    this.#isHolding = false
    if (this.#socket.isPaused()) this.#socket.resume()
    this.#take(this.#rest)
    if (this.#hasEnded) this.#ended()
  }

  /** Gives the connection to Node once the open replies are written. */
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
    // What Node has read for `data` events and not passed on comes to what is held.
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
    // Before Node reads the first bytes: it may pause the socket for them.
    if (!this.#hasEnded || socket.isPaused()) socket.resume()
    feedNode(socket, bytes, () => {
      if (this.#hasEnded && !socket.destroyed) socket.emit('end')
    })
  }

  /** Ends the connection after what is written, and reads on: bytes that nobody reads would reset it. */
  #end(): void {
    this.#keep(NO_BYTES)
    this.#connection.discardInput()
    this.#socket.resume()
    this.#socket.destroySoon()
  }

  /** Writes the replies that are whole and that no earlier one is missing before, all at once. */
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
