import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { RunResult } from './run.ts'
import type { Schedule } from './schedule.ts'
import type { WorkerAnswer } from './worker.ts'

/** Threads that run schedules, one at a time each. */
export class Pool {
  readonly #workers: readonly Worker[]
  readonly #idle: Worker[]
  readonly #waiting: ((worker: Worker) => void)[] = []

  constructor(size: number) {
    this.#workers = Array.from(
      { length: size },
      () => new Worker(new URL('worker.ts', import.meta.url)),
    )
    this.#idle = [...this.#workers]
  }

  /** Runs a schedule on the next free thread. Resolves to an error if the run itself failed. */
  async run(schedule: Schedule): Promise<RunResult | Error> {
    const worker = this.#idle.pop() ?? (await this.#nextIdle())
    worker.postMessage(schedule)
    const [answer] = (await once(worker, 'message')) as [WorkerAnswer]
    const waiting = this.#waiting.shift()
    if (waiting) waiting(worker)
    else this.#idle.push(worker)
    return 'result' in answer ? answer.result : new Error(answer.failure)
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #nextIdle(): Promise<Worker> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }
}
