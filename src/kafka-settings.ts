/** Translates the configuration's `kafka` section into what the producer and its transport are told. */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type { Config, KafkaConfig } from './config/types.ts'
import { ProxyError } from './errors.ts'
import type { KafkajsTransportSettings } from './producer/kafkajs/kafkajs-transport.ts'
import type { Room } from './producer/queue-room.ts'
import { LIBRDKAFKA_DEFAULTS, type ProducerSettings } from './producer/settings.ts'

/**
 * librdkafka gives a connection 30 s, and tries all brokers at once; kafkajs tries one after another, so
 * that an address which swallows packets must not keep it from the others for long.
 */
const CONNECT_TIMEOUT_MS = 5_000

/** Settings of the queue. */
export function producerSettings({ kafka }: Config): ProducerSettings {
  return {
    ...LIBRDKAFKA_DEFAULTS,
    messageMaxBytes: kafka.messageMaxBytes,
    queueBufferingMaxMessages: kafka.queueBufferingMaxMessages,
    queueBufferingMaxKbytes: kafka.queueBufferingMaxKbytes,
    queueFullWaitMs: kafka.queueFullWaitMs,
    enableIdempotence: kafka.enableIdempotence,
    lingerMs: kafka.queueBufferingMaxMs,
    partitioner: kafka.partitioner,
    retries: kafka.retries,
    messageTimeoutMs: kafka.messageTimeoutMs,
    requestTimeoutMs: kafka.requestTimeoutMs,
    requiredAcks: kafka.requestRequiredAcks,
    // librdkafka's rule where sticky.partitioning.linger.ms is not set.
    stickyPartitioningLingerMs: 2 * kafka.queueBufferingMaxMs,
    topicMetadataPropagationMaxMs: kafka.topicMetadataPropagationMaxMs,
  }
}

/** The limits of the queue; a great number where there is none. */
export function totalRoom({ kafka }: Config): Room {
  return {
    records: kafka.queueBufferingMaxMessages || Number.MAX_SAFE_INTEGER,
    bytes: kafka.queueBufferingMaxKbytes * 1024,
  }
}

/**
 * Settings of the transport.
 *
 * @throws ProxyError CONFIG_INVALID when a file of `kafka.ssl` cannot be read.
 */
export function transportSettings({ kafka, logLevel }: Config): KafkajsTransportSettings {
  return {
    brokers: kafka.brokers,
    clientId: kafka.clientId,
    ssl: kafka.securityProtocol.endsWith('ssl') ? tlsOptions(kafka.ssl) : undefined,
    sasl: kafka.securityProtocol.startsWith('sasl_') ? saslOptions(kafka) : undefined,
    allowAutoTopicCreation: true,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    socketTimeoutMs: LIBRDKAFKA_DEFAULTS.socketTimeoutMs,
    reconnectBackoffMs: LIBRDKAFKA_DEFAULTS.reconnectBackoffMs,
    reconnectBackoffMaxMs: LIBRDKAFKA_DEFAULTS.reconnectBackoffMaxMs,
    isDebugLogged: logLevel === 'debug',
  }
}

function saslOptions({
  saslMechanism: mechanism,
  saslOauthbearerToken: token,
  user: username,
  password,
}: KafkaConfig): KafkajsTransportSettings['sasl'] {
  if (mechanism === 'oauthbearer') {
    return { mechanism, oauthBearerProvider: () => Promise.resolve({ value: token }) }
  }
  return { mechanism, username, password }
}

function tlsOptions({
  caFile,
  certFile,
  keyFile,
  keyPassword,
}: KafkaConfig['ssl']): ConnectionOptions {
  return {
    ...(caFile !== '' && { ca: readPem('kafka.ssl.ca_file', caFile) }),
    ...(certFile !== '' && { cert: readPem('kafka.ssl.cert_file', certFile) }),
    ...(keyFile !== '' && { key: readPem('kafka.ssl.key_file', keyFile) }),
    ...(keyPassword !== '' && { passphrase: keyPassword }),
  }
}

function readPem(key: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ProxyError('CONFIG_INVALID', `${key}: cannot read "${path}": ${reason}`, { cause })
  }
}
