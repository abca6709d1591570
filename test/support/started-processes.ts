/** The kprf processes that tests start: none outlives its test run. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Names the run in its own environment, and in that of the processes that it starts. */
const RUN = 'TEST_RUN'
const STARTED_BY = 'STARTED_BY_TEST_RUN'

/** Flags of Node.js with which a started process ends with this one. Its standard input must be a pipe. */
export const END_WITH_PARENT = [`--import=${join(import.meta.dirname, 'end-with-parent.ts')}`]

/** The environment of a started process: nothing that could configure it, but the mark of the run. */
export function markedEnvironment(): Readonly<Record<string, string>> {
  return { [STARTED_BY]: process.env[RUN] ?? 'none' }
}

const run = `${process.pid}-${Date.now()}`

/** Vitest runs this once, before all files. */
export function setup(): void {
  process.env[RUN] = run
}

/** Vitest runs this once, after all files. */
export function teardown(): void {
  const left = startedBy(run)
  for (const { pid } of left) process.kill(pid, 'SIGKILL')
  if (left.length === 0) return
  const list = left.map(({ pid, command }) => `${pid} (${command})`).join(', ')
  throw new Error(`processes that tests started are still running: ${list}`)
}

interface StartedProcess {
  readonly pid: number
  readonly command: string
}

/** On Linux, which alone tells the environment of a process. */
function startedBy(run: string): readonly StartedProcess[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0')
      if (!environment.includes(`${STARTED_BY}=${run}`)) return []
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      // One that has ended and was not waited for has none.
      return command === '' ? [] : [{ pid: Number(name), command }]
    } catch {
      // It ended meanwhile, or belongs to somebody else.
      return []
    }
  })
}
