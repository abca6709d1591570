/**
 * One open connection, and the one place that says when it ends: after the reply that is not to keep it alive
 * (`shouldKeepAlive` of Node's response, from which Node writes `Connection: close`), whoever decided that.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { type BodyStream, streamOf } from './body-stream.ts'
import { addressOf } from './client-address.ts'
import type { Refusal } from './error-body.ts'
import { DISCARD_MAX_BYTES, type ServerLimits } from './limits.ts'
import { bytesTaken, stopParser } from './socket-internals.ts'
import { streamedReplyOf } from './streamed-reply.ts'

/** What becomes of a request whose head arrived. */
export type Beginning = 'served' | 'afterTheEnd' | 'tooMany'

/** See the head of this file. */
export class Connection {
  readonly socket: Socket
  readonly address: string
  /** The response begun last; on one connection they finish in the order in which they began. */
  lastResponse: ServerResponse | undefined
  /** When it was last seen with a request that it had not been seen with before; when it was opened at first. */
  idleSinceMs: number
  /** Requests served. */
  requests = 0
  readonly #clock: Clock
  readonly #limits: ServerLimits
  /** Those that may not be finished. */
  readonly #responses: ServerResponse[] = []
  /** Where in the bytes received the last request ends; only where all asked for an upgrade is that known. */
  #endOfUpgrade: number | undefined = 0
  #isOver = false
  #isDiscarding = false
  #requestsSeen = 0
  /** When the request begun last was seen first. */
  #requestSinceMs = 0
  /** Since when nothing more is sent, and the client is given time to read what was. */
  #endedSinceMs: number | undefined
  /** Since when there has been something to take, and what had been taken then. */
  #unreadSinceMs: number | undefined
  #takenBytes = 0

  constructor(socket: Socket, clock: Clock, limits: ServerLimits) {
    this.socket = socket
    this.address = addressOf(socket)
    this.idleSinceMs = clock.nowMs()
    this.#clock = clock
    this.#limits = limits
    // Node calls this after the last reply; its own would close at once.
    socket.destroySoon = () => {
      this.#endGently()
    }
  }

  /** Whether it ends after the responses begun. No further request on it is served. */
  get isEnding(): boolean {
    return this.#isOver || this.lastResponse?.shouldKeepAlive === false
  }

  /** Whether a request is being served, or its reply waits to be taken. */
  get isBusy(): boolean {
    return this.lastResponse?.writableFinished === false
  }

  /** Whether the client has begun a request, its first or one that is served, and seen nothing of the reply. */
  get isUnanswered(): boolean {
    if (this.lastResponse === undefined) return !this.#isOver && this.socket.bytesRead > 0
    return this.isBusy && !this.lastResponse.headersSent
  }

