/** A proxy in front of kprf that does to the first pushes what networks and full queues do. */
import { createServer, request as send, type IncomingMessage, type Server } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** What the front has seen of a push. */
export interface SeenPush {
  readonly key: string | undefined
  readonly atMs: number
  /** What it did with it. */
  readonly treatment: Treatment
}

/**
 * What is done to a push: the last two are passed on to kprf, and only the last one is answered with what kprf says.
 * `partial` lets the first record through, and says that there was no room for the others. `balancer` answers as HAProxy
 * does while no kprf is ready: not in JSON.
 */
export type Treatment = 'partial' | 'refused' | 'balancer' | 'cut' | 'passed'

const REFUSED = {
  status: 'error',
  message: 'Message production error: QueueFull (Local: Queue full)',
  error: 'Message production error: QueueFull (Local: Queue full)',
  error_code: -184,
  outcome: 'not_persisted',
}
/** How HAProxy answers without a server. */
const NO_SERVER =
  '<html><body><h1>503 Service Unavailable</h1>\nNo server is available.\n</body></html>\n'
/** What clients are told to wait, s. */
export const RETRY_AFTER_S = 1

/** Passes pushes on, but for the first ones. */
export class FaultyFront {
  readonly seen: SeenPush[] = []
  #connections = 0
  #kprfPort: number
  #treatments: readonly Treatment[] = []
  readonly #server: Server

  constructor(kprfPort: number) {
    this.#kprfPort = kprfPort
    this.#server = createServer((request, response) => {
      void this.#treat(request).then((reply) => {
        if (reply === undefined) request.socket.destroy()
        else
          response
            .writeHead(reply.status, {
              'Content-Type': reply.isOfBalancer === true ? 'text/html' : 'application/json',
              ...(reply.status === 503 &&
                reply.isOfBalancer !== true && { 'Retry-After': String(RETRY_AFTER_S) }),
            })
            .end(reply.body)
      })
    }).on('connection', () => (this.#connections += 1))
  }

  /** Listens on a free port. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  /** Forgets what was seen; the next pushes are treated like this, further ones passed. */
  expect(...treatments: readonly Treatment[]): void {
    this.seen.length = 0
    this.#connections = 0
    this.#treatments = treatments
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Opened since {@link FaultyFront.expect}. */
  get connections(): number {
    return this.#connections
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #treat(request: IncomingMessage): Promise<Reply | undefined> {
    const atMs = performance.now()
    const body = await buffer(request)
    const treatment = this.#treatments[this.seen.length] ?? 'passed'
    const key = request.headers['idempotency-key']
    this.seen.push({ key: typeof key === 'string' ? key : undefined, atMs, treatment })
    if (treatment === 'refused') return replyWith([REFUSED])
    if (treatment === 'balancer') return { status: 503, body: NO_SERVER, isOfBalancer: true }
    if (treatment === 'partial') return await this.#passFirst(request, body)
    const reply = await this.#pass(request, body)
    return treatment === 'cut' ? undefined : reply
  }

  async #passFirst(request: IncomingMessage, body: Buffer): Promise<Reply> {
    const push = JSON.parse(String(body)) as { readonly records: readonly object[] }
    const [first, ...others] = push.records
    await this.#pass(request, Buffer.from(JSON.stringify({ ...push, records: [first] })))
    return replyWith([{ status: 'ok', error: '' }, ...others.map(() => REFUSED)])
  }

  async #pass({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Reply> {
    return await new Promise((resolve, reject) => {
      send(
        {
          ...{ host: '127.0.0.1', port: this.#kprfPort, method, path: url },
          headers: { ...headers, 'content-length': body.length },
        },
        (reply) => {
          buffer(reply).then((text) => {
            resolve({ status: reply.statusCode ?? 0, body: text })
          }, reject)
        },
      )
        .on('error', reject)
        .end(body)
    })
  }
}

interface Reply {
  readonly status: number
  readonly body: string | Buffer
  readonly isOfBalancer?: boolean
}

function replyWith(errors: readonly object[]): Reply {
  const { message } = REFUSED
  return {
    status: 503,
    body: JSON.stringify({ status: 'error', errors, error_code: 50302, message }),
  }
}
