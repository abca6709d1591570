import type { ClusterAnswer, WantedTopics } from '../base/cluster-description.ts'
import type { CompressionCodec } from '../base/kafka-names.ts'

/** The Kafka client as the producer sees it. All details of a client library stay behind this interface. */
export interface Transport {
  /** Starts to connect, and retries without end. Returns at once. */
  start(listener: TransportListener): void

  /**
   * Asks a broker about topics; an empty list asks only for the brokers. Missing topics are created only if the
   * options allow it.
   *
   * @throws TransportError if no broker answered.
   */
  fetchMetadata(topics: readonly string[], options?: MetadataOptions): Promise<MetadataSnapshot>

  /**
   * Asks a broker to describe topics to clients. Creates no topic, and changes nothing of what is known of leaders and
   * of the availability of Kafka: a client that asks must not affect records. Waits for its turn behind other questions.
   *
   * @throws TransportError if no broker answered.
   */
  describe(topics: WantedTopics): Promise<ClusterAnswer>

  /**
   * Gets a unique identity for the batches of {@link ProduceRequest}s.
   *
   * @throws TransportError if no broker answered, or if Kafka refuses.
   */
  initProducerId(): Promise<ProducerIdentity>

  /** Sends batches to the leader of their partitions. After a timeout, the connection is closed. */
  produce(request: ProduceRequest): ProduceAttempt

  /** Whether Kafka can be reached, by the last attempt. */
  readonly availability: Availability

  /** Time since a broker last answered about topics; `undefined` before the first answer. */
  readonly metadataAgeMs: number | undefined

  /** Gives up requests in flight and closes all connections. Takes at most a few seconds. */
  close(): Promise<void>
}

/** Options of a metadata request. */
export interface MetadataOptions {
  /** Whether the broker may create missing topics. @defaultValue false */
  readonly mayCreate?: boolean
}

/** Receives events that the producer acts on. */
export interface TransportListener {
  /** Kafka has become reachable. */
  onAvailable(): void
  /** A leader has been silent for so long that it may have lost its role: the topic should be refreshed. */
  onStalled(topic: string): void
}

/** Distinguishes the batches of idempotent producers. */
export interface ProducerIdentity {
  readonly producerId: bigint
  readonly epoch: number
}

/**
 * `unknown` until the first attempt has ended; `leadersUnreachable` if a broker answers at a bootstrap address, but none
 * at the addresses that the brokers advertise, which records are sent to; `tlsFailed` if TLS failed, before
 * authentication; `tokenMissing` if kprf has no token to send.
 */
export type Availability =
  | 'unknown'
  | 'up'
  | 'down'
  | 'leadersUnreachable'
  | 'tlsFailed'
  | 'authenticationFailed'
  | 'tokenMissing'

/** Batches of partitions with the same leader, in one request. */
export interface ProduceRequest {
  /** Node id of the broker. */
  readonly leader: number
  readonly batches: readonly EncodedBatch[]
  /** 0, 1 or -1. */
  readonly requiredAcks: number
  /** How long the broker may wait for its replicas, ms. */
  readonly ackTimeoutMs: number
  /** Timeout of the request, including the time to connect, ms. */
  readonly requestTimeoutMs: number
}

/** One batch of one partition, encoded. */
export interface EncodedBatch {
  readonly topic: string
  readonly partition: number
  /** A whole record batch, format 2. The transport may read it only until the attempt ends. */
  readonly pieces: readonly Buffer[]
  /** Bytes of all pieces. */
  readonly sizeBytes: number
  /** How its records are compressed. @defaultValue not at all */
  readonly codec?: CompressionCodec
}

/** A produce request in progress. */
export interface ProduceAttempt {
  /** The outcome of each batch, in order. Resolves within `requestTimeoutMs`; never rejects. */
  readonly outcomes: Promise<readonly ProduceOutcome[]>
  /** Whether the broker may have received the request by now. */
  readonly wasSent: boolean
  /** Abandons the request: if it was not sent, it never will be; if it was, its connection is closed. */
  abandon(): void
}

/** The outcome of one batch of a produce request. */
export type ProduceOutcome =
  | {
      readonly status: 'acknowledged'
      /** Offset of the first record; `undefined` if Kafka reports none (acks 0). */
      readonly baseOffset: bigint | undefined
      /** The broker's timestamp, ms, if the topic uses LogAppendTime. */
      readonly logAppendTimeMs: number | undefined
    }
  | {
      /** The broker answered with an error. */
      readonly status: 'refused'
      /** Kafka's error code. */
      readonly errorNumber: number
      /** Why it refuses the batch, in its own words. */
      readonly reason?: string
      /** The records at fault; none if the broker does not say which (before Kafka 2.4). */
      readonly faults?: readonly RecordFault[]
    }
  | {
      /** There was no answer. */
      readonly status: 'failed'
      /** librdkafka's number of a local error. */
      readonly errorNumber: number
      /** Whether the broker may have received the request. */
      readonly wasSent: boolean
      /** The message of the client library, for the log. */
      readonly reason: string
    }

/** A record because of which a broker refuses its batch. */
export interface RecordFault {
  /** In the batch as it was sent. */
  readonly position: number
  /** What is wrong with it, in the broker's own words. */
  readonly reason: string | undefined
}

/** A broker's answer about topics. */
export interface MetadataSnapshot {
  readonly brokers: readonly BrokerAddress[]
  readonly topics: readonly TopicSnapshot[]
}

/** The address of a broker. */
export interface BrokerAddress {
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

/** A broker's answer about one topic. */
export interface TopicSnapshot {
  readonly name: string
  /** Kafka's error code for the topic; 0 means no error. */
  readonly errorNumber: number
  /** Whether Kafka keeps it for itself, such as `__consumer_offsets`. @defaultValue false */
  readonly isInternal?: boolean
  /** Node ids of the leaders by partition number; `undefined` for a partition without a leader. */
  readonly leaders: readonly (number | undefined)[]
}

/** No broker gave a usable answer. */
export class TransportError extends Error {
  /** librdkafka's number: -195 transport, -169 authentication, -185 timed out; positive from a broker. */
  readonly errorNumber: number

  constructor(errorNumber: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'TransportError'
    this.errorNumber = errorNumber
  }
}
