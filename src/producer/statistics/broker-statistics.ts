import type { Clock } from '../../base/clock.ts'
import type { ConnectionEnd } from '../../base/connection-end.ts'
import type { BrokerEvent, ByteCounts, ConnectionStage } from '../events.ts'
import type { BrokerData, BrokerState } from './statistics-data.ts'
import { Window } from './window.ts'

/** What only the producer knows. */
export interface BrokerQueues {
  readonly outbuf_msg_cnt: number
  readonly waitresp_msg_cnt: number
  readonly toppars: BrokerData['toppars']
}

/** In order: the highest stage of all connections is the state of the broker. */
const STAGES: readonly ConnectionStage[] = [
  'UP',
  'AUTH',
  'AUTH_HANDSHAKE',
  'APIVERSION_QUERY',
  'CONNECT',
]

interface OpenConnection {
  readonly wire: ByteCounts
  stage: ConnectionStage
}

/**
 * The counts of one broker, by address, over both of kafkajs's connections to it and all former ones. Nothing here
 * runs per record.
 */
export class BrokerStatistics {
  readonly nodename: string
  readonly source: BrokerData['source']
  /** `undefined` until a broker reported the node at this address. */
  nodeId: number | undefined
  readonly #clock: Clock
  readonly #open = new Map<object, OpenConnection>()
  #state: BrokerState = 'INIT'
  #stateSinceMs: number
  #closedSent = 0
  #closedReceived = 0
  #sentMs: number | undefined
  #receivedMs: number | undefined
  #outbuf = 0
  #waitresp = 0
  #tx = 0
  #txErrors = 0
  #txRetries = 0
  #timeouts = 0
  #rx = 0
  #rxErrors = 0
  #foreignAnswers = 0
  #connects = 0
  #disconnects = 0
  readonly #requests = new Map<string, number>()
  readonly #queueLatency = new Window()
  readonly #outbufLatency = new Window()
  readonly #roundTrip = new Window()
  readonly #throttle = new Window()

  /** @param nodename - `host:port`. */
  constructor(nodename: string, source: BrokerData['source'], clock: Clock) {
    this.nodename = nodename
    this.source = source
    this.#clock = clock
    this.#stateSinceMs = clock.nowMs()
  }

  /** `host:port/nodeid`, or `host:port/bootstrap` while the id is not known. */
  get name(): string {
    return `${this.nodename}/${this.nodeId ?? 'bootstrap'}`
  }

  get hasConnections(): boolean {
    return this.#open.size > 0
  }

  /** Requests sent and answers received so far. */
  get requests(): { readonly tx: number; readonly rx: number } {
    return { tx: this.#tx, rx: this.#rx }
  }

  /** Bytes sent and received so far. Bytes that wait in this process count once they are sent. */
  get bytes(): { readonly sent: number; readonly received: number } {
    let sent = this.#closedSent
    let received = this.#closedReceived
    for (const { wire } of this.#open.values()) {
      sent += sentBytes(wire)
      received += wire.bytesRead
    }
    return { sent, received }
  }

  /** Counts what happened. */
  observe(event: BrokerEvent): void {
    switch (event.kind) {
      case 'connectionOpened':
        this.#opened(event.connection, event.wire)
        break
      case 'connectionReached':
        this.#reached(event.connection, event.stage)
        break
      case 'connectionClosed':
        this.#closed(event.connection, event.end)
        break
      case 'requestQueued':
        this.#outbuf += 1
        break
      case 'requestSent':
        this.#sent(event.api, event.waitedMs)
        break
      case 'requestWithdrawn':
        this.#outbuf -= 1
        break
      case 'requestAnswered':
        this.#answered(event.roundTripMs)
        break
      case 'requestCompleted':
        this.#waitresp -= 1
        break
      case 'requestLost':
        this.#waitresp -= 1
        this.#txErrors += 1
        break
      case 'requestTimedOut':
        this.#timeouts += 1
        break
      case 'foreignAnswer':
        this.#foreignAnswers += 1
        break
      case 'produceAnswered':
        this.#throttle.observe(event.throttleMs)
        break
      case 'connectFailed':
      case 'authenticationFailed':
    }
  }

  /**
   * A connection is being opened.
   *
   * @param connection - its identity for the methods below.
   * @param wire - counts its bytes; with TLS, the socket below.
   */
  #opened(connection: object, wire: ByteCounts): void {
    this.#connects += 1
    this.#open.set(connection, { wire, stage: 'CONNECT' })
    this.#noteState()
  }

