/**
 * A real Apache Kafka cluster on loopback for tests: one node or three, each broker and KRaft
 * controller in one process, so that three survive the loss of any one. Brokers keep their ports
 * and data when they are killed and restarted; `stop` throws all of it away.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Kafka, logLevel, type Admin } from 'kafkajs'
import { BrokerNode, type BrokerSignal } from './broker-node.ts'
import {
  nodeDirectory,
  propertiesPath,
  removeAbandonedClusters,
  removeCluster,
  writeState,
} from './cluster-state.ts'
import { prepareDistribution, type Distribution } from './distribution.ts'
import { fetchClusterView, type ClusterView, type PartitionState } from './metadata.ts'
import { clustersDirectory } from './paths.ts'
import { findFreePorts } from './ports.ts'
import { serverProperties, type NodeAddress, type ServerSettings } from './server-properties.ts'
import { allOf, until } from '../../support/until.ts'

export type { BrokerSignal } from './broker-node.ts'
export type { PartitionState } from './metadata.ts'

/** What cluster to start. */
export interface ClusterOptions {
  /** How many brokers. @defaultValue 1 */
  readonly brokers?: 1 | 3
  /** Whether brokers create a topic that a client asks for. @defaultValue true */
  readonly autoCreate?: boolean
  /** Ways into a broker beside the plain one, by their names; for a cluster of one. @defaultValue none */
  readonly listeners?: ServerSettings['listeners']
  /** Java system properties of the brokers. @defaultValue none */
  readonly javaProperties?: Readonly<Record<string, string>>
  /** Server properties by their Kafka names; they win over the ones set here. */
  readonly overrides?: Readonly<Record<string, string>>
  /**
   * Where the cluster keeps its files; a cluster found there is removed first.
   * @defaultValue a new directory below `.kafka/clusters`
   */
  readonly directory?: string
  /** Whether the cluster is to outlive this process. @defaultValue false */
  readonly isDetached?: boolean
  /** Told in one line what takes long. @defaultValue nobody */
  readonly report?: (line: string) => void
}

/** What topic to create. */
export interface TopicOptions {
  /** @defaultValue 4 */
  readonly partitions?: number
  /** @defaultValue one replica on every broker */
  readonly replicationFactor?: number
  /** Topic settings by their Kafka names. */
  readonly config?: Readonly<Record<string, string>>
}

/** One broker, as tests see it. */
export interface Broker {
  readonly id: number
  readonly port: number
  /** Changes with every restart; undefined before the first start. */
  readonly pid: number | undefined
  /** True until its process has ended, also while it is suspended. */
  readonly isRunning: boolean
}

const upTimeoutMs = 90_000
const topicTimeoutMs = 60_000

/** Starts a cluster and resolves when every broker takes requests. */
export async function startCluster(options: ClusterOptions = {}): Promise<KafkaCluster> {
  const distribution = await prepareDistribution(options.report ?? (() => undefined))
  const directory = options.directory ?? newDirectory()
  await removeAbandonedClusters(clustersDirectory)
  await removeCluster(directory)
  const cluster = new KafkaCluster({
    directory,
    addresses: await chooseAddresses(options.brokers ?? 1),
    distribution,
    isDetached: options.isDetached ?? false,
    javaProperties: options.javaProperties ?? {},
  })
  await cluster.start({
    autoCreate: options.autoCreate ?? true,
    overrides: options.overrides ?? {},
    listeners: options.listeners ?? {},
  })
  return cluster
}

function newDirectory(): string {
  return join(clustersDirectory, `${process.pid}-${randomBytes(4).toString('hex')}`)
}

async function chooseAddresses(count: number): Promise<readonly NodeAddress[]> {
  const ports = await findFreePorts(2 * count)
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    port: ports[index] ?? 0,
    controllerPort: ports[count + index] ?? 0,
  }))
}

interface ClusterParts {
  readonly directory: string
  readonly addresses: readonly NodeAddress[]
  readonly distribution: Distribution
  readonly isDetached: boolean
  readonly javaProperties: Readonly<Record<string, string>>
}

