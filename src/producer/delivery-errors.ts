import type { ErrorCode } from '../base/errors.ts'
import { LIBRDKAFKA_ERRORS } from './librdkafka-errors.ts'
import type { Availability } from './transport.ts'
import type { DeliveryError } from './types.ts'

/** The error numbers of librdkafka that kprf reports or acts on. */
export const RDKAFKA = {
  brokerDestroy: -197,
  brokerTransportFailure: -195,
  resolve: -193,
  messageTimedOut: -192,
  unknownPartition: -190,
  unknownTopic: -188,
  allBrokersDown: -187,
  timedOut: -185,
  queueFull: -184,
  ssl: -181,
  authentication: -169,
  timedOutInQueue: -166,
  purgeQueue: -152,
  purgeInFlight: -151,
  unknown: -1,
  invalidMessage: 2,
  unknownTopicOrPartition: 3,
  invalidMessageSize: 4,
  leaderNotAvailable: 5,
  notLeaderForPartition: 6,
  requestTimedOut: 7,
  brokerNotAvailable: 8,
  replicaNotAvailable: 9,
  messageSizeTooLarge: 10,
  networkException: 13,
  invalidTopic: 17,
  recordListTooLarge: 18,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  invalidRequiredAcks: 21,
  topicAuthorizationFailed: 29,
  clusterAuthorizationFailed: 31,
  invalidTimestamp: 32,
  illegalSaslState: 34,
  unsupportedVersion: 35,
  invalidRequest: 42,
  unsupportedForMessageFormat: 43,
  policyViolation: 44,
  outOfOrderSequenceNumber: 45,
  duplicateSequenceNumber: 46,
  invalidProducerEpoch: 47,
  operationNotAttempted: 55,
  kafkaStorageError: 56,
  saslAuthenticationFailed: 58,
  unknownProducerId: 59,
  reassignmentInProgress: 60,
  unsupportedCompressionType: 76,
  invalidRecord: 87,
  producerFenced: 90,
} as const

/** The numbers of errors that librdkafka does not have, from docs/ERRORS.md. No Kafka error has these numbers. */
const KPRF = {
  topicCreationLimited: 42_902,
  tooManyUnknownTopics: 50_306,
} as const

const CODES = new Map<number, ErrorCode>([
  [RDKAFKA.queueFull, 'BUFFER_FULL'],
  [RDKAFKA.messageTimedOut, 'DELIVERY_TIMED_OUT'],
  [RDKAFKA.timedOut, 'DELIVERY_TIMED_OUT'],
  [RDKAFKA.timedOutInQueue, 'DELIVERY_TIMED_OUT'],
  [RDKAFKA.requestTimedOut, 'DELIVERY_TIMED_OUT'],
  [RDKAFKA.messageSizeTooLarge, 'RECORD_TOO_LARGE'],
  [RDKAFKA.recordListTooLarge, 'RECORD_TOO_LARGE'],
  [RDKAFKA.unknownTopic, 'TOPIC_UNKNOWN'],
  [RDKAFKA.unknownTopicOrPartition, 'TOPIC_UNKNOWN'],
  // What a client can correct: no key for a compacted topic, a timestamp too far ahead, a name of a topic.
  [RDKAFKA.invalidTopic, 'RECORD_REJECTED'],
  [RDKAFKA.invalidTimestamp, 'RECORD_REJECTED'],
  [RDKAFKA.policyViolation, 'RECORD_REJECTED'],
  [RDKAFKA.invalidRecord, 'RECORD_REJECTED'],
  [RDKAFKA.unknownPartition, 'PARTITION_UNKNOWN'],
  [RDKAFKA.topicAuthorizationFailed, 'TOPIC_FORBIDDEN'],
  [RDKAFKA.clusterAuthorizationFailed, 'TOPIC_FORBIDDEN'],
  [RDKAFKA.allBrokersDown, 'BROKER_UNAVAILABLE'],
  [RDKAFKA.brokerTransportFailure, 'BROKER_UNAVAILABLE'],
  [RDKAFKA.resolve, 'BROKER_UNAVAILABLE'],
  [RDKAFKA.ssl, 'BROKER_UNAVAILABLE'],
  [RDKAFKA.leaderNotAvailable, 'BROKER_UNAVAILABLE'],
  [RDKAFKA.notLeaderForPartition, 'BROKER_UNAVAILABLE'],
  [RDKAFKA.brokerNotAvailable, 'BROKER_UNAVAILABLE'],
  [RDKAFKA.replicaNotAvailable, 'BROKER_UNAVAILABLE'],
  [RDKAFKA.notEnoughReplicas, 'BROKER_UNAVAILABLE'],
  [RDKAFKA.notEnoughReplicasAfterAppend, 'BROKER_UNAVAILABLE'],
  [RDKAFKA.kafkaStorageError, 'BROKER_UNAVAILABLE'],
  [RDKAFKA.authentication, 'AUTHENTICATION_FAILED'],
  [RDKAFKA.saslAuthenticationFailed, 'AUTHENTICATION_FAILED'],
  [RDKAFKA.brokerDestroy, 'PRODUCER_DRAINING'],
  [RDKAFKA.purgeQueue, 'PRODUCER_DRAINING'],
  [RDKAFKA.purgeInFlight, 'PRODUCER_DRAINING'],
])

