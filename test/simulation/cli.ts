/**
 * `node test/simulation/cli.ts --runs N --seed S [--brokers B] [--jobs J] [--schedule FILE]`: runs the
 * schedules of the seeds S to S + N - 1, or one schedule from a file. If the producer broke a promise, it exits
 * with 1 and prints the schedule, first as drawn and then without irrelevant events. Time and network are
 * simulated, so a schedule is exactly repeatable.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { drawSchedule } from './draw-schedule.ts'
import { Pool } from './pool.ts'
import type { Schedule } from './schedule.ts'
import { shorten } from './shorten.ts'
import { Tally } from './tally.ts'

const usage = 'usage: cli.ts --runs N --seed S [--brokers 1..3] [--jobs J] [--schedule FILE]'
/** As in sysexits.h. */
const usageExitCode = 64
const violationsQuoted = 8
/** Number of failures to shorten, which takes many runs each. */
const failuresShortened = 3

class UsageError extends Error {}

interface Arguments {
  readonly runs: number
  readonly jobs: number
  readonly scheduleOf: (run: number) => Schedule
}

function parseArguments(): Arguments {
  const values = scriptArguments(usage, {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    brokers: { type: 'string' },
    schedule: { type: 'string' },
  })
  const brokers = values.brokers === undefined ? undefined : numberOf(values.brokers, 1, 3)
  const seed = numberOf(values.seed, 0, 2 ** 31)
  const file = values.schedule
  const given =
    file === undefined ? undefined : (JSON.parse(readFileSync(file, 'utf8')) as Schedule)
  return {
    runs: given ? 1 : numberOf(values.runs, 1, 10_000_000),
    jobs: numberOf(values.jobs, 1, 200),
    scheduleOf: (run) => given ?? drawSchedule(seed + run, brokers),
  }
}

function numberOf(text: string, low: number, high: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < low || value > high) throw new UsageError(usage)
  return value
}

async function runAll({ runs, jobs, scheduleOf }: Arguments, tally: Tally): Promise<void> {
  const pool = new Pool(Math.min(runs, jobs))
  const progress = new ScriptProgress({ verb: 'ran', noun: 'schedule', total: runs })
  let next = 0
  const work = async (): Promise<void> => {
    while (next < runs) {
      const schedule = scheduleOf(next)
      next += 1
      const result = await pool.run(schedule)
      tally.add(schedule, result)
      progress.done()
      const hasFailed = result instanceof Error || result.violations.length > 0
      if (hasFailed && tally.failureCount <= failuresShortened) {
        tally.explain(await shorten(schedule, (candidate) => pool.run(candidate)))
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(runs, jobs) }, work))
  await pool.close()
  progress.end()
}

try {
  const tally = new Tally(violationsQuoted)
  await runAll(parseArguments(), tally)
  process.stdout.write(tally.summary())
  if (tally.failureCount > 0) process.exitCode = 1
} catch (error) {
  process.stderr.write(`chaos: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = error instanceof UsageError ? usageExitCode : 1
}