/** A cluster whose brokers can be killed, suspended and restarted. Made by {@link startCluster}. */
export class KafkaCluster {
  readonly directory: string
  /** Every broker's address, comma-separated: what clients are given. */
  readonly bootstrap: string
  readonly #nodes: readonly BrokerNode[]
  readonly #isDetached: boolean
  #ownerPid: number | undefined = process.pid
  /** Brokers must not survive a test run that ends without stopping them. */
  readonly #killOnExit = (): void => {
    for (const node of this.#nodes) node.signalNow('SIGKILL')
  }

  constructor({ directory, addresses, distribution, isDetached, javaProperties }: ClusterParts) {
    this.directory = directory
    this.bootstrap = addresses.map(({ port }) => `127.0.0.1:${port}`).join(',')
    this.#isDetached = isDetached
    this.#nodes = addresses.map(
      (address) =>
        new BrokerNode({
          address,
          distribution,
          propertiesPath: propertiesPath(directory, address.id),
          isDetached,
          javaProperties,
        }),
    )
  }

  get brokers(): readonly Broker[] {
    return this.#nodes
  }

  /** Formats and starts every node. Called once, by {@link startCluster}. */
  async start(settings: ServerSettings): Promise<void> {
    const clusterId = randomBytes(16).toString('base64url')
    process.once('exit', this.#killOnExit)
    this.#record()
    try {
      await allOf(
        this.#nodes.map((node) => node.format(clusterId, this.#properties(node, settings))),
      )
      await allOf(this.#nodes.map((node) => node.start()))
      this.#record()
      await Promise.all(this.#nodes.map(({ id }) => this.waitUntilUp(id)))
    } catch (error) {
      await this.stop()
      throw error
    }
    if (this.#isDetached) this.#release()
  }

  /** Sends a signal to one broker; resolves after its end for SIGKILL and SIGTERM. */
  async kill(id: number, signal: BrokerSignal = 'SIGKILL'): Promise<void> {
    await this.#node(id).signal(signal)
  }

  /**
   * Starts a broker again on its data and ports, after an orderly shutdown if it is running, and
   * resolves when it takes requests. Its replicas may then still have to catch up. One of three
   * brokers is never up alone: when two or more are dead, restart them at the same time.
   */
  async restart(id: number): Promise<void> {
    const node = this.#node(id)
    await node.signal('SIGTERM')
    await node.start()
    this.#record()
    await this.waitUntilUp(id)
  }

  /**
   * Resolves when the broker answers and every other broker that answers counts it as live. Of use
   * after SIGCONT; `startCluster` and `restart` wait by themselves.
   */
  async waitUntilUp(id: number): Promise<void> {
    const node = this.#node(id)
    await until(`broker ${id} to be up`, upTimeoutMs, async () => {
      if (!node.isRunning) throw await node.endedEarly()
      const views = [await fetchClusterView(node.port), ...(await this.#views())]
      return views.every(({ brokerIds }) => brokerIds.includes(id)) ? true : undefined
    })
  }

  /** Creates a topic and resolves when every broker that answers knows all its leaders. */
  async createTopic(name: string, options: TopicOptions = {}): Promise<void> {
    const numPartitions = options.partitions ?? 4
    const topic = {
      topic: name,
      numPartitions,
      replicationFactor: options.replicationFactor ?? this.#nodes.length,
      configEntries: Object.entries(options.config ?? {}).map(([key, value]) => ({
        name: key,
        value,
      })),
    }
    await this.withAdmin(async (admin) => {
      const isNew = await admin.createTopics({ topics: [topic], waitForLeaders: false })
      if (!isNew) throw new Error(`Topic ${name} already exists`)
    })
    await this.waitForTopic(
      name,
      (partitions) =>
        partitions.length === numPartitions &&
        partitions.every(({ leader }) => leader !== undefined),
    )
  }

  /**
   * Gives each partition of a topic its replicas, of which it wants the first to lead. Resolves when all
   * replicas are there, in sync, and no partition is led by another.
   */
  async reassign(name: string, replicas: readonly (readonly number[])[]): Promise<void> {
    const partitionAssignment = replicas.map((ids, partition) => ({
      partition,
      replicas: [...ids],
    }))
    await this.withAdmin((admin) =>
      admin.alterPartitionReassignments({ topics: [{ topic: name, partitionAssignment }] }),
    )
    await this.waitForTopic(name, (partitions) =>
      partitions.every(
        ({ partition, leader, isr, ...state }) =>
          String(state.replicas) === String(replicas[partition]) &&
          isr.length === state.replicas.length &&
          leader !== undefined &&
          state.replicas.includes(leader),
      ),
    )
  }

  /** Deletes a topic and resolves when no broker that answers knows it any more. */
  async deleteTopic(name: string): Promise<void> {
    await this.withAdmin((admin) => admin.deleteTopics({ topics: [name] }))
    await this.waitForTopic(name, (partitions) => partitions.length === 0)
  }

  /** Resolves to a topic's partitions as one broker sees them; empty when there is no topic. */
  async describeTopic(name: string): Promise<readonly PartitionState[]> {
    const [view] = await this.#views(name)
    if (view === undefined) throw new Error('No broker answers')
    return view.topics.get(name) ?? []
  }

  /** Resolves to a topic's partitions once they are as expected to every broker that answers. */
  async waitForTopic(
    name: string,
    isAsExpected: (partitions: readonly PartitionState[]) => boolean,
    timeoutMs: number = topicTimeoutMs,
  ): Promise<readonly PartitionState[]> {
    return until(`topic ${name}`, timeoutMs, async () => {
      const views = (await this.#views(name)).map(({ topics }) => topics.get(name) ?? [])
      if (views.every(isAsExpected)) return views[0]
      throw new Error(`The brokers that answer see ${JSON.stringify(views)}`)
    })
  }

  /** Lends a connected kafkajs admin client, for what the methods here do not cover. */
  async withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const brokers = this.#nodes.filter(({ isRunning }) => isRunning)
    const kafka = new Kafka({
      clientId: 'kafka-for-tests',
      brokers: brokers.map(({ port }) => `127.0.0.1:${port}`),
      logLevel: logLevel.NOTHING,
    })
    const admin = kafka.admin()
    await admin.connect()
    try {
      return await use(admin)
    } finally {
      await admin.disconnect()
    }
  }

  /**
   * Resolves to what a broker has written of a partition, records that it does not show yet included: a file of
   * record batches, the first segment.
   */
  readLog(id: number, topic: string, partition: number): Promise<Buffer> {
    const segment = join(`${topic}-${partition}`, '00000000000000000000.log')
    return readFile(join(this.#dataDirectory(id), segment))
  }

  /** Ends every broker at once and removes the cluster's data. May be called again. */
  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.signal('SIGKILL')))
    process.removeListener('exit', this.#killOnExit)
    await removeCluster(this.directory)
  }

  /** The views of all brokers that answer, in the order of their ids. */
  async #views(...topics: readonly string[]): Promise<readonly ClusterView[]> {
    const views = await Promise.allSettled(
      this.#nodes
        .filter(({ isRunning }) => isRunning)
        .map(({ port }) => fetchClusterView(port, topics)),
    )
    return views.flatMap((view) => (view.status === 'fulfilled' ? [view.value] : []))
  }

  #properties(node: BrokerNode, settings: ServerSettings): string {
    return serverProperties(node, this.#nodes, this.#dataDirectory(node.id), settings)
  }

  #dataDirectory(id: number): string {
    return join(nodeDirectory(this.directory, id), 'data')
  }

  /** Lets the cluster outlive this process. */
  #release(): void {
    process.removeListener('exit', this.#killOnExit)
    this.#ownerPid = undefined
    this.#record()
  }

  #record(): void {
    const nodes = this.#nodes.map(({ id, port, pid }) => ({ id, port, pid }))
    writeState(this.directory, { ownerPid: this.#ownerPid, nodes })
  }

  #node(id: number): BrokerNode {
    const node = this.#nodes.find((candidate) => candidate.id === id)
    if (node === undefined) throw new Error(`There is no broker ${id}`)
    return node
  }
}
