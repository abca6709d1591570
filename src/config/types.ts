import type { PartitionerName, SaslMechanism } from '../base/kafka-names.ts'
import type { LogLevel } from '../base/log-level.ts'
import type { PropertyValues } from './properties/catalog.ts'

/**
 * The configuration once loaded: every key present, checked, frozen. Key `a_b` of the YAML file is
 * `aB` here; meaning, unit, range and default of each are in `schema.ts`, from which the
 * documentation is made.
 */
export interface Config {
  readonly kafka: KafkaConfig
  readonly http: HttpConfig
  readonly outputFile: string
  readonly logLevel: LogLevel
  /** `auto`: as many as there are cores. */
  readonly workers: number | 'auto'
  readonly ratelimit: RatelimitConfig
  readonly shutdown: ShutdownConfig
  /** What an operator should know of the configuration, a line each. */
  readonly warnings: readonly string[]
}

/** `kafka.*`. */
export interface KafkaConfig {
  /** `host:port`, the port always present; IPv6 hosts in brackets. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly user: string
  readonly password: string
  readonly securityProtocol: SecurityProtocol
  readonly saslMechanism: SaslMechanism
  readonly saslOauthbearerToken: string
  readonly ssl: KafkaSslConfig
  readonly messageMaxBytes: number
  readonly queueBufferingMaxMessages: number
  readonly queueBufferingMaxMs: number
  readonly queueBufferingMaxKbytes: number
  /** 0: half of what the process may use. */
  readonly queueMemoryMaxKbytes: number
  readonly queueFullWaitMs: number
  readonly partitioner: PartitionerName
  readonly enableIdempotence: boolean
  readonly retries: number
  readonly messageTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly requestRequiredAcks: number
  readonly statisticsIntervalMs: number
  readonly topicMetadataPropagationMaxMs: number
  readonly maxUnknownTopics: number
  readonly maxTopicCreationsPerMinute: number
  /** The properties of librdkafka that are no other names of the above, by their usual names. */
  readonly properties: PropertyValues
}

/** librdkafka's `security.protocol`. */
export type SecurityProtocol = 'plaintext' | 'ssl' | 'sasl_plaintext' | 'sasl_ssl'

/** `kafka.ssl.*`: PEM files; empty where not used. */
export interface KafkaSslConfig {
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
  readonly keyPassword: string
}

/** `http.*`. */
export interface HttpConfig {
  readonly host: string
  readonly port: number
  readonly metricsPort: number
  readonly maxBodyBytes: number
  readonly maxCompressionRatio: number
  readonly maxRecordsPerRequest: number
  readonly maxTopicsPerRequest: number
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly unknownFields: 'ignore' | 'reject'
}

/** `ratelimit.*`. */
export interface RatelimitConfig {
  readonly enabled: boolean
  readonly rules: readonly RatelimitRule[]
}

/** One topic's limit, counted per record over a sliding minute. */
export interface RatelimitRule {
  readonly topicName: string
  readonly maxRequestsPerMinute: number
}

/** `shutdown.*`. */
export interface ShutdownConfig {
  /** How long draining may take, in all, before what is left is given up. */
  readonly timeoutMs: number
  /** How long pushes are still served after `/readyz` began to fail, so that load balancers notice. */
  readonly drainDelayMs: number
}
