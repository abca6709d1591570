import { describe, expect, test } from 'vitest'
import {
  deliveryError,
  RDKAFKA,
  refusedError,
  timedOutError,
  unknownOutcome,
} from '../../src/producer/delivery-errors.ts'

describe('deliveryError', () => {
  test('is one object for each number and code, so that 10,000 failures are one error', () => {
    expect(deliveryError(RDKAFKA.queueFull)).toBe(deliveryError(RDKAFKA.queueFull))
    expect(timedOutError('down')).toBe(timedOutError('unknown'))
    expect(timedOutError('down')).not.toBe(timedOutError('up'))
    expect(unknownOutcome(deliveryError(RDKAFKA.queueFull))).not.toBe(
      deliveryError(RDKAFKA.queueFull),
    )
  })

  test('is not kept for a number that a broker invents', () => {
    const error = deliveryError(31_999)

    expect(error.text).toBe('Message production error: Unknown (Err-31999?)')
    expect(deliveryError(31_999)).toEqual(error)
    expect(deliveryError(31_999)).not.toBe(error)
  })

  // Name and text of librdkafka 2.15, displayed as rust-rdkafka does.
  test.each([
    [-199, 'BadMessage (Local: Bad message format)'],
    [-198, 'BadCompression (Local: Invalid compressed data)'],
    [-197, 'BrokerDestroy (Local: Broker handle destroyed for termination)'],
    [-196, 'Fail (Local: Communication failure with broker)'],
    [-195, 'BrokerTransportFailure (Local: Broker transport failure)'],
    [-193, 'Resolve (Local: Host resolution failure)'],
    [-192, 'MessageTimedOut (Local: Message timed out)'],
    [-190, 'UnknownPartition (Local: Unknown partition)'],
    [-188, 'UnknownTopic (Local: Unknown topic)'],
    [-187, 'AllBrokersDown (Local: All broker connections are down)'],
    [-186, 'InvalidArgument (Local: Invalid argument or configuration)'],
    [-185, 'OperationTimedOut (Local: Timed out)'],
    [-184, 'QueueFull (Local: Queue full)'],
    [-183, 'ISRInsufficient (Local: ISR count insufficient)'],
    [-181, 'SSL (Local: SSL error)'],
    [-172, 'State (Local: Erroneous state)'],
    [-170, 'NotImplemented (Local: Not implemented)'],
    [-169, 'Authentication (Local: Authentication failure)'],
    [-166, 'TimedOutQueue (Local: Timed out in queue)'],
    [-165, 'UnsupportedFeature (Local: Required feature not supported by broker)'],
    [-152, 'PurgeQueue (Local: Purged in queue)'],
    [-151, 'PurgeInflight (Local: Purged in flight)'],
    [-150, 'Fatal (Local: Fatal error)'],
    [-149, 'Inconsistent (Local: Inconsistent state)'],
    [-148, 'GaplessGuarantee (Local: Gap-less ordering would not be guaranteed if proceeding)'],
    [-1, 'Unknown (Unknown broker error)'],
    [1, 'OffsetOutOfRange (Broker: Offset out of range)'],
    [2, 'InvalidMessage (Broker: Invalid message)'],
    [3, 'UnknownTopicOrPartition (Broker: Unknown topic or partition)'],
    [4, 'InvalidMessageSize (Broker: Invalid message size)'],
    [5, 'LeaderNotAvailable (Broker: Leader not available)'],
    [6, 'NotLeaderForPartition (Broker: Not leader for partition)'],
    [7, 'RequestTimedOut (Broker: Request timed out)'],
    [8, 'BrokerNotAvailable (Broker: Broker not available)'],
    [9, 'ReplicaNotAvailable (Broker: Replica not available)'],
    [10, 'MessageSizeTooLarge (Broker: Message size too large)'],
    [13, 'NetworkException (Broker: Broker disconnected before response received)'],
    [17, 'InvalidTopic (Broker: Invalid topic)'],
    [18, 'MessageBatchTooLarge (Broker: Message batch larger than configured server segment size)'],
    [19, 'NotEnoughReplicas (Broker: Not enough in-sync replicas)'],
    [
      20,
      'NotEnoughReplicasAfterAppend ' +
        '(Broker: Message(s) written to insufficient number of in-sync replicas)',
    ],
    [21, 'InvalidRequiredAcks (Broker: Invalid required acks value)'],
    [29, 'TopicAuthorizationFailed (Broker: Topic authorization failed)'],
    [31, 'ClusterAuthorizationFailed (Broker: Cluster authorization failed)'],
    [32, 'InvalidTimestamp (Broker: Invalid timestamp)'],
    [33, 'UnsupportedSASLMechanism (Broker: Unsupported SASL mechanism)'],
    [34, 'IllegalSASLState (Broker: Request not valid in current SASL state)'],
    [35, 'UnsupportedVersion (Broker: API version not supported)'],
    [43, 'UnsupportedForMessageFormat (Broker: Message format on broker does not support request)'],
    [44, 'PolicyViolation (Broker: Policy violation)'],
    [45, 'OutOfOrderSequenceNumber (Broker: Broker received an out of order sequence number)'],
    [46, 'DuplicateSequenceNumber (Broker: Broker received a duplicate sequence number)'],
    [47, 'InvalidProducerEpoch (Broker: Producer attempted an operation with an old epoch)'],
    [56, 'KafkaStorageError (Broker: Disk error when trying to access log file on disk)'],
    [58, 'SaslAuthenticationFailed (Broker: SASL Authentication failed)'],
    [74, 'FencedLeaderEpoch (Broker: Leader epoch is older than broker epoch)'],
    [76, 'UnsupportedCompressionType (Broker: Unsupported compression type)'],
    [87, 'InvalidRecord (Broker: Broker failed to validate record)'],
    [89, 'ThrottlingQuotaExceeded (Broker: Throttling quota has been exceeded)'],
  ])('says of %i what rust-rdkafka displays', (number, words) => {
    expect(deliveryError(number)).toMatchObject({
      number,
      text: `Message production error: ${words}`,
    })
  })

  test('has a text for every number that kprf itself decides on', () => {
    const texts = Object.values(RDKAFKA).map((number) => deliveryError(number).text)

    expect(texts.filter((text) => text.includes('Err-'))).toEqual([])
  })

  test('gives a number that is in no table as it is', () => {
    expect(deliveryError(9_999)).toEqual({
      number: 9_999,
      text: 'Message production error: Unknown (Err-9999?)',
      code: 'BROKER_REJECTED',
    })
  })

  test.each([
    ['BUFFER_FULL', ['queueFull']],
    ['DELIVERY_TIMED_OUT', ['messageTimedOut', 'timedOut', 'timedOutInQueue', 'requestTimedOut']],
    ['RECORD_TOO_LARGE', ['messageSizeTooLarge', 'recordListTooLarge']],
    ['TOPIC_UNKNOWN', ['unknownTopic', 'unknownTopicOrPartition']],
    ['PARTITION_UNKNOWN', ['unknownPartition']],
    ['TOPIC_FORBIDDEN', ['topicAuthorizationFailed', 'clusterAuthorizationFailed']],
    [
      'BROKER_UNAVAILABLE',
      [
        'allBrokersDown',
        'brokerTransportFailure',
        'resolve',
        'ssl',
        'leaderNotAvailable',
        'notLeaderForPartition',
        'brokerNotAvailable',
        'replicaNotAvailable',
        'notEnoughReplicas',
        'notEnoughReplicasAfterAppend',
        'kafkaStorageError',
      ],
    ],
    ['AUTHENTICATION_FAILED', ['authentication', 'saslAuthenticationFailed']],
    ['PRODUCER_DRAINING', ['brokerDestroy', 'purgeQueue', 'purgeInFlight']],
    ['RECORD_REJECTED', ['invalidRecord', 'invalidTimestamp', 'policyViolation', 'invalidTopic']],
    [
      'BROKER_REJECTED',
      [
        'invalidMessage',
        'unknown',
        'invalidRequiredAcks',
        'unsupportedVersion',
        'invalidRequest',
        'unsupportedForMessageFormat',
        'outOfOrderSequenceNumber',
        'unsupportedCompressionType',
      ],
    ],
  ] as const)('means %s to a client for %j', (code, names) => {
    const codes = names.map((name) => deliveryError(RDKAFKA[name]).code)

    expect(new Set(codes)).toEqual(new Set([code]))
  })

  test('keeps its text with another code', () => {
    expect(deliveryError(RDKAFKA.messageTimedOut, 'BROKER_UNAVAILABLE')).toEqual({
      number: -192,
      text: 'Message production error: MessageTimedOut (Local: Message timed out)',
      code: 'BROKER_UNAVAILABLE',
    })
  })
})