  /** A connection has got so far. */
  #reached(connection: object, stage: ConnectionStage): void {
    const open = this.#open.get(connection)
    if (!open || open.stage === stage) return
    open.stage = stage
    this.#noteState()
  }

  /** A connection is gone. @param end - `undefined` for one that never came about. */
  #closed(connection: object, end: ConnectionEnd | 'intended' | undefined): void {
    const open = this.#open.get(connection)
    if (!open) return
    this.#open.delete(connection)
    this.#closedSent += sentBytes(open.wire)
    this.#closedReceived += open.wire.bytesRead
    if (end !== undefined && end !== 'intended') {
      this.#disconnects += 1
      if (end !== 'timeout') this.#rxErrors += 1
    }
    this.#noteState()
  }

  /** A request that waited is on its way. */
  #sent(api: string, waitedMs: number): void {
    this.#outbuf -= 1
    this.#waitresp += 1
    this.#tx += 1
    this.#requests.set(api, (this.#requests.get(api) ?? 0) + 1)
    this.#sentMs = this.#clock.nowMs()
    this.#outbufLatency.observe(waitedMs * 1000)
  }

  /** A request got its answer. */
  #answered(roundTripMs: number): void {
    this.#waitresp -= 1
    this.#rx += 1
    this.#receivedMs = this.#clock.nowMs()
    this.#roundTrip.observe(roundTripMs * 1000)
  }

  /** A produce request has batches that were sent before. */
  retried(): void {
    this.#txRetries += 1
  }

  /** A batch is sent whose oldest record waited this long in the queue, ms. */
  dequeued(waitedMs: number): void {
    this.#queueLatency.observe(waitedMs * 1000)
  }

  /** Returns the statistics and starts new windows. */
  take(queues: BrokerQueues): BrokerData {
    const nowMs = this.#clock.nowMs()
    const { sent, received } = this.bytes
    return {
      name: this.name,
      nodeid: this.nodeId ?? -1,
      nodename: this.nodename,
      source: this.source,
      state: this.#state,
      stateage: Math.round((nowMs - this.#stateSinceMs) * 1000),
      outbuf_cnt: this.#outbuf,
      outbuf_msg_cnt: queues.outbuf_msg_cnt,
      waitresp_cnt: this.#waitresp,
      waitresp_msg_cnt: queues.waitresp_msg_cnt,
      tx: this.#tx,
      txbytes: sent,
      txerrs: this.#txErrors,
      txretries: this.#txRetries,
      txidle: idleUs(this.#sentMs, nowMs),
      req_timeouts: this.#timeouts,
      rx: this.#rx,
      rxbytes: received,
      rxerrs: this.#rxErrors,
      rxcorriderrs: this.#foreignAnswers,
      rxidle: idleUs(this.#receivedMs, nowMs),
      req: Object.fromEntries(this.#requests),
      connects: this.#connects,
      disconnects: this.#disconnects,
      int_latency: this.#queueLatency.take(),
      outbuf_latency: this.#outbufLatency.take(),
      rtt: this.#roundTrip.take(),
      throttle: this.#throttle.take(),
      toppars: queues.toppars,
    }
  }

  #noteState(): void {
    const stages = new Set(Array.from(this.#open.values(), ({ stage }) => stage))
    const state = STAGES.find((stage) => stages.has(stage)) ?? 'DOWN'
    if (state === this.#state) return
    this.#state = state
    this.#stateSinceMs = this.#clock.nowMs()
  }
}

function sentBytes({ bytesWritten, writableLength }: ByteCounts): number {
  return bytesWritten - writableLength
}

/** librdkafka's -1 stands for never. */
function idleUs(lastMs: number | undefined, nowMs: number): number {
  return lastMs === undefined ? -1 : Math.round((nowMs - lastMs) * 1000)
}
