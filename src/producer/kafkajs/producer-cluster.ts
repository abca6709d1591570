import type Broker from 'kafkajs/src/broker/index.js'
import type { BrokerOptions, Connection, RawMetadata } from 'kafkajs/src/broker/index.js'
import type { RawInitProducerIdResponse } from 'kafkajs/src/protocol/requests/index.js'
import Cluster, { type ClusterOptions } from 'kafkajs/src/cluster/index.js'
import type { WantedTopics } from '../../base/cluster-description.ts'
import { invariant } from '../../base/invariant.ts'
import type { Random } from '../partitioner.ts'
import { BrokerFinder, type Address } from './broker-finder.ts'
import type { HonestBrokerDependencies } from './honest-broker-dependencies.ts'
import { HonestBroker } from './honest-broker.ts'
import { CARRIER_PARTITION } from './produce-call.ts'
import type { RebootstrapSettings } from './settings.ts'

/** The partitions of the "topic" of a broker, in kafkajs's form. */
const CARRIER_PARTITIONS = [{ partitionId: CARRIER_PARTITION }]

/** The error that tells a client to forget the brokers that it knows (KIP-1102). */
const REBOOTSTRAP_REQUIRED = 129

/**
 * kafkajs's Cluster for kafkajs's producer, with metadata that kprf fetches, checks and keeps. It prevents what the
 * producer would otherwise do by itself:
 *
 * - keep every topic that it ever saw, request all of them at each refresh, and fail if one is bad
 *   (`addMultipleTargetTopics`, `refreshMetadata*`);
 * - wait for a lock before each send, which times out under load (kafkajs issue 1039);
 * - reconnect and refresh after an error before it reports it, which may take long and may replace the error by another
 *   (`isConnected`, `refreshMetadata`);
 * - try one broker at a time, and only known ones as long as one accepts a connection
 *   (`brokerPool.findConnectedBroker`): `BrokerFinder` does this.
 */
export class ProducerCluster extends Cluster {
  /** By topic and partition number. */
  readonly #leaders = new Map<string, readonly number[]>()
  readonly #finder: BrokerFinder
  readonly #mayRebootstrap: boolean
  #mayCreateTopics = false

