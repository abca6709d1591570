import type { CompressionCodec, PartitionerName } from '../base/kafka-names.ts'

/**
 * What the producer is told, in librdkafka's terms; every limit and time is checked by the
 * configuration before it gets here.
 */
export interface ProducerSettings {
  /** `message.max.bytes`: bound on one record (36 + key + value + headers) and on one batch. */
  readonly messageMaxBytes: number
  /** `queue.buffering.max.messages`: records admitted and not yet reported; 0 means no limit. */
  readonly queueBufferingMaxMessages: number
  /** `queue.buffering.max.kbytes`: their value bytes, in KiB. */
  readonly queueBufferingMaxKbytes: number
  /** `queue_memory_max_kbytes` in bytes: all memory that records of this process hold. */
  readonly queueMemoryMaxBytes: number
  /** `compression.codec`: how the records of a batch are compressed. */
  readonly compressionCodec: CompressionCodec
  /** `compression.level`: how hard; -1 for the codec's usual level, and one that it lacks for the nearest. */
  readonly compressionLevel: number
  /** `queue.buffering.max.ms`: how long the first record of a batch waits for more. */
  readonly lingerMs: number
  /** `batch.num.messages`. */
  readonly batchNumMessages: number
  /** `batch.size`, framing included. */
  readonly batchSizeBytes: number
  /** `retries`: how often one batch is sent again after errors that count. */
  readonly retries: number
  /** `retry.backoff.ms`, doubled with each further retry. */
  readonly retryBackoffMs: number
  /** `retry.backoff.max.ms`. */
  readonly retryBackoffMaxMs: number
  /** `request.timeout.ms`: how long the broker may wait for its replicas. */
  readonly requestTimeoutMs: number
  /** `request.required.acks`: 0, 1 or -1 (all in-sync replicas). */
  readonly requiredAcks: number
  /** `enable.idempotence`: no record is stored twice; takes `requiredAcks` -1. */
  readonly enableIdempotence: boolean
  /** `socket.timeout.ms`: how long kprf waits for an answer before it gives the connection up. */
  readonly socketTimeoutMs: number
  /** `max.in.flight`: requests in flight to one broker; of a partition there is only ever one batch in flight. */
  readonly maxInFlight: number
  /** `partitioner`. */
  readonly partitioner: PartitionerName
  /** `sticky.partitioning.linger.ms`: how long records without a key stay on one partition. */
  readonly stickyPartitioningLingerMs: number
  /** `topic.metadata.refresh.interval.ms`; Infinity where nobody asks without need. */
  readonly topicMetadataRefreshIntervalMs: number
  /** `topic.metadata.refresh.fast.interval.ms`: between questions about a topic that misses a leader. */
  readonly topicMetadataRefreshFastIntervalMs: number
  /** `metadata.max.age.ms`: an answer older than this does not count, and a topic unused for so long is forgotten. */
  readonly metadataMaxAgeMs: number
  /** `topic.metadata.propagation.max.ms`: grace for a topic that the brokers say does not exist. */
  readonly topicMetadataPropagationMaxMs: number
  /** `allow.auto.create.topics`: whether brokers are asked to create topics that do not exist. */
  readonly mayCreateTopics: boolean
  /** How many topics brokers are asked to create in a minute; 0 means no limit, and fractions are shares of one. */
  readonly maxTopicCreationsPerMinute: number
  /** How many topics may have records, or be remembered, that no broker says exist. */
  readonly maxUnknownTopics: number
}
