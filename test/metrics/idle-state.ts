import type { KprfState } from '../../src/metrics/kprf-metrics.ts'

/** A kprf that has nothing to do yet. */
export const IDLE_STATE: KprfState = {
  isKafkaUp: false,
  metadataAgeMs: undefined,
  queueRecords: 0,
  queueBytes: 0,
  queueLimitBytes: 1024,
  queueOldestAgeMs: 0,
  unknownTopics: 0,
}
