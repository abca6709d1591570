/** A small Kafka cluster in this process, on loopback. Nothing is kept when it closes. */
import type { Denial } from './access-control.ts'
import { BrokerServer } from './broker-server.ts'
import type { ClusterParts } from './cluster-parts.ts'
import { createParts } from './cluster-parts.ts'
import { Dispatcher, type Interceptor } from './dispatcher.ts'
import { createEndpoints } from './endpoints.ts'
import type { ArrivedRecord, NewestOptions, TopicSummary } from './newest-records.ts'
import { newestRecords, summaryOf } from './newest-records.ts'
import type { EmbeddedClusterOptions, EmbeddedClusterSettings, TopicOptions } from './options.ts'
import { settingsFrom } from './options.ts'
import { ErrorCode } from './protocol/error-code.ts'
import type { SaslSettings } from './sasl/authenticator.ts'
import { saslMechanisms } from './sasl/mechanism.ts'
import type { StoredRecord } from './stored-records.ts'
import { storedRecords } from './stored-records.ts'
import type { Partition, Topic } from './topic-catalog.ts'
import { NO_LEADER } from './topic-catalog.ts'
import { deleteTopic } from './topic-deletion.ts'

export type { EmbeddedClusterOptions } from './options.ts'

/** A running cluster. */
export class EmbeddedCluster {
  readonly #parts: ClusterParts
  readonly #brokers: readonly BrokerServer[]
  #connectionCount = 0

