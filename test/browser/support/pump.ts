import { setTimeout as sleep } from 'node:timers/promises'
import type { KprfProcess } from '../../support/kprf-process.ts'
import type { Push } from '../../support/push.ts'

/** Pushes at a pace until it is stopped, whatever is answered. */
export class Pump {
  readonly #stopped = new AbortController()
  readonly #pumping: Promise<void>
  /** Pushes that were answered. */
  answered = 0

  /** @param pauseMs - between two pushes. */
  constructor(kprf: KprfProcess, push: (number: number) => Push, pauseMs = 20) {
    this.#pumping = this.#pump(kprf, push, pauseMs)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#pumping
  }

  async #pump(kprf: KprfProcess, push: (number: number) => Push, pauseMs: number): Promise<void> {
    const { signal } = this.#stopped
    for (let number = 0; !signal.aborted; number += 1) {
      await kprf.push(push(number)).catch(() => undefined)
      this.answered += 1
      await sleep(pauseMs)
    }
  }
}

/** Lets figures gather, for a picture: a chart of a second shows nothing. */
export async function gather(seconds: number): Promise<void> {
  await sleep(seconds * 1_000)
}
