/** A child process that prints its address on its first line. */
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = join(import.meta.dirname, '..', '..')
const START_TIMEOUT_MS = 30_000

/** Child processes, which end with this process, however it ends. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A running process. */
export interface Child {
  readonly pid: number
  /** The match of the awaited line. */
  readonly match: RegExpExecArray
  /** Stops it, and resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Ends its input, and resolves when it prints a line that matches. */
  endInput(line: RegExp): Promise<RegExpExecArray>
  /** Whether it has ended. */
  hasEnded(): boolean
}

/** Options of a child process. */
export interface StartOptions {
  /** A shell command that runs in the process before `node` replaces it. */
  readonly before?: string
}

/**
 * Starts `node` with these arguments, in the root of the project, and resolves when it prints a line that
 * matches.
 */
export async function startNode(
  args: readonly string[],
  line: RegExp,
  { before = ':' }: StartOptions = {},
): Promise<Child> {
  const child = spawn('sh', ['-c', `${before}; exec "$@"`, 'sh', process.execPath, ...args], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
  running.add(child)
  let hasEnded = false
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      running.delete(child)
      hasEnded = true
      resolve()
    }),
  )
  const stop = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    child.kill(signal)
    await ended
  }
  const match = await firstMatch(child, line)
  const endInput = async (line: RegExp): Promise<RegExpExecArray> => {
    const last = firstMatch(child, line)
    child.stdin.end()
    return await last
  }
  return { pid: child.pid ?? 0, match, stop, endInput, hasEnded: () => hasEnded }
}

function firstMatch(child: ChildProcess, line: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no line like ${line.source}`))
    }, START_TIMEOUT_MS)
    child.once('close', (code) => {
      reject(new Error(`ended with ${String(code)}`))
    })
    if (!child.stdout) throw new Error('the output of the process is not piped')
    createInterface(child.stdout).on('line', (text) => {
      const match = line.exec(text)
      if (!match) return
      clearTimeout(timer)
      resolve(match)
    })
  })
}
