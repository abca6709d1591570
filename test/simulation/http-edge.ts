import http from 'node:http'
import type { Server } from 'node:net'
import { createApp } from '../../src/http/app.ts'
import { Ingest } from '../../src/ingest/ingest.ts'
import type { RecordProducer } from '../../src/producer/types.ts'
import type { Push, PushReply, PushReplyBody } from '../support/push.ts'
import type { RecordLimits } from '../support/send-all.ts'
import type { World } from './world/world.ts'
import { EVERYBODY } from '../support/access.ts'

const PORT = 4_242
const SETTINGS = {
  maxBodyBytes: 1_048_576,
  maxRecordsPerRequest: 10_000,
  maxCompressionRatio: 100,
  maxTopicsPerRequest: 1_000,
  unknownFields: 'reject',
  allowOldTimestamps: true,
  invalidRecords: 'refuse_request',
  replies: 'readme',
} as const

/** kprf's HTTP app in front of a producer, on a simulated network. */
export class HttpEdge {
  readonly #world: World
  readonly #listener: Server
  readonly #violations: string[] = []
  /** Set once the producer drains or is closed. */
  isDraining = false

  constructor(producer: RecordProducer, limits: RecordLimits, world: World) {
    this.#world = world
    const complain = (...what: readonly unknown[]): void => {
      this.#violations.push(`the HTTP app logged an error: ${JSON.stringify(what)}`)
    }
    const { express: app } = createApp({
      ingest: new Ingest({ producer, rules: [], ...limits }),
      settings: SETTINGS,
      metrics: {
        requests: {
          began: () => undefined,
          awaited: () => undefined,
          answered: () => undefined,
          refused: () => undefined,
          bodyRead: () => undefined,
        },
        observePush: () => undefined,
        recordsReceived: () => undefined,
        recordsInvalid: () => undefined,
      },
      log: { isDebug: false, debug: () => undefined, limited: () => undefined, error: complain },
      clock: world.loop.clock,
      authenticator: EVERYBODY,
      isDraining: () => this.isDraining,
    })
    const server = http.createServer(app)
    this.#listener = world.network.createServer((socket) => server.emit('connection', socket))
    world.network.belongsToKprf(PORT)
    this.#listener.listen(PORT)
  }

  /** Forbidden log lines of the app. */
  get violations(): readonly string[] {
    return this.#violations
  }

  /** Sends a push on its own connection. */
  post(push: Push): Promise<PushReply> {
    const body = JSON.stringify(push)
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          ...{ method: 'POST', path: '/push', host: '127.0.0.1', port: PORT },
          headers: {
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(body),
          },
          createConnection: () => this.#world.network.connect({ port: PORT }, () => undefined),
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString()
            const status = response.statusCode ?? 0
            resolve({ status, body: JSON.parse(text) as PushReplyBody })
          })
        },
      )
      request.on('error', reject).end(body)
    })
  }

  /** Accepts no more connections. */
  close(): void {
    this.#listener.close()
  }
}