describe('refusedError', () => {
  test('has the broker’s own reason', () => {
    const reason = 'Compacted topic cannot accept message without key in topic partition t-0'

    expect(refusedError(RDKAFKA.invalidRecord, reason)).toEqual({
      ...deliveryError(RDKAFKA.invalidRecord),
      detail: reason,
    })
  })

  test.each([undefined, ''])('is one object for each number without a reason (%j)', (reason) => {
    expect(refusedError(RDKAFKA.invalidRecord, reason)).toBe(deliveryError(RDKAFKA.invalidRecord))
  })

  test('keeps what is long, or not plain text, from replies and the log', () => {
    const long = refusedError(RDKAFKA.invalidRecord, 'x'.repeat(40_000)).detail
    const strange = refusedError(RDKAFKA.invalidRecord, 'a "b" \\ \u0000 \n \u{1f680}').detail

    expect(long).toBe(`${'x'.repeat(147)}...`)
    expect(refusedError(RDKAFKA.invalidRecord, 'x'.repeat(150)).detail).toBe('x'.repeat(150))
    expect(strange).toBe("a 'b' ? ? ? ??")
  })

  test('says of a topic that exists and is invalid that no client may write to it', () => {
    expect(refusedError(RDKAFKA.invalidTopic, undefined)).toMatchObject({
      ...{ number: 17, code: 'TOPIC_FORBIDDEN' },
      detail: 'no client may write to a topic that Kafka keeps for itself',
    })
  })
})

describe('timedOutError', () => {
  test.each([
    ['up', 'DELIVERY_TIMED_OUT'],
    ['down', 'BROKER_UNAVAILABLE'],
    ['unknown', 'BROKER_UNAVAILABLE'],
    ['authenticationFailed', 'AUTHENTICATION_FAILED'],
  ] as const)('with Kafka %s is %s', (availability, code) => {
    expect(timedOutError(availability)).toEqual({
      number: -192,
      text: 'Message production error: MessageTimedOut (Local: Message timed out)',
      code,
    })
  })
})

describe('unknownOutcome', () => {
  test('keeps the text, and tells the client that the outcome is unknown', () => {
    expect(unknownOutcome(deliveryError(29))).toEqual({
      number: 29,
      text: 'Message production error: TopicAuthorizationFailed (Broker: Topic authorization failed)',
      code: 'DELIVERY_TIMED_OUT',
    })
  })
})
