/** The second port: stays open while the first one drains, and closes last. */
import http from 'node:http'
import { once } from 'node:events'
import type { Clock } from '../clock.ts'
import { ProxyError } from '../errors.ts'

/** Scrapers and probes are few; more connections than this are a mistake or an attack. */
const MAX_CONNECTIONS = 256

/** How long {@link OperationsServer.close} lets replies under way finish. */
export const CLOSE_GRACE_MS = 1000

const LIMITS: http.ServerOptions = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  // Longer than the usual scrape interval of 60 s, so that scrapers keep their connection.
  keepAliveTimeout: 65_000,
}

/** Serves the operations port. */
export class OperationsServer {
  readonly #server: http.Server
  readonly #clock: Clock

  /** @param listener - see `createOperationsApp`. */
  constructor(listener: http.RequestListener, clock: Clock) {
    this.#clock = clock
    this.#server = http.createServer(LIMITS, listener)
    this.#server.maxConnections = MAX_CONNECTIONS
    this.#server.on('request', (_request, response) => {
      response.once('close', () => {
        // Node keeps a connection alive whose reply ends after the server was closed.
        if (!this.#server.listening) this.#server.closeIdleConnections()
      })
    })
  }

  /**
   * Begins to serve.
   *
   * @param port - 0 takes any that is free.
   * @returns the port.
   * @throws ProxyError CONFIG_INVALID when the address cannot be listened on.
   */
  async listen(host: string, port: number): Promise<number> {
    try {
      await once(this.#server.listen(port, host), 'listening')
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new ProxyError('CONFIG_INVALID', `http.metrics_port: ${reason}`, { cause })
    }
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : port
  }

  /** Stops listening and lets replies under way finish, for {@link CLOSE_GRACE_MS} at most. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    const cancelTimer = this.#clock.schedule(CLOSE_GRACE_MS, () => {
      this.#server.closeAllConnections()
    })
    await closed
    cancelTimer()
  }
}
