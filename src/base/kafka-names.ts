/** Names from Kafka and librdkafka that users configure and the producer uses. */

/** librdkafka's `compression.codec`; the index of a name is Kafka's number of the codec. */
export const COMPRESSION_CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** See {@link COMPRESSION_CODECS}. */
export type CompressionCodec = (typeof COMPRESSION_CODECS)[number]

/** librdkafka's `partitioner`. */
export const PARTITIONER_NAMES = [
  'consistent',
  'consistent_random',
  'murmur2',
  'murmur2_random',
  'fnv1a',
  'fnv1a_random',
  'random',
] as const

/** See {@link PARTITIONER_NAMES}. */
export type PartitionerName = (typeof PARTITIONER_NAMES)[number]

/** librdkafka's `sasl.mechanism`, except mechanisms that need a native library. */
export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const

/** See {@link SASL_MECHANISMS}. */
export type SaslMechanism = (typeof SASL_MECHANISMS)[number]