  protected constructor(settings: EmbeddedClusterSettings, interceptor?: Interceptor) {
    this.#parts = createParts(settings)
    const context = {
      dispatcher: new Dispatcher(createEndpoints(this.#parts), interceptor),
      maxRequestBytes: settings.maxRequestBytes,
      onInternalError: settings.onInternalError,
      tls: settings.tls,
      createServer: settings.createServer,
      sasl: saslSettings(settings),
      nextConnectionId: () => (this.#connectionCount += 1),
    }
    this.#brokers = Array.from({ length: settings.brokers }, (_, index) => {
      const port = settings.port === 0 ? 0 : settings.port + index
      return new BrokerServer({ ...context, brokerId: index + 1 }, port)
    })
  }

  /** Starts all brokers and creates the topics. Rejects when a port is taken. */
  static async start(options: EmbeddedClusterOptions = {}): Promise<EmbeddedCluster> {
    const cluster = new EmbeddedCluster(settingsFrom(options))
    await cluster.begin()
    return cluster
  }

  /** Starts all brokers and creates the topics. */
  protected async begin(): Promise<void> {
    try {
      for (const { id } of this.#brokers) await this.startBroker(id)
      for (const [name, topic] of Object.entries(this.#parts.settings.topics)) {
        this.createTopic(name, topic)
      }
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** `host:port` of every broker, whether up or not, with commas between. */
  get bootstrap(): string {
    return this.#brokers
      .map(({ port }) => `${this.#parts.settings.advertisedHost}:${port}`)
      .join(',')
  }

  /** Ids of all brokers, whether up or not. */
  get brokerIds(): readonly number[] {
    return this.#brokers.map(({ id }) => id)
  }

  /** Names of all topics. */
  topicNames(): readonly string[] {
    return this.#parts.catalog.topics().map(({ name }) => name)
  }

  /** Records stored in a topic, or in one partition: by partition, then by offset. */
  records(topicName: string, partition?: number): readonly StoredRecord[] {
    return this.#topic(topicName)
      .partitions.filter(({ index }) => partition === undefined || index === partition)
      .flatMap(({ index, log }) => storedRecords(index, log))
  }

  /** All topics, and how much is in each. */
  topicSummaries(): readonly TopicSummary[] {
    return this.#parts.catalog.topics().map(summaryOf)
  }

  /** The number of the batch that arrived last, in whatever topic; 0 before the first. */
  get latestArrival(): number {
    return this.#parts.catalog.arrivals.latest
  }

  /**
   * The newest records of a topic, or of all, in the order in which they arrived. Those that come later are found with
   * `after`, the former {@link EmbeddedCluster.latestArrival}. A topic that does not exist has none.
   */
  newestRecords(options: NewestOptions, topicName?: string): readonly ArrivedRecord[] {
    const { catalog } = this.#parts
    const topics = catalog
      .topics()
      .filter(({ name }) => topicName === undefined || name === topicName)
    return newestRecords(topics, options)
  }

  /** Creates a topic. Throws when Kafka would not. */
  createTopic(name: string, options: TopicOptions = {}): void {
    const { maxMessageBytes, configs = {}, ...wish } = options
    const limits: [string, string][] =
      maxMessageBytes === undefined ? [] : [['max.message.bytes', String(maxMessageBytes)]]
    const topic = { ...wish, configs: new Map([...limits, ...Object.entries(configs)]) }
    assertDone(this.#parts.catalog.create(name, topic), `create topic ${name}`)
  }

  /** Deletes a topic and its records. Throws if the topic does not exist. */
  deleteTopic(name: string): void {
    assertDone(deleteTopic(this.#parts, name), `delete topic ${name}`)
  }

  /** Raises the number of partitions of a topic to `count`. */
  addPartitions(topicName: string, count: number): void {
    assertDone(
      this.#parts.catalog.addPartitions(topicName, count),
      `add partitions to ${topicName}`,
    )
  }

  /** The broker that leads a partition, or -1. */
  leaderOf(topicName: string, partition: number): number {
    return this.#partition(topicName, partition).leaderId
  }

  /** Makes a broker the leader of a partition; -1 leaves it without one until a broker starts. */
  moveLeader(topicName: string, partition: number, brokerId: number): void {
    if (brokerId !== NO_LEADER) this.#broker(brokerId)
    this.#parts.catalog.moveLeader(this.#partition(topicName, partition), brokerId)
  }

  /** Starts a stopped broker, by default on its former port; partitions without a leader get one. */
  async startBroker(id: number, port?: number): Promise<void> {
    const broker = this.#broker(id)
    await broker.start(port)
    this.#parts.registry.add({ id, host: this.#parts.settings.advertisedHost, port: broker.port })
    this.#parts.catalog.brokerStarted()
  }

  /**
   * Stops a broker: its listener and connections close, and its partitions move to the next broker
   * that is up, or are left without a leader.
   */
  async stopBroker(id: number): Promise<void> {
    const broker = this.#broker(id)
    this.#parts.registry.remove(id)
    this.#parts.catalog.brokerStopped(id)
    await broker.stop()
  }

  /** Replaces the rights that are denied to clients. */
  setDenials(denials: readonly Denial[]): void {
    this.#parts.access.replace(denials)
  }

  /** Closes the client connections of a broker, or of all; they may connect again. */
  cutConnections(brokerId?: number): void {
    for (const broker of this.#brokers) {
      if (brokerId === undefined || broker.id === brokerId) broker.cutConnections()
    }
  }

  /** Closes everything. Requests in progress get no answer. */
  async close(): Promise<void> {
    await Promise.all(this.#brokers.map((broker) => broker.stop()))
  }

  #broker(id: number): BrokerServer {
    return found(
      this.#brokers.find((broker) => broker.id === id),
      `broker ${id}`,
    )
  }

  #topic(name: string): Topic {
    return found(this.#parts.catalog.topic(name), `topic ${name}`)
  }

  #partition(topicName: string, index: number): Partition {
    return found(this.#topic(topicName).partitions[index], `partition ${topicName}/${index}`)
  }
}

function saslSettings({ sasl, clock }: EmbeddedClusterSettings): SaslSettings | undefined {
  return (
    sasl && {
      mechanisms: sasl.mechanisms ?? saslMechanisms,
      users: new Map(Object.entries(sasl.users)),
      epochMs: () => clock.epochMs(),
    }
  )
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`)
  return value
}

function assertDone(errorCode: number, what: string): void {
  if (errorCode !== ErrorCode.NONE) throw new Error(`cannot ${what}: Kafka error ${errorCode}`)
}
