import type { Clock } from '../base/clock.ts'
import { configHash } from '../config/config-hash.ts'
import type { Config } from '../config/types.ts'
import { type CheckResult, havePassed } from '../operations/readiness.ts'
import { machineMemoryBytes } from '../settings/usable-memory.ts'
import type { ProcessFacts } from '../telemetry/metrics/process-metrics.ts'

/** What {@link processFacts} reads at each scrape. */
export interface ProcessState {
  /** The configuration in effect. */
  readonly config: () => Config
  /** Those of `/readyz`. */
  readonly checks: () => readonly CheckResult[]
}

/** What the process that answers `/metrics` says for all. */
export function processFacts(
  { config, checks }: ProcessState,
  clock: Pick<Clock, 'epochMs'>,
): ProcessFacts {
  let hashed: { readonly config: Config; readonly hash: string } | undefined
  return {
    isReady: () => havePassed(checks()),
    configHash: () => {
      const current = config()
      if (hashed?.config !== current) hashed = { config: current, hash: configHash(current) }
      return hashed.hash
    },
    memoryLimitBytes: machineMemoryBytes(),
    startedMs: clock.epochMs(),
  }
}
