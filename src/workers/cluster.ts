/** The only file that imports node:cluster: forks workers, and connects a worker to its primary process. */
import cluster from 'node:cluster'
import type { ToPrimary, ToWorker } from './messages.ts'
import type { Fork } from './worker-process.ts'
import type { PrimaryChannel } from './worker.ts'

/** Whether this process was forked by a primary. */
export const { isWorker } = cluster

/**
 * Forks a worker. All accept connections from one shared socket themselves: were they handed over by the
 * primary (SCHED_RR), a connection per request would cost more than twice the CPU.
 */
export function forkWorker(): Fork {
  cluster.schedulingPolicy = cluster.SCHED_NONE
  // Messages hold maps, which JSON does not know.
  cluster.setupPrimary({ serialization: 'advanced' })
  return cluster.fork()
}

/** A worker's connection to its primary process. */
export class ProcessChannel implements PrimaryChannel {
  #unsent = 0
  #onAllSent: (() => void) | undefined

  constructor() {
    // Otherwise node:cluster ends a worker as soon as its primary is gone, with all records it has.
    if (cluster.worker) cluster.worker.exitedAfterDisconnect = true
  }

  send(message: ToPrimary): void {
    if (!process.connected) return
    this.#unsent += 1
    process.send?.(message, undefined, undefined, () => {
      this.#unsent -= 1
      if (this.#unsent === 0) this.#onAllSent?.()
    })
  }

  onMessage(listener: (message: ToWorker) => void): void {
    process.on('message', listener)
  }

  /** Has `listener` called when the primary process is gone. */
  onGone(listener: () => void): void {
    process.once('disconnect', listener)
  }

  /** Resolves once all that was said is on its way. */
  async sent(): Promise<void> {
    if (this.#unsent === 0 || !process.connected) return
    await new Promise<void>((resolve) => {
      this.#onAllSent = resolve
      process.once('disconnect', resolve)
    })
  }
}
