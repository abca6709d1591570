/**
 * The operations port in its own thread. The thread answers `/livez`, however busy the event loop of the pushes is,
 * and asks the main thread for everything else. A thread that dies is replaced.
 */
import type { CancelTimer } from '../../base/clock.ts'
import type { TokenEntry } from '../../http/access/token-table.ts'
import type { ServerTls } from '../../http/tls/server-tls.ts'
import { OperationsThread, type ThreadDependencies } from './operations-thread.ts'

/** Delay before a dead thread is replaced, or a replacement is tried again, ms. The port is closed meanwhile. */
export const REPLACE_DELAY_MS = 1_000

/** Options of a {@link ThreadedOperationsServer}. */
export interface ThreadedOperationsOptions extends ThreadDependencies {
  /** The first thread, if it was started already. */
  readonly thread?: OperationsThread | undefined
  /** The script of the threads. @defaultValue entry.ts */
  readonly entry?: URL
}

/** Serves the operations port like `OperationsServer`, but from its own thread. */
export class ThreadedOperationsServer {
  #dependencies: ThreadDependencies
  readonly #entry: URL | undefined
  #started: OperationsThread | undefined
  #thread: OperationsThread | undefined
  #cancelReplacement: CancelTimer | undefined
  #isClosed = false

  constructor({ thread, entry, ...dependencies }: ThreadedOperationsOptions) {
    this.#dependencies = dependencies
    this.#entry = entry
    this.#started = thread
  }

  /**
   * Starts to serve.
   *
   * @param port - 0 takes a free one.
   * @returns the port.
   * @throws ProxyError CONFIG_INVALID if it cannot listen on the address; no thread is left then.
   */
  async listen(host: string, port: number): Promise<number> {
    const thread = this.#started ?? new OperationsThread(this.#entry)
    this.#started = undefined
    this.#thread = thread
    try {
      const boundPort = await thread.listen(host, port, this.#dependencies)
      void thread.ended.then((reason) => {
        if (reason !== undefined) this.#died(host, boundPort, reason)
      })
      return boundPort
    } catch (error) {
      await thread.ended
      throw error
    }
  }

  /** Uses this certificate and key for new connections. */
  renewTls(tls: ServerTls): void {
    this.#dependencies = { ...this.#dependencies, tls }
    this.#thread?.renewTls(tls)
  }

  /** Requires one of these tokens for metrics and statistics from now on. */
  useTokens(tokens: readonly TokenEntry[]): void {
    this.#dependencies = { ...this.#dependencies, tokens }
    this.#thread?.useTokens(tokens)
  }

  /** Stops listening, waits for replies in progress for a second at most, and ends the thread. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelReplacement?.()
    await this.#thread?.close()
  }

  #died(host: string, port: number, error: unknown): void {
    if (this.#isClosed) return
    const { clock, logger } = this.#dependencies
    logger.error('the thread of the operations port died; starting another one', { error })
    this.#cancelReplacement = clock.schedule(REPLACE_DELAY_MS, () => {
      this.listen(host, port).catch((failure: unknown) => {
        this.#died(host, port, failure)
      })
    })
  }
}
