/** Converts the `kafka` section of the configuration to the options of the producer and its transport. */
import type { Config, KafkaConfig } from '../config/types.ts'
import { credentialsReader } from './kafka-credentials.ts'
import { saslOf, tlsOf } from './kafka-security.ts'
import type { KafkajsTransportSettings } from '../producer/kafkajs/settings.ts'
import type { Room } from '../producer/queue-room.ts'
import type { ProducerSettings } from '../producer/settings.ts'
import type { StatisticsSettings } from '../producer/statistics/statistics.ts'
import { queueMemoryMaxBytes } from './queue-memory.ts'

/** Validity of topic metadata if there is no refresh interval, ms (librdkafka's default). */
const METADATA_MAX_AGE_MS = 900_000
/** Longest reconnect backoff, ms, unless the first is longer. */
const RECONNECT_BACKOFF_MAX_MS = 1_000
/** librdkafka's maximum for keeping records without a key on one partition, ms. */
const STICKY_LINGER_MAX_MS = 900_000

/** Options of the queue. @param workers - processes that share the limits on topics and on memory. */
export function producerSettings(config: Config, workers = 1): ProducerSettings {
  const { kafka } = config
  const { properties } = kafka
  const retryBackoffMs = properties['retry.backoff.ms']
  const codec = properties['compression.codec']
  return {
    messageMaxBytes: kafka.messageMaxBytes,
    queueBufferingMaxMessages: kafka.queueBufferingMaxMessages,
    queueBufferingMaxKbytes: kafka.queueBufferingMaxKbytes,
    queueMemoryMaxBytes: queueMemoryMaxBytes(config, workers),
    mayCreateTopics: properties['allow.auto.create.topics'],
    maxTopicCreationsPerMinute: kafka.maxTopicCreationsPerMinute / workers,
    maxUnknownTopics: Math.ceil(kafka.maxUnknownTopics / workers),
    enableIdempotence: kafka.enableIdempotence,
    lingerMs: kafka.queueBufferingMaxMs,
    batchNumMessages: properties['batch.num.messages'],
    batchSizeBytes: properties['batch.size'],
    compressionCodec: codec === 'inherit' ? 'none' : codec,
    compressionLevel: properties['compression.level'],
    partitioner: kafka.partitioner,
    // librdkafka's rule if it is not set.
    stickyPartitioningLingerMs:
      properties['sticky.partitioning.linger.ms'] ??
      Math.min(STICKY_LINGER_MAX_MS, 2 * kafka.queueBufferingMaxMs),
    retries: kafka.retries,
    retryBackoffMs,
    retryBackoffMaxMs: properties['retry.backoff.max.ms'],
    requestTimeoutMs: kafka.requestTimeoutMs,
    requiredAcks: kafka.requestRequiredAcks,
    socketTimeoutMs: properties['socket.timeout.ms'],
    maxInFlight: properties['max.in.flight.requests.per.connection'],
    ...metadataSettings(kafka, retryBackoffMs),
  }
}

function metadataSettings(
  { properties, topicMetadataPropagationMaxMs }: KafkaConfig,
  retryBackoffMs: number,
): Pick<
  ProducerSettings,
  | 'topicMetadataRefreshIntervalMs'
  | 'topicMetadataRefreshFastIntervalMs'
  | 'topicMetadataPropagationMaxMs'
  | 'metadataMaxAgeMs'
> {
  const intervalMs = properties['topic.metadata.refresh.interval.ms']
  const maxAgeMs = intervalMs > 0 ? 3 * intervalMs : METADATA_MAX_AGE_MS
  return {
    topicMetadataRefreshIntervalMs: intervalMs > 0 ? intervalMs : Infinity,
    topicMetadataRefreshFastIntervalMs:
      properties['topic.metadata.refresh.fast.interval.ms'] ?? retryBackoffMs,
    topicMetadataPropagationMaxMs,
    metadataMaxAgeMs: properties['metadata.max.age.ms'] ?? maxAgeMs,
  }
}

/** Options of the statistics; `undefined` if they are off. @param number - of this one of several producers. */
export function statisticsSettings(
  { kafka }: Config,
  number: number,
): StatisticsSettings | undefined {
  if (kafka.statisticsIntervalMs === 0) return undefined
  return {
    clientId: kafka.clientId,
    brokers: kafka.brokers,
    intervalMs: kafka.statisticsIntervalMs,
    queueBufferingMaxMessages: kafka.queueBufferingMaxMessages,
    queueBufferingMaxKbytes: kafka.queueBufferingMaxKbytes,
    number,
  }
}

/** The limits of the queue; a very large number for no limit. */
export function totalRoom({ kafka }: Config): Room {
  return {
    records: kafka.queueBufferingMaxMessages || Number.MAX_SAFE_INTEGER,
    bytes: kafka.queueBufferingMaxKbytes * 1024,
  }
}

/** Options of the transport. @throws ProxyError CONFIG_INVALID if a file of `kafka.ssl` cannot be used. */
export function transportSettings(config: Config): KafkajsTransportSettings {
  const { kafka, logLevel } = config
  const { properties } = kafka
  const reconnectBackoffMs = properties['reconnect.backoff.ms']
  return {
    brokers: kafka.brokers,
    rebootstrap: {
      isAllowed: properties['metadata.recovery.strategy'] === 'rebootstrap',
      triggerMs: properties['metadata.recovery.rebootstrap.trigger.ms'],
    },
    clientId: kafka.clientId,
    ssl: tlsOf(kafka),
    sasl: saslOf(kafka),
    renewal: credentialsReader(config),
    connectTimeoutMs: properties['socket.connection.setup.timeout.ms'],
    socketTimeoutMs: properties['socket.timeout.ms'],
    socket: {
      family: properties['broker.address.family'],
      keepAlive: properties['socket.keepalive.enable'],
      noDelay: properties['socket.nagle.disable'],
    },
    maxIdleMs: properties['connections.max.idle.ms'],
    maxAnswerBytes: properties['receive.message.max.bytes'],
    reconnectBackoffMs,
    reconnectBackoffMaxMs:
      properties['reconnect.backoff.max.ms'] ??
      Math.max(RECONNECT_BACKOFF_MAX_MS, reconnectBackoffMs),
    isDebugLogged: logLevel === 'debug',
  }
}
