/**
 * Types of the unpublished parts of kafkajs 2.2.4 that the transport uses. kafkajs is pinned to exactly this
 * version.
 */

declare module 'kafkajs/src/loggers/index.js' {
  import type { logCreator, Logger, logLevel } from 'kafkajs'
  export const LEVELS: typeof logLevel
  export function createLogger(options: { level: number; logCreator: logCreator }): Logger
}

declare module 'kafkajs/src/producer/index.js' {
  import type { ICustomPartitioner, Logger, Producer, RetryOptions } from 'kafkajs'
  import type Cluster from 'kafkajs/src/cluster/index.js'
  export default function createProducer(options: {
    readonly cluster: Cluster
    readonly logger: Logger
    readonly createPartitioner: ICustomPartitioner
    readonly retry: RetryOptions
  }): Producer
}

declare module 'kafkajs/src/cluster/index.js' {
  import type { ISocketFactory, Logger, Mechanism, RetryOptions, SASLOptions } from 'kafkajs'
  import type Broker from 'kafkajs/src/broker/index.js'
  import type { BrokerOptions, ConnectionPool } from 'kafkajs/src/broker/index.js'

  export interface ClusterOptions {
    readonly brokers: string[]
    readonly clientId: string
    readonly ssl: object | undefined
    readonly sasl: SASLOptions | Mechanism | undefined
    readonly connectionTimeout: number
    readonly authenticationTimeout: number
    readonly requestTimeout: number
    readonly enforceRequestTimeout: boolean
    readonly allowAutoTopicCreation: boolean
    readonly retry: RetryOptions
    readonly socketFactory: ISocketFactory
    readonly logger: Logger
  }

  export interface BrokerPool {
    brokers: Record<string, Broker>
    createBroker: (options: BrokerOptions) => Broker
  }

  export default class Cluster {
    constructor(options: ClusterOptions)
    readonly rootLogger: Logger
    readonly brokerPool: BrokerPool
    readonly connectionPoolBuilder: {
      build(destination: {
        host: string
        port: number
        rack: string | null
      }): Promise<ConnectionPool>
    }
    isConnected(): boolean
    connect(): Promise<void>
    disconnect(): Promise<void>
    removeBroker(): void
    addMultipleTargetTopics(topics: string[]): Promise<void>
    refreshMetadata(): Promise<void>
    refreshMetadataIfNecessary(): Promise<void>
    findBroker(options: { nodeId: string }): Promise<Broker>
    findTopicPartitionMetadata(topic: string): readonly { partitionId: number }[]
    findLeaderForPartitions(
      topic: string,
      partitions: readonly (number | string)[],
    ): Readonly<Record<string, readonly number[]>>
  }
}

declare module 'kafkajs/src/broker/index.js' {
  import type { Socket } from 'node:net'
  import type { Logger } from 'kafkajs'
  import type {
    ProtocolRequest,
    RawInitProducerIdResponse,
    RawProduceResponse,
  } from 'kafkajs/src/protocol/requests/index.js'

  export interface RawMetadata {
    readonly brokers: readonly {
      readonly nodeId: number
      readonly host: string
      readonly port: number
      readonly rack?: string | null
    }[]
    /** From version 2 on. */
    readonly clusterId?: string | null
    /** From version 1 on; -1 if there is none. */
    readonly controllerId?: number
    readonly topicMetadata: readonly {
      readonly topicErrorCode: number
      readonly topic: string
      /** From version 1 on. */
      readonly isInternal?: boolean
      readonly partitionMetadata: readonly {
        readonly partitionErrorCode: number
        readonly partitionId: number
        /** -1 if there is none. */
        readonly leader: number
        readonly replicas: readonly number[]
        readonly isr: readonly number[]
      }[]
    }[]
  }

  export interface PushedRequest {
    readonly entry: {
      readonly apiKey: number
      readonly apiName: string
      readonly apiVersion: number
      readonly correlationId: number
      readonly resolve: (answer: { payload: Buffer | null }) => void
      readonly reject: (error: unknown) => void
    }
    readonly expectResponse: boolean
    readonly sendRequest: () => void
  }

