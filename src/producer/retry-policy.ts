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

/**
 * Whether a broker that answers so may have kept the records: never, or perhaps, or perhaps where it waits for its
 * replicas (acks -1): a leader that loses its leadership meanwhile answers "not leader", though the new one may
 * have them.
 */
type Storage = 'never' | 'perhaps' | 'perhapsAwaitingReplicas'

/**
 * Every error that the answer to a produce request may carry, after Kafka's ReplicaManager and DelayedProduce and the
 * checks before them (KafkaApis). What stands here as `never` is said before anything is appended. Librdkafka takes all
 * but 7 and 20 for that, also what its table does not have; here, an error that is not listed leaves it open.
 */
const ANSWERS: ReadonlyMap<number, readonly [Storage, RetryPolicy]> = new Map([
  // Whatever else went wrong in the broker, before the append, in it or after it.
  [RDKAFKA.unknown, ['perhaps', PERMANENT]],
  [RDKAFKA.invalidMessage, ['never', TRANSIENT]],
  // From a leader that waits for its replicas: the topic was deleted, and the records with it.
  [RDKAFKA.unknownTopicOrPartition, ['never', LEADER_MOVED]],
  [RDKAFKA.invalidMessageSize, ['never', PERMANENT]],
  [RDKAFKA.leaderNotAvailable, ['never', LEADER_MOVED]],
  [RDKAFKA.notLeaderForPartition, ['perhapsAwaitingReplicas', LEADER_MOVED]],
  [RDKAFKA.requestTimedOut, ['perhaps', TRANSIENT]],
  [RDKAFKA.brokerNotAvailable, ['never', LEADER_MOVED]],
  [RDKAFKA.replicaNotAvailable, ['never', LEADER_MOVED]],
  [RDKAFKA.messageSizeTooLarge, ['never', PERMANENT]],
  // From a proxy in front of a broker that it lost.
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
  // The broker has had the numbers of this batch: those of an idempotent producer mean that it is there.
  [RDKAFKA.duplicateSequenceNumber, ['perhaps', PERMANENT]],
  [RDKAFKA.invalidProducerEpoch, ['never', PERMANENT]],
  [RDKAFKA.operationNotAttempted, ['never', PERMANENT]],
  // The disk failed in the midst of writing, or of what follows it.
  [RDKAFKA.kafkaStorageError, ['perhaps', BROKER_LOST]],
  [RDKAFKA.unknownProducerId, ['never', PERMANENT]],
  // No broker answers so, and it does not say that nothing was kept.
  [RDKAFKA.reassignmentInProgress, ['perhaps', PERMANENT]],
  [RDKAFKA.unsupportedCompressionType, ['never', PERMANENT]],
  [RDKAFKA.invalidRecord, ['never', PERMANENT]],
  [RDKAFKA.producerFenced, ['never', PERMANENT]],
])

/** What to do when there is no answer, by the number of what happened instead. */
const LOCAL: ReadonlyMap<number, RetryPolicy> = new Map([
  [RDKAFKA.brokerTransportFailure, BROKER_LOST],
  [RDKAFKA.authentication, BROKER_LOST],
  [RDKAFKA.resolve, BROKER_LOST],
  [RDKAFKA.timedOut, TRANSIENT],
  [RDKAFKA.ssl, TRANSIENT],
  [RDKAFKA.timedOutInQueue, NOT_SENT],
])

/** Looks the policy for a librdkafka error number up; whatever is not listed is permanent. */
export function retryPolicy(errorNumber: number): RetryPolicy {
  return ANSWERS.get(errorNumber)?.[1] ?? LOCAL.get(errorNumber) ?? PERMANENT
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

/**
 * Says whether a broker that answered with this error may have kept the records. An error that nobody knows leaves it
 * open.
 *
 * @param requiredAcks - -1 when the leader waits for its replicas.
 */
export function mayBePersistedDespite(errorNumber: number, requiredAcks: number): boolean {
  const [storage] = ANSWERS.get(errorNumber) ?? ['perhaps']
  return storage === 'perhaps' || (storage === 'perhapsAwaitingReplicas' && requiredAcks === -1)
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
