import type { Socket } from 'node:net'
import type { Connection } from 'kafkajs/src/broker/index.js'
import type { CancelTimer, Clock } from '../../base/clock.ts'
import { SocketEnd } from './sockets.ts'

/** Checks in each idle time: a connection is closed at most a quarter of the idle time late. */
const CHECKS_PER_IDLE_TIME = 4
/** The shortest interval between checks, ms, because a check also costs time. */
const MIN_CHECK_INTERVAL_MS = 100

/** Dependencies of {@link IdleConnections}. */
export interface IdleConnectionsDependencies {
  readonly clock: Clock
  readonly connections: () => Iterable<Pick<Connection, 'socket' | 'requestQueue'>>
}

interface Activity {
  readonly bytes: number
  readonly sinceMs: number
}

/**
 * Closes connections without traffic for `connections.max.idle.ms`, before a broker or the network does. The next
 * request opens a new one.
 */
export class IdleConnections {
  readonly #maxIdleMs: number
  readonly #dependencies: IdleConnectionsDependencies
  readonly #activity = new WeakMap<Socket, Activity>()
  #cancelTimer: CancelTimer | undefined

  /** @param maxIdleMs - 0 never closes any. */
  constructor(maxIdleMs: number, dependencies: IdleConnectionsDependencies) {
    this.#maxIdleMs = maxIdleMs
    this.#dependencies = dependencies
  }

  /** Starts the checks. */
  start(): void {
    if (this.#maxIdleMs === 0) return
    const { clock } = this.#dependencies
    const intervalMs = Math.max(this.#maxIdleMs / CHECKS_PER_IDLE_TIME, MIN_CHECK_INTERVAL_MS)
    this.#cancelTimer = clock.schedule(intervalMs, () => {
      this.#check()
      this.start()
    })
  }

  /** Stops the checks. */
  close(): void {
    this.#cancelTimer?.()
  }

  #check(): void {
    const nowMs = this.#dependencies.clock.nowMs()
    for (const { socket, requestQueue } of this.#dependencies.connections()) {
      if (!socket || socket.destroyed) continue
      const bytes = socket.bytesRead + socket.bytesWritten
      const last = this.#activity.get(socket)
      const isWaiting = requestQueue.inflight.size > 0 || requestQueue.pending.length > 0
      if (isWaiting || last?.bytes !== bytes) {
        this.#activity.set(socket, { bytes, sinceMs: nowMs })
      } else if (nowMs - last.sinceMs >= this.#maxIdleMs) {
        socket.destroy(new SocketEnd('intended', 'the connection was idle'))
      }
    }
  }
}
