import type { CompressionCodec, PartitionerName } from '../base/kafka-names.ts'

/** The settings of the producer, in librdkafka's terms. The configuration has checked all of them. */
export interface ProducerSettings {
  /** `message.max.bytes`: limit for one record (36 + key + value + headers) and for one batch. */
  readonly messageMaxBytes: number
  /** `queue.buffering.max.messages`: records admitted and not yet reported; 0 means no limit. */
  readonly queueBufferingMaxMessages: number
  /** `queue.buffering.max.kbytes`: the bytes of their values, in KiB. */
  readonly queueBufferingMaxKbytes: number
  /** `queue_memory_max_kbytes` in bytes: all memory that records of this process hold. */
  readonly queueMemoryMaxBytes: number
  /** `compression.codec`: how the records of a batch are compressed. */
  readonly compressionCodec: CompressionCodec
  /** `compression.level`: -1 for the codec's default; a level that the codec lacks means the nearest one. */
  readonly compressionLevel: number
  /** `queue.buffering.max.ms`: how long the first record of a batch waits for more. */
  readonly lingerMs: number
  /** `batch.num.messages`. */
  readonly batchNumMessages: number
  /** `batch.size`, framing included. */
  readonly batchSizeBytes: number
  /** `retries`: how often a batch is sent again after errors that count. */
  readonly retries: number
  /** `retry.backoff.ms`, doubled with each further retry. */
  readonly retryBackoffMs: number
  /** `retry.backoff.max.ms`. */
  readonly retryBackoffMaxMs: number
  /** `request.timeout.ms`: how long the broker may wait for its replicas. */
  readonly requestTimeoutMs: number
  /** `request.required.acks`: 0, 1 or -1 (all in-sync replicas). */
  readonly requiredAcks: number
  /** `enable.idempotence`: no record is stored twice; requires `requiredAcks` -1. */
  readonly enableIdempotence: boolean
  /** `socket.timeout.ms`: how long kprf waits for an answer before it closes the connection. */
  readonly socketTimeoutMs: number
  /** `max.in.flight`: requests in flight to one broker. Each partition has at most one batch in flight. */
  readonly maxInFlight: number
  /** `partitioner`. */
  readonly partitioner: PartitionerName
  /** `sticky.partitioning.linger.ms`: how long records without a key stay on one partition. */
  readonly stickyPartitioningLingerMs: number
  /** `topic.metadata.refresh.interval.ms`; Infinity means that topics are asked about only if needed. */
  readonly topicMetadataRefreshIntervalMs: number
  /** `topic.metadata.refresh.fast.interval.ms`: the interval for a topic without a leader. */
  readonly topicMetadataRefreshFastIntervalMs: number
  /** `metadata.max.age.ms`: an older answer does not count, and a topic unused for this time is forgotten. */
  readonly metadataMaxAgeMs: number
  /** `topic.metadata.propagation.max.ms`: grace for a topic that the brokers say does not exist. */
  readonly topicMetadataPropagationMaxMs: number
  /** `allow.auto.create.topics`: whether brokers are asked to create topics that do not exist. */
  readonly mayCreateTopics: boolean
  /**
   * Topics that brokers are asked to create per minute; 0 means no limit. It may be a fraction: the share of one
   * process.
   */
  readonly maxTopicCreationsPerMinute: number
  /** Limit for the topics in use that no broker has confirmed. */
  readonly maxUnknownTopics: number
}
