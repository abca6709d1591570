/**
 * The operations port in a thread of its own: `/livez` is answered there, however busy the event loop is that takes the
 * pushes. What else the port shows, the thread asks the main thread for. A thread that dies is replaced.
 */
import type { CancelTimer } from '../../base/clock.ts'
import { OperationsThread, type ThreadDependencies } from './operations-thread.ts'

/** How long the port is closed before a thread that died is replaced, or a replacement is tried again, ms. */
export const REPLACE_DELAY_MS = 1_000

/** Serves the operations port, as `OperationsServer` does in the thread of its caller. */
export class ThreadedOperationsServer {
  readonly #dependencies: ThreadDependencies
  #thread: OperationsThread | undefined
  #cancelReplacement: CancelTimer | undefined
  #isClosed = false

  constructor(dependencies: ThreadDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Begins to serve.
   *
   * @param port - 0 takes any that is free.
   * @returns the port.
   * @throws ProxyError CONFIG_INVALID when the address cannot be listened on; no thread is left then.
   */
  async listen(host: string, port: number): Promise<number> {
    const thread = new OperationsThread(host, port, this.#dependencies)
    this.#thread = thread
    try {
      const boundPort = await thread.listening
      void thread.ended.then((reason) => {
        if (reason !== undefined) this.#died(host, boundPort, reason)
      })
      return boundPort
    } catch (error) {
      await thread.ended
      throw error
    }
  }

  /** Stops listening, lets replies under way finish for a second at most, and ends the thread. */
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