  constructor(
    options: ClusterOptions,
    random: Random,
    dependencies: Omit<HonestBrokerDependencies, 'renewConnectionPool' | 'mayCreateTopics'>,
    rebootstrap: RebootstrapSettings,
  ) {
    super(options)
    this.#mayRebootstrap = rebootstrap.isAllowed
    const { authenticationTimeout } = options
    this.brokerPool.createBroker = (brokerOptions: BrokerOptions) =>
      new HonestBroker(
        { authenticationTimeout, ...brokerOptions },
        {
          ...dependencies,
          mayCreateTopics: () => this.#mayCreateTopics,
          renewConnectionPool: ({ host, port, rack }) =>
            this.connectionPoolBuilder.build({ host, port, rack }),
        },
      )
    this.#finder = new BrokerFinder(rebootstrap, options.brokers, {
      clock: dependencies.clock,
      random,
      pool: this.brokerPool,
      makeBroker: (address, nodeId) => this.#makeBroker(address, nodeId),
    })
  }

  /** Asks a broker about topics and remembers the leaders. Not to be called concurrently. */
  async fetchMetadata(topics: readonly string[], mayCreate: boolean): Promise<RawMetadata> {
    // Set here, because the code that asks brokers passes only topics.
    this.#mayCreateTopics = mayCreate
    let metadata = await this.#askForMetadata(topics)
    if (isRebootstrapRequired(metadata) && this.#mayRebootstrap) {
      this.#finder.forget()
      metadata = await this.#askForMetadata(topics)
    }
    if (isRebootstrapRequired(metadata)) throw new Error('brokers answer REBOOTSTRAP_REQUIRED')
    await this.#finder.learn(metadata.brokers)
    for (const { topic, topicErrorCode, partitionMetadata } of metadata.topicMetadata) {
      this.#leaders.delete(topic)
      if (topicErrorCode !== 0) continue
      const leaders: number[] = []
      for (const { partitionId, leader } of partitionMetadata) leaders[partitionId] = leader
      this.#leaders.set(topic, leaders)
    }
    return metadata
  }

  /** Asks a broker to describe topics, and remembers nothing. Not to be called concurrently. */
  async describe(topics: WantedTopics): Promise<RawMetadata> {
    const metadata = await this.#finder.ask(async (broker) => {
      invariant(broker instanceof HonestBroker, 'the pool makes honest brokers')
      return knowsBrokers(broker, await broker.describe(topics))
    })
    if (isRebootstrapRequired(metadata)) throw new Error('brokers answer REBOOTSTRAP_REQUIRED')
    return metadata
  }

  /** Asks a broker for the identity of an idempotent producer. */
  async initProducerId(): Promise<RawInitProducerIdResponse> {
    return await this.#finder.ask((broker) => broker.initProducerId({ transactionalId: null }))
  }

  /** Whether all of these partitions have this leader, as far as is known. */
  isLedBy(
    leader: number,
    partitions: readonly { readonly topic: string; readonly partition: number }[],
  ): boolean {
    return partitions.every(
      ({ topic, partition }) => this.#leaders.get(topic)?.[partition] === leader,
    )
  }

  /** Whether a broker that records are sent to is connected, or none is known yet. */
  reachesLeaders(): boolean {
    return this.#finder.isWithKnown()
  }

  /** Asks the brokers that metadata names whether they answer. @throws if none can be reached. */
  async askLeaders(): Promise<void> {
    await this.#finder.askKnown((broker) => broker.metadata([]))
  }

  /** The addresses that the brokers advertise. */
  advertisedAddresses(): readonly string[] {
    return this.#finder.knownAddresses()
  }

  /** The connections to all known brokers, open or not. */
  *connections(): Generator<Connection> {
    for (const broker of this.#finder.brokers) yield* broker.connectionPool.pool
  }

  /** Whether any broker is connected. */
  hasConnections(): boolean {
    return this.#finder.brokers.some((broker) => broker.isConnected())
  }

  /** Does nothing: connections are opened when a question or request is sent. */
  override connect(): Promise<void> {
    return Promise.resolve()
  }

  override async disconnect(): Promise<void> {
    await Promise.all(this.#finder.brokers.map((broker) => broker.disconnect()))
  }

  /**
   * Keeps a broker whose connection was closed, because metadata says which brokers exist. kafkajs's own method may
   * register the seed broker under the id of another while metadata is refreshed.
   */
  override removeBroker(): void {
    // Does nothing.
  }

  override isConnected(): boolean {
    return true
  }

  override addMultipleTargetTopics(): Promise<void> {
    return Promise.resolve()
  }

  override refreshMetadata(): Promise<void> {
    return Promise.resolve()
  }

  override refreshMetadataIfNecessary(): Promise<void> {
    return Promise.resolve()
  }

  /** Knows the one partition of the "topic" of a broker; see {@link Carrier}. */
  override findTopicPartitionMetadata(): readonly { readonly partitionId: number }[] {
    return CARRIER_PARTITIONS
  }

  /** The leader of such a "topic" is the broker after which it is named. */
  override findLeaderForPartitions(nodeId: string): Readonly<Record<string, readonly number[]>> {
    return { [nodeId]: [CARRIER_PARTITION] }
  }

  async #askForMetadata(topics: readonly string[]): Promise<RawMetadata> {
    return await this.#finder.ask(async (broker) =>
      knowsBrokers(broker, await broker.metadata(topics)),
    )
  }

  async #makeBroker(
    { host, port, rack = null }: Address,
    nodeId: number | undefined,
  ): Promise<Broker> {
    return this.brokerPool.createBroker({
      connectionPool: await this.connectionPoolBuilder.build({ host, port, rack }),
      logger: this.rootLogger,
      ...(nodeId !== undefined && { nodeId }),
    })
  }
}

/** @throws Error if the answer names no brokers: one that has just started, or is alone, may not even know itself. */
function knowsBrokers({ brokerAddress }: Broker, metadata: RawMetadata): RawMetadata {
  if (metadata.brokers.length > 0) return metadata
  throw new Error(`${brokerAddress} knows of no brokers`)
}

function isRebootstrapRequired({ topicMetadata }: RawMetadata): boolean {
  return topicMetadata.some(({ topicErrorCode }) => topicErrorCode === REBOOTSTRAP_REQUIRED)
}
