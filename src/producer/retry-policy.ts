/**
 * What to do after a produce request failed, error by error, as librdkafka decides it
 * (rd_kafka_handle_Produce_error and its table of actions). Pure.
 */
import { RDKAFKA } from './delivery-errors.ts'
import type { Random } from './partitioner.ts'

/** What one kind of failure asks for. */
export interface RetryPolicy {
  readonly isRetriable: boolean
  /** Whether a retry counts against `retries`; one that was never sent does not. */
  readonly isCounted: boolean
  /** Whether the leader may have moved. */
  readonly wantsMetadata: boolean
}

const PERMANENT: RetryPolicy = { isRetriable: false, isCounted: false, wantsMetadata: false }
/** The leader moved: wait for the new one, for as long as message.timeout.ms allows. */
const LEADER_MOVED: RetryPolicy = { isRetriable: true, isCounted: false, wantsMetadata: true }
const BROKER_LOST: RetryPolicy = { isRetriable: true, isCounted: true, wantsMetadata: true }
const TRANSIENT: RetryPolicy = { isRetriable: true, isCounted: true, wantsMetadata: false }
const NOT_SENT: RetryPolicy = { isRetriable: true, isCounted: false, wantsMetadata: false }

const POLICIES = new Map<number, RetryPolicy>([
  [RDKAFKA.unknownTopicOrPartition, LEADER_MOVED],
  [RDKAFKA.leaderNotAvailable, LEADER_MOVED],
  [RDKAFKA.notLeaderForPartition, LEADER_MOVED],
  [RDKAFKA.brokerNotAvailable, LEADER_MOVED],
  [RDKAFKA.replicaNotAvailable, LEADER_MOVED],
  [RDKAFKA.brokerTransportFailure, BROKER_LOST],
  [RDKAFKA.authentication, BROKER_LOST],
  [RDKAFKA.resolve, BROKER_LOST],
  [RDKAFKA.kafkaStorageError, BROKER_LOST],
  [RDKAFKA.requestTimedOut, TRANSIENT],
  [RDKAFKA.notEnoughReplicas, TRANSIENT],
  [RDKAFKA.notEnoughReplicasAfterAppend, TRANSIENT],
  [RDKAFKA.invalidMessage, TRANSIENT],
  [RDKAFKA.timedOut, TRANSIENT],
  [RDKAFKA.ssl, TRANSIENT],
  [RDKAFKA.timedOutInQueue, NOT_SENT],
])

/** Looks the policy for a librdkafka error number up; whatever is not listed is permanent. */
export function retryPolicy(errorNumber: number): RetryPolicy {
  return POLICIES.get(errorNumber) ?? PERMANENT
}

/** What a broker says that does not know the numbers of an idempotent producer, or other ones. */
const SEQUENCE_ERRORS = new Set<number>([
  RDKAFKA.outOfOrderSequenceNumber,
  RDKAFKA.invalidProducerEpoch,
  RDKAFKA.unknownProducerId,
  RDKAFKA.producerFenced,
])

/**
 * Says whether an idempotent producer's batch was refused because of its number. The partition has lost
 * records, or has forgotten the producer: either way it does not have this batch.
 */
export function isSequenceError(errorNumber: number): boolean {
  return SEQUENCE_ERRORS.has(errorNumber)
}

/** Answers that a leader may give after it has appended the records, whatever the acks. */
const INDEFINITE_ANSWERS = new Set<number>([
  RDKAFKA.requestTimedOut,
  RDKAFKA.notEnoughReplicasAfterAppend,
  RDKAFKA.kafkaStorageError,
])

/**
 * Says whether a broker that answered with this error may have kept the records. A leader that waits
 * for its replicas and loses the leadership meanwhile answers "not leader", though the new leader may
 * have the records already; librdkafka takes them for not persisted.
 *
 * @param requiredAcks - -1 when the leader waits for its replicas.
 */
export function mayBePersistedDespite(errorNumber: number, requiredAcks: number): boolean {
  const lostLeadership = errorNumber === RDKAFKA.notLeaderForPartition && requiredAcks === -1
  return lostLeadership || INDEFINITE_ANSWERS.has(errorNumber)
}

/** Errors that a single record can bring upon its whole batch. */
const RECORD_FAULTS = new Set<number>([
  RDKAFKA.messageSizeTooLarge,
  RDKAFKA.recordListTooLarge,
  RDKAFKA.invalidTimestamp,
  RDKAFKA.invalidRecord,
])

/**
 * Says whether cutting the batch in two can save the records that are not at fault. Goes beyond
 * librdkafka, whose batch fails as one: here the records of a batch belong to strangers.
 */
export function isRecordFault(errorNumber: number): boolean {
  return RECORD_FAULTS.has(errorNumber)
}

/** `retry.backoff.ms` and `retry.backoff.max.ms`. */
export interface BackoffSettings {
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
}

const JITTER = 0.2

/** Milliseconds to wait before attempt number `attempts` + 1: doubling, with 20 % jitter, capped. */
export function backoffMs(attempts: number, settings: BackoffSettings, random: Random): number {
  const jitter = 1 - JITTER + 2 * JITTER * random()
  return Math.min(
    2 ** (attempts - 1) * settings.retryBackoffMs * jitter,
    settings.retryBackoffMaxMs,
  )
}
