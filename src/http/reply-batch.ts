/**
 * Sends the replies of pushes at the end of the turn of the event loop in which they are decided, all in a row.
 * Whoever reads them on another core is woken once for many, and his next requests come together as well: on
 * loopback that halves the CPU of a push. No reply waits for anything but what this turn has to do anyway.
 */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../telemetry/logging.ts'
import { beginJson, type HeaderList } from './reply.ts'

interface Pending {
  readonly response: ServerResponse
  readonly body: string
}

/** See the head of this file. */
export class ReplyBatch {
  readonly #clock: Clock
  readonly #log: Pick<Logger, 'error'>
  #pending: Pending[] = []

  constructor(clock: Clock, log: Pick<Logger, 'error'>) {
    this.#clock = clock
    this.#log = log
  }

  /** Begins a reply, which nothing can change from now on. */
  send(
    response: ServerResponse,
    requestId: string,
    status: number,
    body: string,
    extraHeaders?: HeaderList,
  ): void {
    beginJson(response, requestId, status, body, extraHeaders)
    if (this.#pending.length === 0) {
      this.#clock.schedule(0, () => {
        this.#flush()
      })
    }
    this.#pending.push({ response, body })
  }

  #flush(): void {
    const pending = this.#pending
    this.#pending = []
    for (const { response, body } of pending) {
      try {
        response.end(body)
      } catch (error) {
        // The replies after it are others' business, and this client must not wait for the rest of its own.
        this.#log.error('cannot write a reply', { error })
        response.req.socket.destroy()
      }
    }
  }
}
