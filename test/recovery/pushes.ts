/** Clients that push and wait, and how long each push took. */
import type { KprfProcess } from '../support/kprf-process.ts'
import type { PushedRecord } from '../support/push.ts'

/** One push that was answered. */
export interface TimedPush {
  readonly endedMs: number
  readonly durationMs: number
  readonly status: number
}

/** Runs clients, each one push after the other, until it is ended. */
export class Pushes {
  readonly #timed: TimedPush[] = []
  readonly #clients: Promise<unknown>
  #isOver = false

  /** @param record - called for each push. */
  constructor(kprf: KprfProcess, clients: number, record: () => PushedRecord) {
    const run = async (): Promise<void> => {
      while (!this.#isOver) {
        const startedMs = performance.now()
        const { status } = await kprf.push({ records: [record()], wait_for_send: true })
        const endedMs = performance.now()
        this.#timed.push({ endedMs, durationMs: endedMs - startedMs, status })
      }
    }
    this.#clients = Promise.all(Array.from({ length: clients }, run))
  }

  /** The pushes that were answered in a span of time. */
  between(fromMs: number, toMs: number): readonly TimedPush[] {
    return this.#timed.filter(({ endedMs }) => endedMs >= fromMs && endedMs < toMs)
  }

  /** Successful pushes a second in a span of time. */
  rate(fromMs: number, toMs: number): number {
    const successes = this.between(fromMs, toMs).filter(({ status }) => status === 200)
    return (successes.length / (toMs - fromMs)) * 1000
  }

  /** Resolves when every client has its last reply. */
  async end(): Promise<void> {
    this.#isOver = true
    await this.#clients
  }
}

/** The value below which this share of the durations is. */
export function quantile(pushes: readonly TimedPush[], share: number): number {
  const sorted = pushes.map(({ durationMs }) => durationMs).sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
}
