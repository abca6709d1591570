/** Runs schedules for the main thread, one after the other. */
import { parentPort } from 'node:worker_threads'
import { runSchedule, type RunResult } from './run.ts'
import type { Schedule } from './schedule.ts'

/** The result of a schedule. */
export type WorkerAnswer = { readonly result: RunResult } | { readonly failure: string }

/** Warnings and errors of the process during the run. */
const complaints = new Set<string>()

function complain(what: string, error: unknown): void {
  complaints.add(`${what}: ${textOf(error)}`)
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

async function answer(schedule: Schedule): Promise<WorkerAnswer> {
  complaints.clear()
  try {
    const result = await runSchedule(schedule)
    return { result: { ...result, violations: [...complaints, ...result.violations] } }
  } catch (error) {
    return { failure: [textOf(error), ...complaints].join('\n  ') }
  }
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

parentPort?.on('message', (schedule: Schedule) => {
  void answer(schedule).then((given) => {
    parentPort?.postMessage(given)
  })
})
