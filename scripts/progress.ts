/** How far a program of this repository is, on standard error. */
import { systemClock } from '../src/base/clock.ts'
import { Progress, type ProgressOptions } from '../src/cli/progress.ts'

/** Shows progress also while a step goes on: once a second on a terminal, every ten seconds elsewhere. */
export class ScriptProgress {
  readonly #progress: Progress
  readonly #timer: NodeJS.Timeout

  constructor(options: Pick<ProgressOptions, 'verb' | 'noun' | 'total'>) {
    this.#progress = new Progress({ ...options, stream: process.stderr, clock: systemClock })
    // A timer alone must not keep a program that is done.
    this.#timer = setInterval(() => {
      this.done(0)
    }, this.#progress.intervalMs).unref()
  }

  /** Says what is being done now. */
  doing(what: string): void {
    this.#progress.doing(what)
  }

  /** So many more are done. */
  done(count = 1): void {
    this.#progress.advance(count, count)
  }

  /** Prints a line of the result, below which the progress goes on. */
  print(line: string, print: (line: string) => void = console.log): void {
    this.#progress.clear()
    print(line)
  }

  /** Shows what was done in all. Nothing is shown after it. */
  end(): void {
    clearInterval(this.#timer)
    this.#progress.end()
  }
}
