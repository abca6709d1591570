/** From the sources to the frozen configuration the rest of kprf reads. */
import { resolveConfig } from './resolve.ts'
import type { ConfigSources, EffectiveValues } from './resolve.ts'
import type { Config, HttpConfig, KafkaConfig } from './types.ts'

/**
 * Loads the configuration: defaults, then the file of `--config`, then the environment, then flags;
 * later wins. The result is frozen, all through.
 *
 * @throws ProxyError CONFIG_INVALID, its message one line for each problem.
 */
export function loadConfig(sources: ConfigSources): Config {
  const { values, warnings } = resolveConfig(sources)
  return deepFreeze({
    kafka: kafkaConfig(values.kafka),
    http: httpConfig(values.http),
    outputFile: values.output_file,
    logLevel: values.log_level,
    workers: values.workers,
    ratelimit: {
      enabled: values.ratelimit.enabled,
      rules: values.ratelimit.rules.map((rule) => ({
        topicName: rule.topic_name,
        maxRequestsPerMinute: rule.max_requests_per_minute,
      })),
    },
    shutdown: {
      timeoutMs: values.shutdown.timeout_ms,
      drainDelayMs: values.shutdown.drain_delay_ms,
    },
    warnings,
  })
}

function kafkaConfig(kafka: EffectiveValues['kafka']): KafkaConfig {
  return {
    brokers: kafka.brokers,
    clientId: kafka.client_id,
    user: kafka.user,
    password: kafka.password,
    securityProtocol: kafka.security_protocol,
    saslMechanism: kafka.sasl_mechanism,
    saslOauthbearerToken: kafka.sasl_oauthbearer_token,
    ssl: {
      caFile: kafka.ssl.ca_file,
      certFile: kafka.ssl.cert_file,
      keyFile: kafka.ssl.key_file,
      keyPassword: kafka.ssl.key_password,
    },
    messageMaxBytes: kafka.message_max_bytes,
    queueBufferingMaxMessages: kafka.queue_buffering_max_messages,
    queueBufferingMaxMs: kafka.queue_buffering_max_ms,
    queueBufferingMaxKbytes: kafka.queue_buffering_max_kbytes,
    queueMemoryMaxKbytes: kafka.queue_memory_max_kbytes,
    queueFullWaitMs: kafka.queue_full_wait_ms,
    partitioner: kafka.partitioner,
    enableIdempotence: kafka.enable_idempotence,
    retries: kafka.retries,
    messageTimeoutMs: kafka.message_timeout_ms,
    requestTimeoutMs: kafka.request_timeout_ms,
    requestRequiredAcks: kafka.request_required_acks,
    statisticsIntervalMs: kafka.statistics_interval_ms,
    maxUnknownTopics: kafka.max_unknown_topics,
    maxTopicCreationsPerMinute: kafka.max_topic_creations_per_minute,
    topicMetadataPropagationMaxMs: kafka.topic_metadata_propagation_max_ms,
    properties: kafka.properties,
  }
}

function httpConfig(http: EffectiveValues['http']): HttpConfig {
  return {
    host: http.host,
    port: http.port,
    metricsPort: http.metrics_port,
    maxBodyBytes: http.max_body_bytes,
    maxCompressionRatio: http.max_compression_ratio,
    maxRecordsPerRequest: http.max_records_per_request,
    maxTopicsPerRequest: http.max_topics_per_request,
    maxConnections: http.max_connections,
    maxConnectionsPerAddress: http.max_connections_per_address,
    unknownFields: http.unknown_fields,
  }
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  const parts: readonly unknown[] = Object.values(value)
  for (const part of parts) deepFreeze(part)
  return Object.freeze(value)
}
