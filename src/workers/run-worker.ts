/** The main program of a worker process. */
import { EXIT_CODES } from '../base/exit-codes.ts'
import type { BuildInfo } from '../base/build-info.ts'
import { ProcessChannel } from './cluster.ts'
import { Worker } from './worker.ts'

/**
 * Signals that the primary handles: when sent to a process group or a container, they reach it too, and it tells
 * its workers what to do.
 */
const PRIMARY_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const

/** Runs until the primary process sends `stop`, or has ended. Returns the exit code. */
export async function runWorker(build: BuildInfo): Promise<number> {
  for (const signal of PRIMARY_SIGNALS) process.on(signal, () => undefined)
  const channel = new ProcessChannel()
  const worker = new Worker(channel, build)
  let exitCode: number = EXIT_CODES.ok
  channel.onGone(() => {
    worker.stop('the primary process is gone')
  })
  process.on('uncaughtException', (error) => {
    exitCode = EXIT_CODES.failed
    worker.stopAfterBug(error)
  })
  const lost = await worker.stopped
  await channel.sent()
  return lost > 0 ? EXIT_CODES.failed : exitCode
}
