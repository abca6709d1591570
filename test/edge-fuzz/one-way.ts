/** One kprf, up to a producer that remembers what it was given, and clients that talk to it one after another. */
import { connect } from 'node:net'
import { systemClock } from '../../src/base/clock.ts'
import { createApp } from '../../src/http/app.ts'
import { AllowedHosts } from '../../src/http/access/allowed-hosts.ts'
import { Authenticator } from '../../src/http/access/authenticator.ts'
import { TokenTable, tokenHash } from '../../src/http/access/token-table.ts'
import { messagesOf } from '../../src/http/express-messages.ts'
import { HttpServer } from '../../src/http/http-server.ts'
import { SERVER_LIMITS } from '../../src/http/limits.ts'
import { CountedRoute } from '../support/counted-route.ts'
import { DEFAULT_SETTINGS, FakeHttpLog, FakeHttpMetrics, makeIngest } from '../support/http-edge.ts'
import type { Conversation } from './draw-conversation.ts'
import { ScriptedProducer } from './scripted-producer.ts'

export const TOKEN = 'kprf_token-of-the-shop'

/** What came of a conversation. */
export interface Outcome {
  /** All bytes that the client got, without what differs from one request to the next: dates and new ids. */
  readonly replies: string
  /** How the connection ended: by its end, or by a reset. */
  readonly ending: string
  /** What the producer was given, in order. */
  readonly records: readonly string[]
  /** What the metrics counted, in order. */
  readonly counted: readonly string[]
}

/** Turns of the event loop without an effect or a reply, after which there will be none. */
const QUIET_TURNS = 12

/** A server with or without the fast way. */
export class OneWay {
  readonly #producer: ScriptedProducer
  readonly #metrics: FakeHttpMetrics
  readonly #server: HttpServer
  readonly #route: CountedRoute

  private constructor(
    server: HttpServer,
    producer: ScriptedProducer,
    metrics: FakeHttpMetrics,
    route: CountedRoute,
  ) {
    this.#server = server
    this.#route = route
    this.#producer = producer
    this.#metrics = metrics
  }

  static async open(isFast: boolean): Promise<OneWay> {
    const producer = new ScriptedProducer()
    const metrics = new FakeHttpMetrics()
    const log = new FakeHttpLog()
    const denied: string[] = metrics.clientErrors
    const app = createApp({
      ...{ ingest: makeIngest(producer), metrics, log, settings: DEFAULT_SETTINGS },
      ...{ clock: systemClock, isDraining: () => false },
      authenticator: new Authenticator({
        tokens: new TokenTable([{ principal: 'shop', sha256: tokenHash(TOKEN) }]),
        allowsAnonymous: true,
        onDenied: (reason) => denied.push(reason),
      }),
    })
    const route = new CountedRoute(app.fastRoute)
    const server = new HttpServer({
      ...{ app: app.express, dialects: app.dialects, messages: messagesOf(app.express) },
      ...{ clock: systemClock, log, observer: metrics },
      hosts: new AllowedHosts(['kprf.test', '127.0.0.1']),
      limits: { ...SERVER_LIMITS, maxRequestsPerConnection: 5, lingerMs: 20 },
      fastRoute: isFast ? route : undefined,
    })
    await server.listen(0, '127.0.0.1')
    return new OneWay(server, producer, metrics, route)
  }

  /** Pushes that the fast way took. */
  get fastPushes(): number {
    return this.#route.taken
  }

  /** Sends everything, and waits for the end of the connection on both sides. */
  async talk({ pieces, ending: last }: Conversation): Promise<Outcome> {
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
      // The server, which is in this process, reads each piece by itself.
      for (let turns = 0; turns < 3; turns += 1) await nextTurn()
    }
    if (last === 'end') {
      socket.end()
    } else {
      await this.#quiet(() => replies.length)
      socket.resetAndDestroy()
    }
    await closed
    while (this.#isServing) await nextTurn()
    // Records of topic `late` and what waits for them.
    for (let turns = 0; turns < 4; turns += 1) await nextTurn()
    return {
      replies: masked(Buffer.concat(replies).toString('latin1')),
      ending,
      records: this.#producer.take(),
      counted: [
        ...this.#metrics.pushes.splice(0).map(({ mode, status }) => `${mode} ${status}`),
        ...this.#metrics.received.splice(0).map(([mode, topic]) => `${mode} ${topic}`),
        ...this.#metrics.clientErrors.splice(0),
      ].sort(),
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
/** Of records, whose time is that of their admission. */
const TIMESTAMP = /"timestamp":\d+/g

function masked(text: string): string {
  return text.replaceAll(UUID, 'ID').replaceAll(DATE, '\r\nDate').replaceAll(TIMESTAMP, 'TIME')
}
