/**
 * kafkajs's Cluster as its producer sees it, answered from metadata that we fetch, vet and keep
 * ourselves. What the producer would do behind our back is taken away from it:
 *
 * - keeping every topic that it ever saw, asking for all of them at each refresh and failing when one
 *   is bad (`addMultipleTargetTopics`, `refreshMetadata*`);
 * - waiting for a lock in front of each send, which times out under load (kafkajs issue 1039);
 * - reconnecting and refreshing after an error before it tells us, which may take long and may put
 *   another error in the place of the first (`isConnected`, `refreshMetadata`).
 */
import type Broker from 'kafkajs/src/broker/index.js'
import type { BrokerOptions, Connection, RawMetadata } from 'kafkajs/src/broker/index.js'
import type { RawInitProducerIdResponse } from 'kafkajs/src/protocol/requests/index.js'
import Cluster, { type ClusterOptions } from 'kafkajs/src/cluster/index.js'
import type { Random } from '../partitioner.ts'
import type { HonestBrokerDependencies } from './honest-broker.ts'
import { HonestBroker } from './honest-broker.ts'

/** Partition number and node id of its leader, as kafkajs wants them. */
interface PartitionLeader {
  readonly partitionId: number
  readonly leader: number
}

/** See the head of this file. */
export class ProducerCluster extends Cluster {
  readonly #partitions = new Map<string, readonly PartitionLeader[]>()
  /** By partition number. */
  readonly #leaders = new Map<string, readonly number[]>()
  readonly #random: Random
  #mayCreateTopics = false

  constructor(
    options: ClusterOptions,
    random: Random,
    dependencies: Omit<HonestBrokerDependencies, 'renewConnectionPool' | 'mayCreateTopics'>,
  ) {
    super(options)
    this.#random = random
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
    const findConnectedBroker = this.brokerPool.findConnectedBroker.bind(this.brokerPool)
    this.brokerPool.findConnectedBroker = async () =>
      (await this.#findTalkingBroker()) ?? (await findConnectedBroker())
  }

  /**
   * Prefers brokers that answered when they were last asked, connected or not: one that hangs looks
   * connected.
   */
  async #findTalkingBroker(): Promise<Broker | undefined> {
    const talking = Object.values(this.brokerPool.brokers).filter(
      (broker) => broker instanceof HonestBroker && !broker.isSilent,
    )
    const connected = talking.filter((broker) => broker.isConnected())
    if (connected.length > 0) return connected[Math.floor(this.#random() * connected.length)]
    for (const broker of talking) {
      try {
        await broker.connect()
        return broker
      } catch {
        // The next one may be there.
      }
    }
    return undefined
  }

  /** Asks a broker about topics and remembers the leaders. Not to be called concurrently. */
  async fetchMetadata(topics: readonly string[], mayCreate: boolean): Promise<RawMetadata> {
    // kafkajs decides once and for all whether brokers may create topics, and passes topics on only.
    this.#mayCreateTopics = mayCreate
    await this.brokerPool.refreshMetadata(topics)
    const metadata = this.brokerPool.metadata ?? { brokers: [], topicMetadata: [] }
    for (const { topic, topicErrorCode, partitionMetadata } of metadata.topicMetadata) {
      this.#partitions.delete(topic)
      this.#leaders.delete(topic)
      if (topicErrorCode !== 0) continue
      this.#partitions.set(topic, partitionMetadata)
      const leaders: number[] = []
      for (const { partitionId, leader } of partitionMetadata) leaders[partitionId] = leader
      this.#leaders.set(topic, leaders)
    }
    return metadata
  }

  /** Asks a broker for the identity of an idempotent producer. */
  async initProducerId(): Promise<RawInitProducerIdResponse> {
    const broker = await this.brokerPool.findConnectedBroker()
    return await broker.initProducerId({ transactionalId: null })
  }

  /** The connections to all brokers known, open or not. */
  *connections(): Generator<Connection> {
    for (const broker of Object.values(this.brokerPool.brokers)) yield* broker.connectionPool.pool
  }

  /** Whether any broker is connected. */
  hasConnections(): boolean {
    return this.brokerPool.hasConnectedBrokers()
  }

  /**
   * Keeps a broker whose connection was closed: metadata says which brokers there are. The stock one
   * may put the seed broker under the id of another while metadata is being refreshed.
   */
  override removeBroker(): void {
    // Nothing to do.
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

  override findTopicPartitionMetadata(topic: string): readonly PartitionLeader[] {
    return this.#partitions.get(topic) ?? []
  }

  /** The stock one looks every partition up among all others, and copies what it has for each. */
  override findLeaderForPartitions(
    topic: string,
    partitions: readonly (number | string)[],
  ): Partial<Record<string, number[]>> {
    const leaders = this.#leaders.get(topic) ?? []
    const led = partitions.map(Number).filter((partition) => leaders[partition] !== undefined)
    return Object.groupBy(led, (partition) => String(leaders[partition]))
  }
}
