/**
 * The operating-system side of brokers: telling whether a process id still is the broker it was,
 * and ending brokers that this process did not start. A pid alone proves nothing, since systems
 * use them again; a broker is known by its pid together with its settings file in its command line.
 */
import { readFile } from 'node:fs/promises'
import { runCommand } from './command.ts'
import { until } from '../../support/until.ts'

/** How a broker is found again by another process. */
export interface BrokerMark {
  readonly pid: number
  /** Absolute path of its `server.properties`, the last argument of its command line. */
  readonly propertiesPath: string
}

const endTimeoutMs = 10_000

/** Resolves to whether the marked broker is running (or suspended) now. */
export async function isBrokerRunning({ pid, propertiesPath }: BrokerMark): Promise<boolean> {
  return (await commandLine(pid)).includes(propertiesPath)
}

/** Ends the marked broker at once, when it is still there. */
export async function endBroker(mark: BrokerMark): Promise<void> {
  if (!(await isBrokerRunning(mark))) return
  killIfAlive(mark.pid)
  await until(`process ${mark.pid} to end`, endTimeoutMs, async () =>
    (await isBrokerRunning(mark)) ? undefined : true,
  )
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error
  }
}

/** Says whether any process has this id. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return errorCode(error) === 'EPERM'
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** Resolves to the command line of a process; empty when there is none or it has ended. */
async function commandLine(pid: number): Promise<string> {
  try {
    if (process.platform === 'linux') return await readFile(`/proc/${pid}/cmdline`, 'utf8')
    return (await runCommand('ps', ['-ww', '-o', 'args=', '-p', String(pid)])).stdout.toString()
  } catch {
    return ''
  }
}
