import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { requestBytesOf } from './body-framing.ts'
import { type BodyStream, streamOf } from './body-stream.ts'
import { addressOf, clientAddressOf } from './client-address.ts'
import type { Refusal } from './error-body.ts'
import type { ReplyTarget } from './exchange.ts'
import { headMsOf, headWasWhole } from './head-time.ts'
import { DISCARD_MAX_BYTES, type ServerLimits } from './limits.ts'
import { ReaderWatch } from './reader-watch.ts'
import { stopParser } from './socket-internals.ts'
import { streamedReplyOf } from './streamed-reply.ts'

/** What happens to a request whose head arrived. */
export type Beginning = 'served' | 'afterTheEnd' | 'tooMany'

/**
 * One open connection. It alone decides when the connection ends: after the reply with `shouldKeepAlive` false
 * (Node's response then writes `Connection: close`), whoever set that.
 */
export class Connection {
  readonly socket: Socket
  /** Of its other end, which may be a proxy. */
  readonly address: string
  /** Whether its other end is a proxy that says who sent each request. */
  readonly isOfProxy: boolean
  /** The latest response. On one connection, responses finish in the order in which they began. */
  lastResponse: ReplyTarget | undefined
  /** When a check last found it busy or with new requests; at first, when it was opened. */
  idleSinceMs: number
  /** Requests served. */
  requests = 0
  /**
   * Whether a request on the fast way waits for the rest of its body, or for its turn: it is in progress, and nobody has a
   * response to it.
   */
  isRequestAwaited = false
  /** When a check first saw bytes after the last request: perhaps of the next head. Further bytes do not change it. */
  #headSinceMs: number | undefined
  /** Bytes received by then. */
  #bytesBefore = 0
  readonly #clock: Clock
  readonly #limits: ServerLimits
  /** Includes all unfinished ones. */
  readonly #responses: ReplyTarget[] = []
  /**
   * The offset of the end of the last request in the received bytes; known only while all requests asked for an
   * upgrade.
   */
  #endOfUpgrade: number | undefined = 0
  #isOver = false
  /** Whether all further input is discarded. */
  isDiscarding = false
  /** What the connection ends with; empty for its last reply. */
  #lastText = ''
  #requestsSeen = 0
  /** When a check first saw the latest request. */
  #requestSinceMs = 0
  /** When the head of the next request was whole, if that was long before Node gets it. */
  #nextSinceMs: number | undefined
  /** When the connection was half-closed. The client then has some time to read the last reply. */
  #endedSinceMs: number | undefined
  readonly #reader: ReaderWatch

  constructor(socket: Socket, clock: Clock, limits: ServerLimits, isOfProxy = false) {
    this.socket = socket
    this.address = addressOf(socket)
    this.isOfProxy = isOfProxy
    this.idleSinceMs = clock.nowMs()
    this.#clock = clock
    this.#limits = limits
    this.#reader = new ReaderWatch(socket, limits)
    // Node calls this after the last reply. Its own version would close at once.
    socket.destroySoon = () => {
      this.#endGently()
    }
  }

  /** Whether it ends after the current responses. No further request is served. */
  get isEnding(): boolean {
    return this.#isOver || this.lastResponse?.shouldKeepAlive === false
  }

  /** Whether its client asked for another protocol: it waits for the reply before it sends more. */
  get awaitsUpgrade(): boolean {
    return this.#endOfUpgrade !== undefined && this.#isReplying
  }

  /** Whether a request is being served, or its reply is not yet sent. */
  get isBusy(): boolean {
    return this.isRequestAwaited || this.#isReplying
  }

