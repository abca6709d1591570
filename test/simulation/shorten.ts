/** Shortens a failing schedule to the events that its failure needs. */
import type { RunResult } from './run.ts'
import type { Schedule } from './schedule.ts'

/** A run that failed. */
export interface Failure {
  readonly schedule: Schedule
  readonly violations: readonly string[]
}

/**
 * Removes events and clients, one after the other, as long as the run still fails in any way: the first failure of
 * a kind is the easiest to understand.
 */
export async function shorten(
  schedule: Schedule,
  run: (candidate: Schedule) => Promise<RunResult | Error>,
): Promise<Failure | undefined> {
  let shortest = await attempt(schedule, run)
  if (!shortest) return undefined
  for (const part of ['events', 'clients'] as const) {
    for (let index = 0; index < shortest.schedule[part].length;) {
      const { schedule: whole }: Failure = shortest
      const failure = await attempt(
        { ...whole, [part]: whole[part].filter((_, at) => at !== index) },
        run,
      )
      if (failure) shortest = failure
      else index += 1
    }
  }
  return shortest
}

async function attempt(
  schedule: Schedule,
  run: (candidate: Schedule) => Promise<RunResult | Error>,
): Promise<Failure | undefined> {
  const result = await run(schedule)
  const violations = result instanceof Error ? [result.message] : result.violations
  return violations.length > 0 ? { schedule, violations } : undefined
}
