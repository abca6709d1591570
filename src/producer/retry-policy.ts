/**
 * Decides what to do after a failed produce request, per error, as librdkafka does (rd_kafka_handle_Produce_error
 * and its table of actions). Pure.
 */
import { RDKAFKA } from './delivery-errors.ts'
import type { Random } from './partitioner.ts'

/** What to do after one kind of failure. */
export interface RetryPolicy {
  readonly isRetriable: boolean
  /** Whether a retry counts against `retries`. A request that was never sent does not count. */
  readonly isCounted: boolean
  /** Whether metadata must be refreshed, because the leader may have moved. */
  readonly wantsMetadata: boolean
}

const PERMANENT: RetryPolicy = { isRetriable: false, isCounted: false, wantsMetadata: false }
/** The leader moved: the batch waits for the new one until message.timeout.ms. */
const LEADER_MOVED: RetryPolicy = { isRetriable: true, isCounted: false, wantsMetadata: true }
const BROKER_LOST: RetryPolicy = { isRetriable: true, isCounted: true, wantsMetadata: true }
const TRANSIENT: RetryPolicy = { isRetriable: true, isCounted: true, wantsMetadata: false }
const NOT_SENT: RetryPolicy = { isRetriable: true, isCounted: false, wantsMetadata: false }

/**
 * Whether a broker that returns the error may have stored the records: never, perhaps, or perhaps if it waits for
 * its replicas (acks -1). A leader that loses its leadership while it waits returns "not leader", although the new
 * leader may have the records.
 */
type Storage = 'never' | 'perhaps' | 'perhapsAwaitingReplicas'

/**
 * All errors of produce responses, from Kafka's ReplicaManager, DelayedProduce and the checks before them
 * (KafkaApis). An error with `never` is returned before anything is appended. librdkafka treats all errors but 7
 * and 20 as `never`, also those missing in its table; here, a missing error means `perhaps`.
 */
const ANSWERS: ReadonlyMap<number, readonly [Storage, RetryPolicy]> = new Map([
  // Any other error in the broker, before, during or after the append.
  [RDKAFKA.unknown, ['perhaps', PERMANENT]],
  [RDKAFKA.invalidMessage, ['never', TRANSIENT]],
  // From a leader that waited for its replicas, it means that the topic was deleted with the records.
  [RDKAFKA.unknownTopicOrPartition, ['never', LEADER_MOVED]],
  [RDKAFKA.invalidMessageSize, ['never', PERMANENT]],
  [RDKAFKA.leaderNotAvailable, ['never', LEADER_MOVED]],
  [RDKAFKA.notLeaderForPartition, ['perhapsAwaitingReplicas', LEADER_MOVED]],
  [RDKAFKA.requestTimedOut, ['perhaps', TRANSIENT]],
  [RDKAFKA.brokerNotAvailable, ['never', LEADER_MOVED]],
  [RDKAFKA.replicaNotAvailable, ['never', LEADER_MOVED]],
  [RDKAFKA.messageSizeTooLarge, ['never', PERMANENT]],
  // From a proxy that lost its broker.
  [RDKAFKA.networkException, ['perhaps', PERMANENT]],
  [RDKAFKA.invalidTopic, ['never', PERMANENT]],
  [RDKAFKA.recordListTooLarge, ['never', PERMANENT]],
  [RDKAFKA.notEnoughReplicas, ['never', TRANSIENT]],
  [RDKAFKA.notEnoughReplicasAfterAppend, ['perhaps', TRANSIENT]],
  [RDKAFKA.invalidRequiredAcks, ['never', PERMANENT]],
  [RDKAFKA.topicAuthorizationFailed, ['never', PERMANENT]],
  [RDKAFKA.clusterAuthorizationFailed, ['never', PERMANENT]],
  [RDKAFKA.invalidTimestamp, ['never', PERMANENT]],
  [RDKAFKA.illegalSaslState, ['never', PERMANENT]],
  [RDKAFKA.unsupportedVersion, ['never', PERMANENT]],
  [RDKAFKA.invalidRequest, ['never', PERMANENT]],
  [RDKAFKA.unsupportedForMessageFormat, ['never', PERMANENT]],
  [RDKAFKA.policyViolation, ['never', PERMANENT]],
  [RDKAFKA.outOfOrderSequenceNumber, ['never', PERMANENT]],
  // The broker has already seen the numbers of this batch: for an idempotent producer, the batch is stored.
  [RDKAFKA.duplicateSequenceNumber, ['perhaps', PERMANENT]],
  [RDKAFKA.invalidProducerEpoch, ['never', PERMANENT]],
  [RDKAFKA.operationNotAttempted, ['never', PERMANENT]],
  // The disk failed during the write or after it.
  [RDKAFKA.kafkaStorageError, ['perhaps', BROKER_LOST]],
  [RDKAFKA.unknownProducerId, ['never', PERMANENT]],
  // No known broker returns this, and it does not imply that nothing was stored.
  [RDKAFKA.reassignmentInProgress, ['perhaps', PERMANENT]],
  [RDKAFKA.unsupportedCompressionType, ['never', PERMANENT]],
  [RDKAFKA.invalidRecord, ['never', PERMANENT]],
  [RDKAFKA.producerFenced, ['never', PERMANENT]],
])