  get #isReplying(): boolean {
    return this.lastResponse?.writableFinished === false
  }

  /** The address of the client whose request is being served; without one, that of the other end. */
  get clientAddress(): string {
    return this.#isReplying && this.lastResponse
      ? clientAddressOf(this.lastResponse.req)
      : this.address
  }

  /** Whether the client has sent a request, or the beginning of its first, and got no part of the reply. */
  get isUnanswered(): boolean {
    if (this.lastResponse === undefined) return !this.#isOver && this.socket.bytesRead > 0
    return this.#isReplying && !this.lastResponse.headersSent
  }

  /**
   * Registers a response. Only a request that is `served` may have an effect and gets a reply; the others came
   * after the last request of the connection.
   *
   * @param maxPipelinedRequests - the limit for unfinished requests of this connection.
   */
  begin(response: ReplyTarget, maxPipelinedRequests: number): Beginning {
    if (this.isEnding || this.awaitsUpgrade) {
      this.endAfterReplies()
      return 'afterTheEnd'
    }
    if (this.#countUnfinished() >= maxPipelinedRequests) {
      this.endAfterReplies()
      return 'tooMany'
    }
    if (this.#nextSinceMs !== undefined) headWasWhole(response.req, this.#nextSinceMs)
    this.#nextSinceMs = undefined
    this.lastResponse = response
    this.#responses.push(response)
    this.requests += 1
    const { maxRequestsPerConnection } = this.#limits
    if (maxRequestsPerConnection > 0 && this.requests >= maxRequestsPerConnection)
      response.shouldKeepAlive = false
    if (response.req.headers.upgrade === undefined) this.#endOfUpgrade = undefined
    else this.#beginUpgrade(response)
    return 'served'
  }

  /** Serves no further request. The caller must end the connection. */
  stopServing(): void {
    this.#isOver = true
  }

  /** Ends the connection once the current replies are sent. Until then, it discards what the client sends. */
  endAfterReplies(): void {
    const { lastResponse, socket, isEnding } = this
    this.discardInput()
    if (isEnding) return
    const end = (): void => {
      socket.destroySoon()
    }
    if (lastResponse?.headersSent === false) lastResponse.shouldKeepAlive = false
    else if (this.#isReplying) lastResponse?.once('finish', end)
    else end()
  }

  /** The streamed body that is still arriving and whose route has not replied yet. */
  get openStream(): BodyStream | undefined {
    const request = this.lastResponse?.req
    if (request === undefined || request.complete) return undefined
    const stream = streamOf(request)
    return stream?.isAnswered === false ? stream : undefined
  }

  /** Ends the streamed body and the streamed replies, which could otherwise go on without end. */
  endStreams(refusal: Refusal): void {
    if (this.openStream !== undefined) this.breakOff(this.openStream, refusal)
    for (const response of this.#responses) streamedReplyOf(response)?.stop(refusal)
  }

  /** Tells streamed replies that the connection is closed. */
  closed(): void {
    for (const response of this.#responses) streamedReplyOf(response)?.clientGone()
  }

  /**
   * Ends a streamed body with a refusal, and the connection after the reply. The route may still reply to the part
   * that arrived.
   *
   * @returns whether the stream was still open.
   */
  breakOff(stream: BodyStream, refusal: Refusal): boolean {
    this.endAfterReplies()
    return stream.breakOff(refusal)
  }

  /**
   * Reads and discards all further input without parsing it, also for a moment after the last reply. To close while
   * bytes arrive would reset the connection, and a client that reads late would lose the reply.
   */
  discardInput(): void {
    this.#isOver = true
    if (this.isDiscarding) return
    this.isDiscarding = true
    stopParser(this.socket)
    // Node's parser may still be working on some bytes.
    queueMicrotask(() => {
      if (!this.socket.destroyed) this.#discard()
    })
  }

  /** Ends the connection with a reply that belongs to no request, after the current ones. */
  endWith(text: string): void {
    const { lastResponse, socket } = this
    this.discardInput()
    this.#lastText = text
    const end = (): void => {
      socket.end(text)
      // The client gets some time to read it.
      const cancel = this.#clock.schedule(this.#limits.lingerMs, () => socket.destroy())
      socket.once('close', cancel)
    }
    if (this.#isReplying) lastResponse?.once('finish', end)
    else end()
  }

  /** Whether the client has had time to read the last reply and has not closed the connection. */
  hasLingered(nowMs: number): boolean {
    return this.#endedSinceMs !== undefined && nowMs - this.#endedSinceMs >= this.#limits.lingerMs
  }

  /** The head of the next request was whole at this time, and its body has been waited for since. */
  nextRequestSince(ms: number): void {
    this.#nextSinceMs = ms
  }

  /** Updates the times of the latest activity. To be called periodically. */
  look(nowMs: number): void {
    if (this.requests !== this.#requestsSeen) {
      this.#requestsSeen = this.requests
      this.#requestSinceMs = (this.lastResponse && headMsOf(this.lastResponse.req)) ?? nowMs
    } else if (!this.isBusy) {
      if (this.socket.bytesRead > this.#bytesBefore) this.#headSinceMs ??= nowMs
      return
    }
    this.idleSinceMs = nowMs
    this.#headSinceMs = undefined
    this.#bytesBefore = this.socket.bytesRead
  }

  /**
   * Whether the client has sent no request for this time. A head that is arriving gets its own time in any case: when
   * that is over, Node answers 408. To be called after each `look`.
   */
  isIdle(nowMs: number, idleMs: number): boolean {
    if (this.isBusy || nowMs - this.idleSinceMs <= idleMs) return false
    const { headersTimeoutMs, timeoutCheckIntervalMs } = this.#limits
    const headMs = headersTimeoutMs + 2 * timeoutCheckIntervalMs
    return this.#headSinceMs === undefined || nowMs - this.#headSinceMs > headMs
  }

  /**
   * Whether nothing has come since its last request, and there was one. To be called after each `look`. Node closes its
   * own connections of this kind, and nobody hears of it.
   */
  get isSilent(): boolean {
    return this.requests > 0 && this.socket.bytesRead === this.#bytesBefore
  }

  /**
   * Whether the rest of a body takes too long, wanted or discarded. To be called after each `look`. Late bodies are
   * found by these checks instead of a timer each, because hardly one in ten thousand connections has one.
   */
  isBodyLate(nowMs: number): boolean {
    const request = this.lastResponse?.req
    if (request === undefined || request.complete) return false
    const { bodyTimeoutMs } = this.#limits
    const stream = streamOf(request)
    return stream?.isLate(nowMs, bodyTimeoutMs) ?? nowMs - this.#requestSinceMs >= bodyTimeoutMs
  }

  /** Whether the client reads its replies more slowly than allowed. To be called several times within the allowed time. */
  isStalled(nowMs: number): boolean {
    return this.#reader.isStalled(nowMs)
  }

  #countUnfinished(): number {
    const responses = this.#responses
    let finished = 0
    while (responses[finished]?.writableFinished === true) finished += 1
    if (finished === responses.length) responses.length = 0
    else if (finished > 0) responses.splice(0, finished)
    return responses.length
  }

  /**
   * kprf supports HTTP/1.1 only and ignores the upgrade. Bytes that came with the request may belong to the other
   * protocol, and Node drops them. They must get a reply, and later bytes must not be parsed as a request, so the
   * connection ends after this request. Exception: clients that offer h2c with each request, as Java's client does,
   * if certainly nothing came with it.
   */
  #beginUpgrade(response: ReplyTarget): void {
    const start = this.#endOfUpgrade
    const bytes = requestBytesOf(response.req)
    const isOffer = response.req.headers.upgrade?.toLowerCase() === 'h2c'
    if (!isOffer || start === undefined || bytes === undefined) {
      response.shouldKeepAlive = false
      return
    }
    this.#endOfUpgrade = start + bytes
    response.once('finish', () => {
      if (this.socket.bytesRead !== this.#endOfUpgrade) this.endAfterReplies()
    })
  }

  #discard(): void {
    const { socket } = this
    let discardedBytes = 0
    // With a listener of kprf, Node passes the bytes to listeners; its own, removed next, passed them to the
    // parser.
    socket.on('data', ignore)
    socket.removeAllListeners('data')
    socket.on('data', (chunk: Buffer) => {
      discardedBytes += chunk.length
      if (discardedBytes > DISCARD_MAX_BYTES) socket.pause()
    })
  }

  /**
   * Half-closes the connection and reads on for a moment, until the client closes too (RFC 9112, 9.6). A byte that
   * arrives after a full close would reset the connection, and a client that reads late would lose its replies.
   * This holds even if the client half-closed first: some send more all the same.
   */
  #endGently(): void {
    const { socket } = this
    this.#isOver = true
    this.#endedSinceMs ??= this.#clock.nowMs()
    // If the client has half-closed, Node ends the connection before anything else is told of the last reply.
    if (this.#lastText === '') socket.end()
    else socket.end(this.#lastText)
    // Node calls it again when the client closes, which would create an error that nobody handles.
    socket.end = itself
  }
}

function itself(this: Socket): Socket {
  return this
}

function ignore(): void {
  // Keeps the input flowing; see `#discard`.
}
