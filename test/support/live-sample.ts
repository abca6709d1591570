import { DURATION_BUCKETS_MS } from '../../src/base/duration-buckets.ts'
import type { LiveCounts, LiveIdentity, LiveSample } from '../../src/base/live-sample.ts'

export const LIVE_IDENTITY: LiveIdentity = {
  version: '1.2.3',
  commit: 'abc',
  hasStatistics: false,
  isBrokerEmbedded: false,
}

/** Durations in the buckets of these numbers, which are counted from 0. */
export function bins(...numbers: readonly number[]): number[] {
  return Array.from(
    { length: DURATION_BUCKETS_MS.length + 1 },
    (_, bin) => numbers.filter((number) => number === bin).length,
  )
}

export const NO_LIVE_COUNTS: LiveCounts = {
  pushes: { served: 0, refused: 0, failed: 0 },
  pushDurations: bins(),
  deliveryDurations: bins(),
  ...{ rejected: 0, retried: 0, topics: {} },
}

/** What an idle kprf shows. */
export const IDLE_SAMPLE: LiveSample = {
  ...{ atMs: 0, checks: [], workers: [], counts: NO_LIVE_COUNTS },
  queues: {
    records: { used: 0, limit: 100_000 },
    bytes: { used: 0, limit: 1_000_000 },
    memory: { used: 0, limit: 2_000_000 },
    ...{ oldestAgeMs: 0, log: undefined },
  },
  ...{ brokers: [], problems: [], topicFailures: {}, connections: 0 },
}
