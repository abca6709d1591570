import { spawnSync } from 'node:child_process'

/** What promtool says, and its exit code. */
export interface PromtoolResult {
  readonly status: number | null
  readonly output: string
}

/** Runs Prometheus's own checker to its end. */
export function promtool(args: readonly string[], input = ''): PromtoolResult {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  if (error !== undefined) {
    throw new Error('cannot run promtool (Debian: apt-get install prometheus)', { cause: error })
  }
  return { status, output: stdout + stderr }
}
