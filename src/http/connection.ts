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
  /** The address of the other end, which may be a proxy. */
  readonly address: string
  /** Whether the other end is a trusted proxy, which says who sent each request. */
  readonly isOfProxy: boolean
  /** The latest response. On one connection, responses finish in the order in which they began. */
  lastResponse: ReplyTarget | undefined
  /** When a check last found it busy or with new requests; before the first such check, when it was opened. */
  idleSinceMs: number
  /** Requests served. */
  requests = 0
  /**
   * Whether a request on the fast way waits for the rest of its body, or for its turn. It is in progress, although there
   * is no response object for it yet.
   */
  isRequestAwaited = false
  /**
   * When a check first found bytes after the last request, perhaps the beginning of the next head. Further bytes do not
   * change it.
   */
  #headSinceMs: number | undefined
  /** Bytes received when a check last found the connection busy or with new requests. */
  #bytesBefore = 0
  readonly #clock: Clock
  readonly #limits: ServerLimits
  /** All unfinished responses, and perhaps finished ones. */
  readonly #responses: ReplyTarget[] = []
  /**
   * The offset of the end of the last request in the received bytes; known only while all requests asked for an
   * upgrade.
   */
  #endOfUpgrade: number | undefined = 0
  #isOver = false
  /** Whether all further input is discarded. */
  isDiscarding = false
  /** The text with which the connection ends; empty if it ends with its last reply. */
  #lastText = ''
  #requestsSeen = 0
  /** When a check first saw the latest request. */
  #requestSinceMs = 0
  /** When the head of the next request had arrived, if the fast way waited for its body before Node got it. */
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

  /** Whether the connection ends after the current responses. Then no further request is served. */
  get isEnding(): boolean {
    return this.#isOver || this.lastResponse?.shouldKeepAlive === false
  }

  /** Whether the client asked for another protocol and has no reply yet: a client waits for it before it sends more. */
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

  /** The address of the client whose request is being served; if there is none, the address of the other end. */
  get clientAddress(): string {
    return this.#isReplying && this.lastResponse
      ? clientAddressOf(this.lastResponse.req)
      : this.address
  }

  /** Whether the client has sent a request, or the beginning of its first one, and has got no part of a reply to it. */
  get isUnanswered(): boolean {
    if (this.lastResponse === undefined) return !this.#isOver && this.socket.bytesRead > 0
    return this.#isReplying && !this.lastResponse.headersSent
  }

  /**
   * Registers a response. Only a request that is `served` may have an effect and gets a reply. All others came after the
   * last request of the connection.
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
    // Node's parser may be in the middle of the current bytes.
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

  /** Tells when the head of the next request had arrived; the fast way has waited for its body since. */
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
   * Whether there was a request, and nothing has arrived since. To be called after each `look`. Node closes such
   * connections without an event, so they are not counted here either.
   */
  get isSilent(): boolean {
    return this.requests > 0 && this.socket.bytesRead === this.#bytesBefore
  }

  /**
   * Whether the rest of a body takes too long, whether it is used or discarded. To be called after each `look`. These
   * checks find late bodies without a timer for each body: fewer than one in ten thousand connections has a late one.
   */
  isBodyLate(nowMs: number): boolean {
    const request = this.lastResponse?.req
    if (request === undefined || request.complete) return false
    const { bodyTimeoutMs } = this.#limits
    const stream = streamOf(request)
    return stream?.isLate(nowMs, bodyTimeoutMs) ?? nowMs - this.#requestSinceMs >= bodyTimeoutMs
  }

  /** Whether the client reads its replies too slowly. To be called several times within the allowed time. */
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
   * kprf supports HTTP/1.1 only and ignores the upgrade. Node drops the bytes that came together with the request. If
   * they were a request, it would never get a reply; if they belong to the other protocol, later bytes must not be parsed
   * as a request. So the connection ends after this request. Exception: an offer of h2c, which Java's client sends with
   * each request, if certainly nothing came with it.
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
    // Node passes bytes directly to its parser as long as only its own listener is there. So a listener of kprf is added
    // first, and then Node's listener, which would pass the bytes to the parser too, is removed.
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
    // If the client has half-closed, Node ends the connection before the `finish` listeners of the last reply run.
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
