/**
 * The operations port stays open while the push port drains, and closes last. It is served like the push port, but with
 * its own limits: probes get replies even if other clients hold many connections.
 */
import type { Clock } from '../base/clock.ts'
import { ProxyError } from '../base/errors.ts'
import { type HttpApp, HttpServer } from '../http/http-server.ts'
import { listenProblem } from '../http/listen-problem.ts'
import { OPERATIONS_LIMITS, type ServerLimits } from '../http/limits.ts'
import type { ServerTls } from '../http/tls/server-tls.ts'
import type { Logger } from '../telemetry/logging.ts'
import { CLOSE_GRACE_MS } from './close-grace.ts'

/** Options of {@link OperationsServer}. */
export interface OperationsServerOptions {
  /** See `createOperationsApp`. */
  readonly app: HttpApp
  readonly clock: Clock
  readonly log: Pick<Logger, 'child'>
  /** @defaultValue plain HTTP */
  readonly tls?: ServerTls | undefined
  /** The streams of open pages, which must end with the server. @defaultValue there are none */
  readonly feed?: { close(): void }
  /** @defaultValue {@link OPERATIONS_LIMITS} */
  readonly limits?: ServerLimits
}

/** Serves the operations port. */
export class OperationsServer {
  readonly #server: HttpServer
  readonly #clock: Clock
  readonly #feed: { close(): void } | undefined

  constructor({ app, clock, log, tls, feed, limits = OPERATIONS_LIMITS }: OperationsServerOptions) {
    this.#clock = clock
    this.#feed = feed
    const logger = log.child({ port: 'operations' })
    this.#server = new HttpServer({ app, clock, limits, tls, log: logger })
  }

  /**
   * Starts to serve.
   *
   * @param port - 0 takes a free one.
   * @returns the port.
   * @throws ProxyError CONFIG_INVALID if it cannot listen on the address.
   */
  async listen(host: string, port: number): Promise<number> {
    try {
      await this.#server.listen(port, host)
    } catch (cause) {
      const message = listenProblem({ key: 'http.metrics_port', host, port }, cause)
      throw new ProxyError('CONFIG_INVALID', message, { cause })
    }
    return this.#server.address.port
  }

  /** Uses this certificate and key for new connections. */
  renewTls(tls: ServerTls): void {
    this.#server.renewTls(tls)
  }

  /** Stops listening and waits for replies in progress, for {@link CLOSE_GRACE_MS} at most. */
  async close(): Promise<void> {
    this.#feed?.close()
    const cancelTimer = this.#clock.schedule(CLOSE_GRACE_MS, () => void this.#server.close())
    await this.#server.stopAccepting()
    cancelTimer()
  }
}
