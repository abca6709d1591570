/** One kprf, up to a producer that remembers what it was given, and clients that talk to it one after another. */
import { connect } from 'node:net'
import { systemClock } from '../../src/base/clock.ts'
import { createApp } from '../../src/http/app.ts'
import { messagesOf } from '../../src/http/express-messages.ts'
import { HttpServer } from '../../src/http/http-server.ts'
import { SERVER_LIMITS } from '../../src/http/limits.ts'
import type { LogFields } from '../../src/telemetry/logging.ts'
import { CountedRoute } from '../support/counted-route.ts'
import { FakeHttpLog, FakeHttpMetrics, makeIngest } from '../support/http-edge.ts'
import type { Conversation } from './draw-conversation.ts'
import { LATER_TURNS, ScriptedProducer } from './scripted-producer.ts'
import type { MakeSetup } from './setups.ts'

/** What came of a conversation. */
export interface Outcome {
  /** All bytes that the client got, without what differs from one request to the next: dates and new ids. */
  readonly replies: string
  /** How the connection ended: by its end, or by a reset. */
  readonly ending: string
  /** What the producer was given, in order. */
  readonly records: readonly string[]
  /** What the metrics counted, sorted. */
  readonly counted: readonly string[]
  /** What was logged, sorted. */
  readonly logged: readonly string[]
}

/** Turns of the event loop without an effect or a reply, after which there will be none. */
const QUIET_TURNS = LATER_TURNS + 4

/** A server with or without the fast way. */
export class OneWay {
  readonly #producer: ScriptedProducer
  readonly #metrics: FakeHttpMetrics
  readonly #log: FakeHttpLog
  readonly #server: HttpServer
  readonly #route: CountedRoute

  private constructor(
    server: HttpServer,
    producer: ScriptedProducer,
    metrics: FakeHttpMetrics,
    log: FakeHttpLog,
    route: CountedRoute,
  ) {
    this.#server = server
    this.#route = route
    this.#producer = producer
    this.#metrics = metrics
    this.#log = log
  }

  static async open(isFast: boolean, makeSetup: MakeSetup): Promise<OneWay> {
    const producer = new ScriptedProducer()
    const metrics = new FakeHttpMetrics()
    const log = new FakeHttpLog()
    log.isDebug = true
    const setup = makeSetup((reason) => metrics.clientErrors.push(reason))
    const app = createApp({
      ...{ ingest: makeIngest(producer), metrics, log, clock: systemClock },
      ...setup.app,
    })
    const route = new CountedRoute(app.fastRoute)
    const server = new HttpServer({
      ...{ app: app.express, dialects: app.dialects, messages: messagesOf(app.express) },
      ...{ clock: systemClock, log, observer: metrics },
      ...setup.server,
      limits: { ...SERVER_LIMITS, lingerMs: 20, ...setup.limits },
      fastRoute: isFast ? route : undefined,
    })
    await server.listen(0, '127.0.0.1')
    if (setup.isLeaving === true) server.closeAfterReplies()
    return new OneWay(server, producer, metrics, log, route)
  }

  /** Pushes that the fast way took. */
  get fastPushes(): number {
    return this.#route.taken
  }

  /** Sends everything, and waits for the end of the connection on both sides. */
  async talk({ pieces, pause, ending: last }: Conversation): Promise<Outcome> {
    const replies: Buffer[] = []
    const socket = connect({ port: this.#server.address.port, host: '127.0.0.1', noDelay: true })
    let ending = 'end'
    const closed = new Promise<void>((resolve) => {
      socket
        .on('data', (bytes: Buffer) => replies.push(bytes))
        .on('error', ({ code }: NodeJS.ErrnoException) => (ending = code ?? 'error'))
        .on('close', () => {
          resolve()
        })
    })
    for (const piece of pieces) {
      await new Promise<void>((resolve) =>
        socket.write(piece, () => {
          resolve()
        }),
      )
      for (let turns = 0; turns < pause; turns += 1) await nextTurn()
    }
    if (last === 'end') {
      socket.end()
    } else {
      await this.#quiet(() => replies.length)
      socket.resetAndDestroy()
    }
    await closed
    while (this.#isServing) await nextTurn()
    // Records of topic `later` and what waits for them.
    for (let turns = 0; turns < LATER_TURNS + 2; turns += 1) await nextTurn()
    return {
      replies: masked(Buffer.concat(replies).toString('latin1')),
      ending,
      records: this.#producer.take(),
      counted: [
        ...this.#metrics.pushes.splice(0).map(({ mode, status }) => `${mode} ${status}`),
        ...this.#metrics.received.splice(0).map(([mode, topic]) => `${mode} ${topic}`),
        ...this.#metrics.clientErrors.splice(0),
        ...this.#metrics.dropped.splice(0),
        ...this.#metrics.invalid.splice(0).map(([mode, code]) => `${mode} ${code}`),
        ...this.#metrics.requests.answers.splice(0),
        ...this.#metrics.requests.bodies.splice(0).map((bytes) => `body of ${bytes}`),
        `in flight: ${this.#metrics.requests.inFlight}`,
      ].sort(),
      logged: this.#log.lines
        .splice(0)
        .map(({ msg, fields, ...line }) =>
          masked(JSON.stringify([line, msg, fieldsOf(msg, fields)])),
        )
        .sort(),
    }
  }

  /** Resolves once nothing more happens, although the connection is open and perhaps in the middle of a request. */
  async #quiet(repliesRead: () => number): Promise<void> {
    const seen = (): number => repliesRead() + this.#producer.taken + this.#metrics.pushes.length
    let before = seen()
    for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
      await nextTurn()
      if (seen() !== before) turns = 0
      before = seen()
    }
  }

  get #isServing(): boolean {
    const { active, idle } = this.#server.connectionCounts
    return active + idle > 0
  }

  async close(): Promise<void> {
    await this.#server.close()
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const UUID = /[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g
const DATE = /\r\nDate: [^\r]*/g
/** Of requests, which differ by what else the machine does. */
const DURATION = /"duration_ms":\d+/g
/** Of records, whose time is that of their admission. */
const TIMESTAMP = /"timestamp":\d+/g

/**
 * A refusal of input is logged with the client of the request before it, if the reply to that is on its way, and with the
 * proxy otherwise. On the plain way the reply to a push is on its way until the end of the turn.
 */
function fieldsOf(msg: string, fields: LogFields = {}): LogFields {
  return msg.startsWith('a client was refused') ? { ...fields, address: undefined } : fields
}

function masked(text: string): string {
  return text
    .replaceAll(UUID, 'ID')
    .replaceAll(DATE, '\r\nDate')
    .replaceAll(TIMESTAMP, 'TIME')
    .replaceAll(DURATION, 'DURATION')
}