  /**
   * Notes that a request got its response object. One that is not `served` gets no answer, and must have no
   * effect: it was sent behind the last one of its connection.
   *
   * @param maxPipelinedRequests - how many of it may be under way.
   */
  begin(response: ServerResponse, maxPipelinedRequests: number): Beginning {
    if (this.isEnding || this.#awaitsUpgrade()) {
      this.endAfterReplies()
      return 'afterTheEnd'
    }
    if (this.#countUnfinished() >= maxPipelinedRequests) {
      this.endAfterReplies()
      return 'tooMany'
    }
    this.lastResponse = response
    this.#responses.push(response)
    this.requests += 1
    if (this.requests >= this.#limits.maxRequestsPerConnection) response.shouldKeepAlive = false
    if (response.req.headers.upgrade === undefined) this.#endOfUpgrade = undefined
    else this.#beginUpgrade(response)
    return 'served'
  }

  /** Has no further request served; whoever calls this ends the connection. */
  stopServing(): void {
    this.#isOver = true
  }

  /** Ends it once the replies begun are sent, and until then throws away what the client sends. */
  endAfterReplies(): void {
    const { lastResponse, socket, isEnding } = this
    this.discardInput()
    if (isEnding) return
    const end = (): void => {
      socket.destroySoon()
    }
    if (lastResponse?.headersSent === false) lastResponse.shouldKeepAlive = false
    else if (this.isBusy) lastResponse?.once('finish', end)
    else end()
  }

  /** The body that is read as it comes, and whose route has not answered yet. */
  get openStream(): BodyStream | undefined {
    const request = this.lastResponse?.req
    if (request === undefined || request.complete) return undefined
    const stream = streamOf(request)
    return stream?.isAnswered === false ? stream : undefined
  }

  /** Has all end that might go on for as long as the client, or the route, likes. */
  endStreams(refusal: Refusal): void {
    if (this.openStream !== undefined) this.breakOff(this.openStream, refusal)
    for (const response of this.#responses) streamedReplyOf(response)?.stop(refusal)
  }

  /** Notes that it is closed. */
  closed(): void {
    for (const response of this.#responses) streamedReplyOf(response)?.clientGone()
  }

  /**
   * Has a stream end here, and the connection after the reply: its route may have something to say of what came before.
   *
   * @returns whether the stream was not over before.
   */
  breakOff(stream: BodyStream, refusal: Refusal): boolean {
    this.endAfterReplies()
    return stream.breakOff(refusal)
  }

  /**
   * Has whatever else the client sends read and thrown away, unparsed, also for a moment after the last reply:
   * closing while bytes arrive would reset the connection, and a client that reads late would not see the reply.
   */
  discardInput(): void {
    this.#isOver = true
    if (this.#isDiscarding) return
    this.#isDiscarding = true
    stopParser(this.socket)
    // Node's parser may be in the middle of some bytes.
    queueMicrotask(() => {
      if (!this.socket.destroyed) this.#discard()
    })
  }

  /** Cuts the connection off when the client has had time to read what was said last. */
  linger(): void {
    const { socket } = this
    const cancel = this.#clock.schedule(this.#limits.lingerMs, () => socket.destroy())
    socket.once('close', cancel)
  }

  /** Whether the client has had time to read the last reply, and has not closed since. */
  hasLingered(nowMs: number): boolean {
    return this.#endedSinceMs !== undefined && nowMs - this.#endedSinceMs >= this.#limits.lingerMs
  }

  /** Notes what it is doing. To be called every now and then. */
  look(nowMs: number): void {
    if (this.requests !== this.#requestsSeen) {
      this.#requestsSeen = this.requests
      this.#requestSinceMs = nowMs
    } else if (!this.isBusy) {
      return
    }
    this.idleSinceMs = nowMs
  }

  /**
   * Whether what is left of a body has taken too long, be it wanted or thrown away. To be asked after each look. This
   * looks for late bodies, rather than a timer for each: of ten thousand connections hardly one has such a body.
   */
  isBodyLate(nowMs: number): boolean {
    const request = this.lastResponse?.req
    if (request === undefined || request.complete) return false
    const { bodyTimeoutMs } = this.#limits
    const stream = streamOf(request)
    return stream?.isLate(nowMs, bodyTimeoutMs) ?? nowMs - this.#requestSinceMs >= bodyTimeoutMs
  }

  /**
   * Whether the client has taken its replies too slowly for as long as that is allowed. To be called several times
   * in that time. What counts is what the kernel took: a client that takes a little now and then is found out.
   */
  isStalled(nowMs: number): boolean {
    if (this.socket.writableLength === 0) {
      this.#unreadSinceMs = undefined
      return false
    }
    const taken = bytesTaken(this.socket)
    if (this.#unreadSinceMs === undefined) {
      this.#unreadSinceMs = nowMs
      this.#takenBytes = taken
    }
    const elapsedMs = nowMs - this.#unreadSinceMs
    const { stalledReaderTimeoutMs, minReadBytesPerSecond } = this.#limits
    if (elapsedMs < stalledReaderTimeoutMs) return false
    const isTooSlow = (taken - this.#takenBytes) * 1000 < minReadBytesPerSecond * elapsedMs
    this.#unreadSinceMs = nowMs
    this.#takenBytes = taken
    return isTooSlow
  }

  #countUnfinished(): number {
    const responses = this.#responses
    let finished = 0
    while (responses[finished]?.writableFinished === true) finished += 1
    if (finished === responses.length) responses.length = 0
    else if (finished > 0) responses.splice(0, finished)
    return responses.length
  }

  /** A client that asked for another protocol sends nothing before it knows which one it is to speak. */
  #awaitsUpgrade(): boolean {
    return this.#endOfUpgrade !== undefined && this.isBusy
  }

  /**
   * kprf speaks nothing but HTTP/1.1 and serves the request as if it had not asked for more. But bytes that came
   * with it may be meant as another protocol, and Node drops them: they must not go unanswered, nor may what
   * follows be taken for a request. So the connection ends, except for clients that offer HTTP/2 with each of
   * their requests, as Java's does, as long as it is certain that nothing came with one.
   */
  #beginUpgrade(response: ServerResponse): void {
    const start = this.#endOfUpgrade
    const bytes = bytesOfRequest(response.req)
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
    // With a listener of ours, Node hands the bytes to listeners; its own, gone then, gave them to the parser.
    socket.on('data', ignore)
    socket.removeAllListeners('data')
    socket.on('data', (chunk: Buffer) => {
      discardedBytes += chunk.length
      if (discardedBytes > DISCARD_MAX_BYTES) socket.pause()
    })
  }

  /**
   * Sends the end, and goes on reading until the client has closed too, for a moment (RFC 9112, 9.6): a byte that
   * came after a close would reset the connection, and a client that reads late would lose the replies it has. Also
   * where it said that nothing follows: clients that send more all the same must not lose the reply to what was done.
   */
  #endGently(): void {
    const { socket } = this
    this.#isOver = true
    this.#endedSinceMs ??= this.#clock.nowMs()
    socket.end()
    // Node does it again once the client has closed too, and makes an error each time that nobody sees.
    socket.end = itself
  }
}

function itself(this: Socket): Socket {
  return this
}

/** How long a request is that is written as nearly all clients write it; `undefined` where that is not known. */
function bytesOfRequest({ method = '', url = '', headers, rawHeaders }: IncomingMessage) {
  if (headers['transfer-encoding'] !== undefined) return undefined
  let bytes = `${method} ${url} HTTP/1.1\r\n\r\n`.length + Number(headers['content-length'] ?? 0)
  // Each name and each value is followed by two characters.
  for (const text of rawHeaders) bytes += text.length + 2
  return bytes
}

function ignore(): void {
  // See where it is used.
}
