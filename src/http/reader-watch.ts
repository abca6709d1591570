import type { Socket } from 'node:net'
import type { ServerLimits } from './limits.ts'
import { bytesTaken } from './socket-internals.ts'

/**
 * Finds out whether a client reads its replies too slowly. The bytes that the kernel took count, so that a client that reads
 * a little now and then is found as well.
 */
export class ReaderWatch {
  readonly #socket: Socket
  readonly #limits: Pick<ServerLimits, 'stalledReaderTimeoutMs' | 'minReadBytesPerSecond'>
  /** Since when replies wait to be read, and how many bytes the client had taken then. */
  #unreadSinceMs: number | undefined
  #takenBytes = 0

  constructor(
    socket: Socket,
    limits: Pick<ServerLimits, 'stalledReaderTimeoutMs' | 'minReadBytesPerSecond'>,
  ) {
    this.#socket = socket
    this.#limits = limits
  }

  /** Whether it has read more slowly than allowed. To be called several times within the allowed time. */
  isStalled(nowMs: number): boolean {
    if (this.#socket.writableLength === 0) {
      this.#unreadSinceMs = undefined
      return false
    }
    const taken = bytesTaken(this.#socket)
    if (this.#unreadSinceMs === undefined) {
      this.#unreadSinceMs = nowMs
      this.#takenBytes = taken
    }
    const elapsedMs = nowMs - this.#unreadSinceMs
    const { stalledReaderTimeoutMs, minReadBytesPerSecond } = this.#limits
    if (elapsedMs < stalledReaderTimeoutMs) return false
    const isTooSlow = (taken - this.#takenBytes) * 1000 < minReadBytesPerSecond * elapsedMs
    this.#unreadSinceMs = nowMs
    this.#takenBytes = taken
    return isTooSlow
  }
}
