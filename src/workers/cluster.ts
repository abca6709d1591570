/** Forks workers, and connects a worker to its primary process. No other file imports node:cluster. */
import cluster from 'node:cluster'
import type { ToPrimary, ToWorker } from './messages.ts'
import type { Fork } from './worker-process.ts'
import type { PrimaryChannel } from './worker.ts'

/** Whether this process was forked by a primary. */
export const { isWorker } = cluster

/**
 * Forks a worker. Workers accept connections from one shared socket themselves: with hand-over by the primary
 * (SCHED_RR), a connection per request would cost more than twice the CPU.
 */
export function forkWorker(): Fork {
  cluster.schedulingPolicy = cluster.SCHED_NONE
  // Messages contain maps, which JSON cannot represent.
  cluster.setupPrimary({ serialization: 'advanced' })
  return cluster.fork()
}

/** A worker's connection to its primary process. */
export class ProcessChannel implements PrimaryChannel {
  #unsent = 0
  #onAllSent: (() => void) | undefined

  constructor() {
    // Otherwise node:cluster ends a worker, with all its records, as soon as its primary has ended.
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

  /** Calls `listener` when the primary process has ended. */
  onGone(listener: () => void): void {
    process.once('disconnect', listener)
  }

  /** Resolves when all messages were written. */
  async sent(): Promise<void> {
    if (this.#unsent === 0 || !process.connected) return
    await new Promise<void>((resolve) => {
      this.#onAllSent = resolve
      process.once('disconnect', resolve)
    })
  }
}
