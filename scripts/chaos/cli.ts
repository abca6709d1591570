/**
 * `node scripts/chaos/cli.ts --runs N --seed S [--brokers B] [--concurrency C] [--schedule FILE]`: runs
 * the schedules of the seeds S to S + N - 1, or one schedule N times. Exits with 1 when the producer
 * broke a promise, and prints the schedule that made it. A schedule fixes what is sent and which faults
 * come when, not how the machine interleaves them: a rare failure may need several runs to come back.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { drawSchedule } from './draw-schedule.ts'
import { Ports } from './ports.ts'
import { runSchedule, type RunResult } from './run.ts'
import type { Schedule } from './schedule.ts'
import { Tally } from './tally.ts'

const usage = 'usage: cli.ts --runs N --seed S [--brokers 1..3] [--concurrency C] [--schedule FILE]'
/** As in sysexits.h. */
const usageExitCode = 64
/** Runs mostly wait: several at a time keep one core busy. */
const defaultConcurrency = 8
const violationsQuoted = 8
/** How long sockets and timers may take to go away after the last run. */
const restTimeoutMs = 3_000
/** What must be gone in the end. */
const restingResources = /^(Timeout|Immediate|TCP|ConnectWrap|ShutdownWrap|WriteWrap)/

class UsageError extends Error {}

interface Arguments {
  readonly runs: number
  readonly concurrency: number
  readonly scheduleOf: (run: number) => Schedule
}

function parseArguments(): Arguments {
  const { values } = parse()
  const brokers = values.brokers === undefined ? undefined : numberOf(values.brokers, 1, 3)
  const seed = numberOf(values.seed, 0, 2 ** 31)
  const file = values.schedule
  const given =
    file === undefined ? undefined : (JSON.parse(readFileSync(file, 'utf8')) as Schedule)
  return {
    runs: numberOf(values.runs, 1, 10_000_000),
    concurrency: numberOf(values.concurrency, 1, 200),
    scheduleOf: (run) => given ?? drawSchedule(seed + run, brokers),
  }
}

function parse() {
  try {
    return parseArgs({
      options: {
        runs: { type: 'string', default: '100' },
        seed: { type: 'string', default: '1' },
        concurrency: { type: 'string', default: String(defaultConcurrency) },
        brokers: { type: 'string' },
        schedule: { type: 'string' },
      },
    })
  } catch (cause) {
    throw new UsageError(usage, { cause })
  }
}

function numberOf(text: string, low: number, high: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < low || value > high) throw new UsageError(usage)
  return value
}

/** What the process itself complains of: it cannot be said which of the runs under way it was. */
function watchProcess(running: ReadonlySet<number>, tally: Tally): void {
  const seen = new Set<string>()
  const complain = (what: string, error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    // One defect of this kind may show a thousand times.
    const isNews = !seen.has(text)
    seen.add(text)
    tally.fail(
      isNews ? `${what} while running seeds ${[...running].join(', ')}: ${text}` : undefined,
    )
  }
  process.on('uncaughtException', (error) => {
    complain('uncaught exception', error)
  })
  process.on('unhandledRejection', (error) => {
    complain('unhandled rejection', error)
  })
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') complain('warning', warning)
  })
}

async function runAll({ runs, concurrency, scheduleOf }: Arguments, tally: Tally): Promise<void> {
  const ports = new Ports()
  const running = new Set<number>()
  watchProcess(running, tally)
  let next = 0
  const work = async (): Promise<void> => {
    while (next < runs) {
      const schedule = scheduleOf(next)
      next += 1
      running.add(schedule.seed)
      tally.add(schedule, await attempt(schedule, ports))
      running.delete(schedule.seed)
    }
  }
  await Promise.all(Array.from({ length: Math.min(runs, concurrency) }, work))
}

async function attempt(schedule: Schedule, ports: Ports): Promise<RunResult | Error> {
  try {
    return await runSchedule(schedule, ports)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Sockets, servers and timers that are still there when every run has ended. */
async function restOf(): Promise<readonly string[]> {
  const deadlineMs = performance.now() + restTimeoutMs
  for (;;) {
    const rest = process.getActiveResourcesInfo().filter((name) => restingResources.test(name))
    if (rest.length === 0 || performance.now() > deadlineMs) return rest
    await sleep(50)
  }
}

try {
  const tally = new Tally(violationsQuoted)
  await runAll(parseArguments(), tally)
  const rest = await restOf()
  if (rest.length > 0) tally.fail(`still active after all runs: ${rest.join(', ')}`)
  process.stdout.write(tally.summary())
  if (tally.failureCount > 0) process.exitCode = 1
} catch (error) {
  process.stderr.write(`chaos: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = error instanceof UsageError ? usageExitCode : 1
}