  /** Lowest and highest version of each request, by its number. */
  export type ApiVersions = Record<
    number,
    { readonly minVersion: number; readonly maxVersion: number } | undefined
  >

  export interface Connection {
    readonly socket: Socket | undefined
    /** Received bytes of an incomplete answer. */
    chunks: Buffer[]
    bytesBuffered: number
    bytesNeeded: number
    readonly clientId: string
    readonly sasl: object | null | undefined
    /** Waits for the answer to a SASL step; kafkajs notifies it only of the end of the connection. */
    readonly authHandlers: { readonly onError: () => void } | null
    /** Milliseconds, in kafkajs's own big integer; 0 for no end. */
    readonly sessionLifetime: { toString(): string }
    /** Milliseconds before the end of a session at which it is renewed. */
    readonly reauthenticationThreshold: number
    isConnected(): boolean
    isAuthenticated(): boolean
    setVersions(versions: ApiVersions): void
    /** Whether SASL tokens are sent in Kafka requests, or without a frame. */
    setSupportAuthenticationProtocol(isSupported: boolean): void
    authenticate: () => Promise<void>
    failIfNotConnected(): void
    nextCorrelationId(): number
    connect: () => Promise<unknown>
    processData: (data: Buffer) => void
    readonly requestQueue: {
      readonly inflight: Map<number, unknown>
      readonly pending: readonly unknown[]
      fulfillRequest: (answer: { readonly correlationId: number }) => void
      scheduleCheckPendingRequests: () => void
      maybeThrottle: (clientSideThrottleTime: number | undefined) => void
      /** Until when requests are held back, by `Date.now()`. */
      throttledUntil: number
      /** Sends a request, now or when the broker's throttling ends. */
      push: (request: PushedRequest) => void
    }
    send<Answer>(request: ProtocolRequest<Answer>): Promise<Answer>
  }

  export interface ConnectionPool {
    readonly host: string
    readonly port: number
    readonly ssl: object | null | undefined
    readonly sasl: object | null | undefined
    rack: string | null
    /** Two: the first for all requests but Fetch, the second for Fetch. */
    readonly pool: readonly Connection[]
    isConnected(): boolean
    /** Connects it if it is not connected. */
    getConnection(index: number): Promise<Connection>
  }

  export interface BrokerOptions {
    readonly connectionPool: ConnectionPool
    readonly logger: Logger
    readonly nodeId?: number
    readonly versions?: unknown
    readonly authenticationTimeout?: number
    readonly allowAutoTopicCreation?: boolean
  }

  export interface ProduceArguments {
    readonly acks: number
    readonly timeout: number
    readonly topicData: readonly {
      readonly topic: string
      readonly partitions: readonly {
        readonly partition: number
        readonly messages: readonly unknown[]
      }[]
    }[]
  }

  export default class Broker {
    constructor(options: BrokerOptions)
    nodeId: number | null
    readonly brokerAddress: string
    readonly allowAutoTopicCreation: boolean
    connectionPool: ConnectionPool
    lock: object
    versions: ApiVersions | null
    apiVersions(): Promise<ApiVersions>
    isConnected(): boolean
    connect(): Promise<void>
    disconnect(): Promise<void>
    metadata(topics: readonly string[]): Promise<RawMetadata>
    produce(request: ProduceArguments): Promise<RawProduceResponse>
    initProducerId(options: { transactionalId: null }): Promise<RawInitProducerIdResponse>
  }
}

declare module 'kafkajs/src/utils/lock.js' {
  export default class Lock {
    constructor(options: { timeout: number; description: string })
    acquire(): Promise<void>
    release(): Promise<void>
  }
}

declare module 'kafkajs/src/errors.js' {
  export { KafkaJSConnectionError } from 'kafkajs'
  export class KafkaJSSASLAuthenticationError extends Error {
    constructor(message: string)
  }
}
