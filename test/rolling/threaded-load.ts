import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { LoadReport, LoadResult } from './load.ts'

/** What the thread is asked. */
export type LoadQuestion =
  | { readonly kind: 'measure'; readonly connections: number }
  | { readonly kind: 'measured' }
  | { readonly kind: 'start'; readonly perSecond: number }
  | { readonly kind: 'report' }
  | { readonly kind: 'stop' }

/** What it answers, one after another. */
export type LoadAnswer =
  | { readonly kind: 'measured'; readonly perSecond: number }
  | { readonly kind: 'started' }
  | { readonly kind: 'report'; readonly report: LoadReport }
  | { readonly kind: 'result'; readonly result: LoadResult }

/** A `Load` in another thread. */
export class ThreadedLoad {
  readonly #thread: Worker

  constructor(port: number, seed: number) {
    this.#thread = new Worker(join(import.meta.dirname, 'load-thread.ts'), {
      workerData: { port, seed },
    })
  }

  /** See `Load.measure`. */
  async measure(connections: number): Promise<void> {
    await this.#ask({ kind: 'measure', connections })
  }

  /** See `Load.measured`. */
  async measured(): Promise<number> {
    const answer = await this.#ask({ kind: 'measured' })
    return answer.kind === 'measured' ? answer.perSecond : unexpected(answer)
  }

  /** See `Load.run`. */
  async start(perSecond: number): Promise<void> {
    await this.#ask({ kind: 'start', perSecond })
  }

  /** See `Load.report`. */
  async report(): Promise<LoadReport> {
    const answer = await this.#ask({ kind: 'report' })
    return answer.kind === 'report' ? answer.report : unexpected(answer)
  }

  /** See `Load.stop`. */
  async stop(): Promise<LoadResult> {
    const answer = await this.#ask({ kind: 'stop' })
    return answer.kind === 'result' ? answer.result : unexpected(answer)
  }

  /** Ends the thread, whatever it does. */
  async close(): Promise<void> {
    await this.#thread.terminate()
  }

  async #ask(question: LoadQuestion): Promise<LoadAnswer> {
    const answered = once(this.#thread, 'message')
    this.#thread.postMessage(question)
    const [answer] = (await answered) as [LoadAnswer]
    return answer
  }
}

function unexpected(answer: LoadAnswer): never {
  throw new Error(`the load answered ${answer.kind}`)
}
