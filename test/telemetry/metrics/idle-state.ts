import type { KprfState } from '../../../src/telemetry/metrics/state-gauges.ts'

/** A kprf that has nothing to do yet. */
export const IDLE_STATE: KprfState = {
  isKafkaUp: false,
  metadataAgeMs: undefined,
  queueRecords: 0,
  queueBytes: 0,
  queueLimitRecords: 100,
  queueLimitBytes: 1024,
  queueMemoryBytes: 0,
  queueMemoryLimitBytes: 4096,
  queueOldestAgeMs: 0,
  bodyBytes: 0,
  bodyLimitBytes: 2048,
  unknownTopics: 0,
}
