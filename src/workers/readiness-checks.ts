import type { Config } from '../config/types.ts'
import { memoryCheck, queueCheck, type ReadinessCheck } from '../operations/readiness.ts'
import { totalRoom } from '../settings/kafka.ts'
import { queueMemoryMaxBytes } from '../settings/queue-memory.ts'
import type { RunningWorkers } from './running-workers.ts'

/** What the checks look at. */
export interface WorkersView {
  readonly config: Config
  readonly workers: number
  readonly running: RunningWorkers
  /** Of the primary. */
  readonly state: string
}

/** The checks of `/readyz` over all workers, in its order. */
export function readinessChecks(view: WorkersView): readonly ReadinessCheck[] {
  const { config, workers, running, state } = view
  return [
    {
      name: 'accepting',
      check: () => (state === 'accepting' ? undefined : `the service is ${state}`),
    },
    {
      name: 'workers',
      check: () => (running.accepting.length > 0 ? undefined : 'no worker takes pushes'),
    },
    {
      // As in a single process: with a write-ahead log, that it accepts pushes.
      name: config.wal.enabled ? 'wal' : 'kafka',
      check: () => {
        const problems = running.accepting.map(({ report }) => report.deliveryProblem)
        return problems.every((problem) => problem !== undefined) ? problems[0] : undefined
      },
    },
    queueCheck(totalRoom(config), () => running.buffered),
    memoryCheck(queueMemoryMaxBytes(config, workers) * workers, () => running.memoryBytes),
  ]
}
