import type {
  ClusterDescription,
  ClusterSource,
  PartitionDescription,
  TopicDescription,
} from '../../src/base/cluster-description.ts'
import { ProxyError } from '../../src/base/errors.ts'

const PARTITION = { partition: 0, leader: 1, replicas: [1, 2], inSync: [1] }

/** A partition, as broker 1 leads it and broker 2 has not caught up, unless it is said otherwise. */
export function partitionOf(
  partition: number,
  fields: Partial<PartitionDescription> = {},
): PartitionDescription {
  return { ...PARTITION, partition, ...fields }
}

/** A cluster of two brokers that says what it is told to. */
export class FakeClusterSource implements ClusterSource {
  description: ClusterDescription = { clusterId: 'lkc-1', controllerId: 2, brokerIds: [1, 2] }
  isReachable = true
  /** The names that it was asked for; `undefined` for none. */
  readonly asked: (string | undefined)[] = []
  readonly #topics: readonly TopicDescription[]

  /** @param topics - names, in order, with their partitions. */
  constructor(topics: Readonly<Record<string, readonly PartitionDescription[]>> = {}) {
    this.#topics = Object.entries(topics).map(([name, partitions]) => ({ name, partitions }))
  }

  async cluster(): Promise<ClusterDescription> {
    return await this.#answer(this.description)
  }

  async topics(): Promise<readonly TopicDescription[]> {
    return await this.#answer(this.#topics)
  }

  async topic(name: string): Promise<TopicDescription | undefined> {
    this.asked.push(name)
    return await this.#answer(this.#topics.find((topic) => topic.name === name))
  }

  async noTopic(): Promise<void> {
    this.asked.push(undefined)
    await this.#answer(undefined)
  }

  #answer<Value>(value: Value): Promise<Value> {
    return this.isReachable
      ? Promise.resolve(value)
      : Promise.reject(new ProxyError('BROKER_UNAVAILABLE', 'Kafka cannot be reached: no broker'))
  }
}
