/** Options of an embedded cluster, and their defaults. */
import { createServer, type Server, type Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Denial } from './access-control.ts'
import type { BrokerClock } from './clock.ts'
import { systemClock } from './clock.ts'
import type { SaslMechanism } from './sasl/mechanism.ts'

/** A topic that exists from the start. */
export interface TopicOptions {
  /** @defaultValue the cluster's `defaultPartitions` */
  readonly partitions?: number
  /** Largest batch accepted, bytes. @defaultValue the cluster's `maxMessageBytes` */
  readonly maxMessageBytes?: number
  /** Further configuration, by Kafka's keys, such as `cleanup.policy`. @defaultValue Kafka's defaults */
  readonly configs?: Readonly<Record<string, string>>
}

/** The users that may connect, and the SASL mechanisms. */
export interface SaslOptions {
  /** @defaultValue all that are served */
  readonly mechanisms?: readonly SaslMechanism[]
  /** Passwords by user name, for all mechanisms but OAUTHBEARER, whose tokens need none. */
  readonly users: Readonly<Record<string, string>>
}

/** Options of {@link EmbeddedCluster.start}. */
export interface EmbeddedClusterOptions {
  /** Brokers, numbered from 1. @defaultValue 1 */
  readonly brokers?: number
  /** Port of the first broker, the others following it; 0 takes free ports. @defaultValue 0 */
  readonly port?: number
  /** Host name in metadata; the brokers listen on 127.0.0.1 whatever it says. @defaultValue '127.0.0.1' */
  readonly advertisedHost?: string
  /** Topics to create at the start, by name. */
  readonly topics?: Readonly<Record<string, TopicOptions>>
  /** Whether a metadata request creates the topics it names. @defaultValue true */
  readonly autoCreateTopics?: boolean
  /** Partitions of a topic without its own number. @defaultValue 4 */
  readonly defaultPartitions?: number
  /** Largest batch accepted, bytes, as Kafka's `message.max.bytes`. @defaultValue 1048588 */
  readonly maxMessageBytes?: number
  /** Largest request, bytes, as Kafka's `socket.request.max.bytes`. @defaultValue 104857600 */
  readonly maxRequestBytes?: number
  /** Bytes kept per partition; the oldest batches beyond it are dropped. @defaultValue 16777216 */
  readonly partitionMaxBytes?: number
  /** Partitions of all topics together; creation beyond it is refused. @defaultValue 10000 */
  readonly maxPartitions?: number
  /**
   * The scope of the epoch of an idempotent producer. Kafka keeps one epoch in each partition that the producer
   * writes to; some other brokers keep one per producer for all partitions.
   *
   * @defaultValue 'partition'
   */
  readonly producerEpochs?: 'partition' | 'producer'
  /** TLS for every connection: certificate, key, whether to ask for the client's. @defaultValue none */
  readonly tls?: TlsOptions
  /** Makes every client authenticate. @defaultValue none */
  readonly sasl?: SaslOptions
  /** Rights taken away from clients. @defaultValue none */
  readonly denials?: readonly Denial[]
  /** Where time comes from. @defaultValue the machine's clock */
  readonly clock?: BrokerClock
  /** Makes the listener of a broker without TLS. @defaultValue that of `node:net` */
  readonly createServer?: (onConnection: (socket: Socket) => void) => Server
  /** Called for an error inside the broker. @defaultValue a warning of the process */
  readonly onInternalError?: (error: unknown) => void
}

/** {@link EmbeddedClusterOptions} with every default applied. */
export type EmbeddedClusterSettings = Readonly<
  Required<Omit<EmbeddedClusterOptions, 'tls' | 'sasl'>>
> &
  Pick<EmbeddedClusterOptions, 'tls' | 'sasl'>

const defaults = {
  brokers: 1,
  port: 0,
  advertisedHost: '127.0.0.1',
  topics: {},
  autoCreateTopics: true,
  defaultPartitions: 4,
  maxMessageBytes: 1_048_588,
  maxRequestBytes: 104_857_600,
  partitionMaxBytes: 16_777_216,
  maxPartitions: 10_000,
  producerEpochs: 'partition',
  denials: [],
  clock: systemClock,
  createServer: (onConnection) => createServer(onConnection),
  onInternalError: (error: unknown): void => {
    process.emitWarning(error instanceof Error ? error : String(error))
  },
} satisfies EmbeddedClusterSettings

/** Applies the defaults. */
export function settingsFrom(options: EmbeddedClusterOptions): EmbeddedClusterSettings {
  return { ...defaults, ...options }
}