/** The policies for failures without an answer, by librdkafka's local error numbers. */
const LOCAL: ReadonlyMap<number, RetryPolicy> = new Map([
  [RDKAFKA.brokerTransportFailure, BROKER_LOST],
  [RDKAFKA.authentication, BROKER_LOST],
  [RDKAFKA.resolve, BROKER_LOST],
  [RDKAFKA.timedOut, TRANSIENT],
  [RDKAFKA.ssl, TRANSIENT],
  [RDKAFKA.timedOutInQueue, NOT_SENT],
])

/** Returns the policy for a librdkafka error number. Unlisted errors are permanent. */
export function retryPolicy(errorNumber: number): RetryPolicy {
  return ANSWERS.get(errorNumber)?.[1] ?? LOCAL.get(errorNumber) ?? PERMANENT
}

/** The errors of a broker that does not know the identity or expects another number. */
const SEQUENCE_ERRORS = new Set<number>([
  RDKAFKA.outOfOrderSequenceNumber,
  RDKAFKA.invalidProducerEpoch,
  RDKAFKA.unknownProducerId,
  RDKAFKA.producerFenced,
])

/**
 * Whether an idempotent producer's batch was refused because of its number. The partition has lost records or has
 * forgotten the producer: in both cases it does not have this batch.
 */
export function isSequenceError(errorNumber: number): boolean {
  return SEQUENCE_ERRORS.has(errorNumber)
}

/**
 * Whether a broker that returned this error may have stored the records. For an unknown error, it may.
 *
 * @param requiredAcks - -1 if the leader waits for its replicas.
 */
export function mayBePersistedDespite(errorNumber: number, requiredAcks: number): boolean {
  const [storage] = ANSWERS.get(errorNumber) ?? ['perhaps']
  return storage === 'perhaps' || (storage === 'perhapsAwaitingReplicas' && requiredAcks === -1)
}

/** Errors that a single record can cause for its whole batch. */
const RECORD_FAULTS = new Set<number>([
  RDKAFKA.messageSizeTooLarge,
  RDKAFKA.recordListTooLarge,
  RDKAFKA.invalidTimestamp,
  // From proxies in front of Kafka, for a record that breaks a rule of theirs.
  RDKAFKA.policyViolation,
  RDKAFKA.invalidRecord,
])

/**
 * Whether to divide the batch, to save the records that are not at fault. librdkafka fails the whole batch; here,
 * the records of a batch come from different clients.
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

/** Returns the wait before attempt number `attempts` + 1, ms: it doubles, with 20 % jitter, up to the maximum. */
export function backoffMs(attempts: number, settings: BackoffSettings, random: Random): number {
  const jitter = 1 - JITTER + 2 * JITTER * random()
  return Math.min(
    2 ** (attempts - 1) * settings.retryBackoffMs * jitter,
    settings.retryBackoffMaxMs,
  )
}