/** A cache of errors: a push of 10,000 records can fail 10,000 times for the same reason. */
const ERRORS = new Map<ErrorCode, Map<number, DeliveryError>>()

/**
 * Returns the delivery error of a librdkafka number, the same object each time.
 *
 * @param code - its meaning to a client, if that depends on more than the number: a record that timed out because
 * no broker could be reached is `BROKER_UNAVAILABLE` with librdkafka's -192.
 */
export function deliveryError(
  number: number,
  code: ErrorCode = CODES.get(number) ?? 'BROKER_REJECTED',
): DeliveryError {
  return ERRORS.get(code)?.get(number) ?? makeError(number, code)
}

/** Longest reason of a broker that a client is told. */
const MAX_REASON_CHARS = 150

/**
 * Creates the error of a record that a broker refused.
 *
 * @param reason - the broker's own words; shortened, and without characters that JSON or a log would have to escape.
 */
export function refusedError(number: number, reason: string | undefined): DeliveryError {
  // A topic that exists has a valid name: it is one that Kafka keeps for itself, such as __consumer_offsets.
  if (number === RDKAFKA.invalidTopic) return INTERNAL_TOPIC
  const error = deliveryError(number)
  if (!reason) return error
  const plain = reason
    .slice(0, MAX_REASON_CHARS + 1)
    .replaceAll('"', "'")
    .replaceAll(/[^ -~]|\\/g, '?')
  const isWhole = plain.length <= MAX_REASON_CHARS
  return { ...error, detail: isWhole ? plain : `${plain.slice(0, MAX_REASON_CHARS - 3)}...` }
}

const INTERNAL_TOPIC: DeliveryError = {
  ...deliveryError(RDKAFKA.invalidTopic, 'TOPIC_FORBIDDEN'),
  detail: 'no client may write to a topic that Kafka keeps for itself',
}

function makeError(number: number, code: ErrorCode): DeliveryError {
  const names = LIBRDKAFKA_ERRORS.get(number)
  const [name, text] = names ?? [`Unknown`, `Err-${number}?`]
  const error = { number, text: `Message production error: ${name} (${text})`, code }
  // Numbers unknown to librdkafka come from a broker and may be many, so they are not cached.
  if (names !== undefined) {
    const errors = ERRORS.get(code)
    if (errors === undefined) ERRORS.set(code, new Map([[number, error]]))
    else errors.set(number, error)
  }
  return error
}

/** Returns librdkafka's name of an error in the style of metric labels: `broker_transport_failure`. */
export function nameOfError(number: number): string {
  const [name] = LIBRDKAFKA_ERRORS.get(number) ?? [`Unknown${number}`]
  return name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase()
}

/**
 * Returns the error of a record whose message.timeout.ms is over. librdkafka has one number for it; for clients of
 * kprf, the code also says what delayed the record.
 */
export function timedOutError(availability: Availability): DeliveryError {
  return deliveryError(RDKAFKA.messageTimedOut, TIMED_OUT_CODES[availability])
}

const TIMED_OUT_CODES: Record<Availability, ErrorCode> = {
  up: 'DELIVERY_TIMED_OUT',
  unknown: 'BROKER_UNAVAILABLE',
  down: 'BROKER_UNAVAILABLE',
  leadersUnreachable: 'BROKER_UNAVAILABLE',
  tlsFailed: 'BROKER_UNAVAILABLE',
  authenticationFailed: 'AUTHENTICATION_FAILED',
  tokenMissing: 'AUTHENTICATION_FAILED',
}

/** Creates the error of a record that is larger than `message.max.bytes`, the overhead in Kafka included. */
export function recordTooLargeError(recordBytes: number, maxBytes: number): DeliveryError {
  return {
    ...deliveryError(RDKAFKA.messageSizeTooLarge),
    detail: `the record has ${recordBytes} bytes, and ${maxBytes} are allowed (kafka.message_max_bytes)`,
  }
}

/** Creates the error of a record that is refused because too many topics are unknown to Kafka. */
export function tooManyUnknownTopicsError(): DeliveryError {
  return {
    number: KPRF.tooManyUnknownTopics,
    text: 'records already wait for kafka.max_unknown_topics topics that Kafka does not know yet; send the record again later, or raise that limit',
    code: 'TOO_MANY_UNKNOWN_TOPICS',
  }
}

/** Creates the error of a record that expired before its topic could be created. */
export function creationLimitedError(): DeliveryError {
  return {
    number: KPRF.topicCreationLimited,
    text: 'the topic does not exist, and kafka.max_topic_creations_per_minute delayed its creation for too long; create it by hand, send the record again later, or raise that limit',
    code: 'TOPIC_CREATION_LIMITED',
  }
}

/**
 * Returns the error of a record that Kafka may have: whatever the last attempt reported, the outcome is unknown to
 * the client.
 */
export function unknownOutcome({ number }: DeliveryError): DeliveryError {
  return deliveryError(number, 'DELIVERY_TIMED_OUT')
}
