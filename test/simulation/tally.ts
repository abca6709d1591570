import type { RunResult } from './run.ts'
import type { Schedule } from './schedule.ts'
import type { Failure } from './shorten.ts'

/** Counts runs, and prints failed ones as they end. */
export class Tally {
  readonly #quoted: number
  readonly #startedMs = performance.now()
  readonly #figures = new Map<string, number>()
  readonly #retries = new Map<string, number>()
  readonly #faults = new Map<string, number>()
  #runs = 0
  /** Number of failed runs. */
  failureCount = 0

  /** @param quoted - number of violations of one run that are printed. */
  constructor(quoted: number) {
    this.#quoted = quoted
  }

  /** Counts a run, and prints it if it failed. */
  add(schedule: Schedule, result: RunResult | Error): void {
    this.#runs += 1
    if (result instanceof Error) {
      this.#print(schedule, [`the run itself failed: ${result.stack ?? result.message}`])
      return
    }
    addUp(this.#figures, Object.entries(result.figures))
    addUp(
      this.#retries,
      [...result.retries].map(([number, count]) => [String(number), count]),
    )
    addUp(this.#faults, [...result.faults])
    if (result.violations.length > 0) this.#print(schedule, result.violations)
  }

  /** Prints the shortest schedule that fails. */
  explain(failure: Failure | undefined): void {
    if (!failure) {
      process.stdout.write(
        '  the same schedule did not fail a second time: the run is not repeatable\n',
      )
      return
    }
    const { violations, schedule } = failure
    process.stdout.write(
      [
        '  it takes no more than:',
        ...violations.slice(0, this.#quoted).map((violation) => `    ${violation}`),
        `    schedule: ${JSON.stringify(schedule)}`,
        '',
      ].join('\n'),
    )
  }

  /** A summary in figures. */
  summary(): string {
    const seconds = (performance.now() - this.#startedMs) / 1000
    return [
      `runs ${this.#runs}, failures ${this.failureCount}, ${seconds.toFixed(1)} s`,
      `records: ${list(this.#figures)}`,
      `retries by error number: ${list(this.#retries)}`,
      `faults met: ${list(this.#faults)}`,
      '',
    ].join('\n')
  }

  #print(schedule: Schedule, violations: readonly string[]): void {
    const { seed, brokers } = schedule
    const more = violations.length - this.#quoted
    this.failureCount += 1
    process.stdout.write(
      [
        `FAILED: seed ${seed}, again with --seed ${seed} --brokers ${brokers} --runs 1`,
        ...violations.slice(0, this.#quoted).map((violation) => `  ${violation}`),
        ...(more > 0 ? [`  and ${more} more`] : []),
        `  schedule: ${JSON.stringify(schedule)}`,
        '',
      ].join('\n'),
    )
  }
}

function addUp(sums: Map<string, number>, counts: Iterable<readonly [string, number]>): void {
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count)
}

function list(sums: ReadonlyMap<string, number>): string {
  const entries = [...sums].sort(([, one], [, other]) => other - one)
  return entries.map(([name, count]) => `${name} ${count}`).join(', ') || 'none'
}
