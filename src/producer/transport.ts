/**
 * The Kafka client as the producer sees it. Everything that is particular to one client library stays
 * behind this interface.
 */
export interface Transport {
  /**
   * Begins to connect, and goes on trying for as long as it takes. Returns at once.
   */
  start(listener: TransportListener): void

  /**
   * Asks a broker about topics. An empty list asks only which brokers there are. The broker creates none
   * unless it is told that it may.
   *
   * @throws TransportError when no broker answered.
   */
  fetchMetadata(topics: readonly string[], options?: MetadataOptions): Promise<MetadataSnapshot>

  /**
   * Gets an identity that no other producer has, for {@link ProduceRequest}s whose batches carry it.
   *
   * @throws TransportError when no broker answered, or Kafka gives none.
   */
  initProducerId(): Promise<ProducerIdentity>

  /**
   * Sends batches to the broker that leads their partitions. After a timeout the connection that they were
   * sent on is gone.
   */
  produce(request: ProduceRequest): ProduceAttempt

  /** Whether Kafka can be reached, as far as the last attempt tells. */
  readonly availability: Availability

  /** Time since a broker last answered about topics; `undefined` before the first answer. */
  readonly metadataAgeMs: number | undefined

  /** Gives up what is in flight and closes every connection. Takes at most a few seconds. */
  close(): Promise<void>
}

/** How topics are asked about. */
export interface MetadataOptions {
  /** Whether the broker may create those that do not exist. @defaultValue false */
  readonly mayCreate?: boolean
}

/** Learns what the producer should act upon. */
export interface TransportListener {
  /** Kafka has become reachable. */
  onAvailable(): void
  /** A leader has been silent for so long that it may be one no more: its topic is to be asked about. */
  onStalled(topic: string): void
}

/** By what Kafka tells the batches of one idempotent producer from those of others. */
export interface ProducerIdentity {
  readonly producerId: bigint
  readonly epoch: number
}

/**
 * `unknown` until the first attempt ended; `tlsFailed` where broker and kprf do not get as far as
 * credentials, `tokenMissing` where kprf has none to show.
 */
export type Availability =
  'unknown' | 'up' | 'down' | 'tlsFailed' | 'authenticationFailed' | 'tokenMissing'

/** Batches of several partitions that have the same leader, in one request. */
export interface ProduceRequest {
  /** Node id of the broker. */
  readonly leader: number
  readonly batches: readonly EncodedBatch[]
  /** 0, 1 or -1. */
  readonly requiredAcks: number
  /** Milliseconds that the broker may wait for its replicas. */
  readonly ackTimeoutMs: number
  /** Milliseconds until the request is given up, connecting included. */
  readonly requestTimeoutMs: number
}

/** One batch of one partition, encoded. */
export interface EncodedBatch {
  readonly topic: string
  readonly partition: number
  /** A whole record batch, format 2. The transport reads it until the attempt is over, and no longer. */
  readonly pieces: readonly Buffer[]
  /** Bytes of all pieces. */
  readonly sizeBytes: number
}

/** A produce request under way. */
export interface ProduceAttempt {
  /** What became of each batch, in their order. Resolves within `requestTimeoutMs`; never rejects. */
  readonly outcomes: Promise<readonly ProduceOutcome[]>
  /** Whether the broker may have received the request by now. */
  readonly wasSent: boolean
  /** Ends it: what was not sent yet never is, and what was sent loses its connection. */
  abandon(): void
}

/** What became of one batch of a produce request. */
export type ProduceOutcome =
  | {
      readonly status: 'acknowledged'
      /** Offset of the batch's first record; `undefined` where Kafka reports none (acks 0). */
      readonly baseOffset: bigint | undefined
      /** Set where the topic stamps records with the broker's time. */
      readonly logAppendTimeMs: number | undefined
    }
  | {
      /** The broker answered with an error. */
      readonly status: 'refused'
      /** Kafka's error code. */
      readonly errorNumber: number
    }
  | {
      /** There was no answer. */
      readonly status: 'failed'
      /** librdkafka's number of a local error. */
      readonly errorNumber: number
      /** Whether the broker may have received the request. */
      readonly wasSent: boolean
      /** The client library's own words, for the log. */
      readonly reason: string
    }

/** What brokers said about topics. */
export interface MetadataSnapshot {
  readonly brokers: readonly BrokerAddress[]
  readonly topics: readonly TopicSnapshot[]
}

/** Where a broker listens. */
export interface BrokerAddress {
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

/** One topic as a broker described it. */
export interface TopicSnapshot {
  readonly name: string
  /** Kafka's error code for the topic; 0 where there is none. */
  readonly errorNumber: number
  /** Node id of each partition's leader by partition number; `undefined` where it has none. */
  readonly leaders: readonly (number | undefined)[]
}

/** No broker gave an answer, or none that helps. */
export class TransportError extends Error {
  /** librdkafka's number: -195 transport, -169 authentication, -185 timed out; positive from a broker. */
  readonly errorNumber: number

  constructor(errorNumber: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'TransportError'
    this.errorNumber = errorNumber
  }
}
