/** A command of kprf, run to its end as users run it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { END_WITH_PARENT, markedEnvironment } from './started-processes.ts'

const projectDirectory = join(import.meta.dirname, '..', '..')

/** What a command left behind. */
export interface CommandResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command under way. */
export interface RunningCommand {
  readonly ended: Promise<CommandResult>
  /** What it has printed so far. */
  readonly stdout: string
  kill(signal?: NodeJS.Signals): void
}

/** Runs `kprf` with these arguments, without a terminal. */
export function runKprf(...argv: readonly string[]): Promise<CommandResult> {
  return startCommand(...argv).ended
}

/** Starts `kprf` with these arguments, without a terminal. */
export function startCommand(...argv: readonly string[]): RunningCommand {
  return startCommandWith([], ...argv)
}

/** The same, with these options of Node.js. */
export function startCommandWith(
  nodeOptions: readonly string[],
  ...argv: readonly string[]
): RunningCommand {
  const flags = [
    ...nodeOptions,
    ...END_WITH_PARENT,
    '--conditions=kprf-source',
    '--disable-sigusr1',
  ]
  const child = spawn(process.execPath, [...flags, 'src/main.ts', ...argv], {
    ...{ cwd: projectDirectory, env: markedEnvironment() },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text))
  }
  return {
    ended: once(child, 'close').then(() => ({ exitCode: child.exitCode, ...output })),
    get stdout() {
      return output.stdout
    },
    kill: (signal = 'SIGKILL') => child.kill(signal),
  }
}
