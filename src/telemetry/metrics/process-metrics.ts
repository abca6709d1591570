/** The metrics of the processes of kprf: what runs, since when, and whether it is ready. */
import { collectDefaultMetrics, Gauge, type Registry } from './prom-client.ts'
import { COLLECTION_SECONDS } from './buckets.ts'

/** What is running. */
export interface Build {
  readonly version: string
  readonly commitHash: string
}

/** What one process says for all. Functions are read at each scrape. */
export interface ProcessFacts {
  /** A hash of the configuration in effect. */
  readonly configHash: () => string
  /** Whether `/readyz` answers 200. */
  readonly isReady: () => boolean
  /** Memory that the container or the machine has for kprf. */
  readonly memoryLimitBytes: number
  /** When kprf was started, milliseconds since the epoch. */
  readonly startedMs: number
}

/**
 * Of prom-client's metrics: those of parts of the heap, which have 13 series each; those that are named like counters
 * and are none; and those that nodejs_active_resources has replaced.
 */
const LEFT_OUT = [
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
  'nodejs_active_handles',
  'nodejs_active_requests',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

const MS_PER_SECOND = 1_000

/** Declares what build runs. Always 1, so that it can be joined with other metrics by its labels. */
export function declareBuild(registry: Registry, { version, commitHash }: Build): void {
  const registers = [registry]
  new Gauge({
    name: 'kprf_app_metadata',
    help: 'Always 1; the labels name the build that is running.',
    labelNames: ['version', 'commit_hash'],
    registers,
    aggregator: 'first',
  }).set({ version, commit_hash: commitHash }, 1)
  new Gauge({
    name: 'kprf_build_info',
    help: 'Always 1; the labels name the build that is running, and the version of Node.js.',
    labelNames: ['version', 'commit', 'node'],
    registers,
    aggregator: 'first',
  }).set({ version, commit: commitHash, node: process.versions.node }, 1)
}

/** Declares the metrics of prom-client, and what this process says for all. */
export function declareProcess(registry: Registry, facts: ProcessFacts | undefined): void {
  collectDefaultMetrics({ register: registry, gcDurationBuckets: [...COLLECTION_SECONDS] })
  for (const name of LEFT_OUT) registry.removeSingleMetric(name)
  if (facts) declareFacts(registry, facts)
}

function declareFacts(registry: Registry, facts: ProcessFacts): void {
  const { configHash, isReady, memoryLimitBytes, startedMs } = facts
  const registers = [registry]
  const hash = new Gauge<'hash'>({
    name: 'kprf_config_hash_info',
    help: 'Always 1; the label is a hash of the configuration in effect, without its secrets: equal for instances with the same configuration.',
    labelNames: ['hash'],
    registers,
    collect: () => {
      hash.reset()
      hash.set({ hash: configHash() }, 1)
    },
  })
  const ready = new Gauge({
    name: 'kprf_ready',
    help: '1 if /readyz answers 200, 0 if not.',
    registers,
    collect: () => {
      ready.set(isReady() ? 1 : 0)
    },
  })
  new Gauge({
    name: 'kprf_memory_limit_bytes',
    help: 'Memory that the container or the machine has for kprf, all of its processes together.',
    registers,
  }).set(memoryLimitBytes)
  new Gauge({
    name: 'kprf_start_time_seconds',
    help: 'Unix time at which kprf was started; of the primary with several workers.',
    registers,
  }).set(startedMs / MS_PER_SECOND)
}
