/** What Kafka says of itself to clients that ask for topics and brokers. */

/** The cluster and its brokers. */
export interface ClusterDescription {
  /** `undefined` if the brokers do not name it (before Kafka 0.10.1). */
  readonly clusterId: string | undefined
  /** Node id of the controller; `undefined` while there is none. */
  readonly controllerId: number | undefined
  /** Node ids of the brokers that are up, in ascending order. */
  readonly brokerIds: readonly number[]
}

/** A topic that exists. */
export interface TopicDescription {
  readonly name: string
  /** In the order of their numbers. */
  readonly partitions: readonly PartitionDescription[]
}

/** A partition, with the node ids of the brokers that have it. */
export interface PartitionDescription {
  readonly partition: number
  /** `undefined` while there is none. */
  readonly leader: number | undefined
  readonly replicas: readonly number[]
  /** The replicas that have all acknowledged records. */
  readonly inSync: readonly number[]
}

/** The answer to one question about topics. Topics that do not exist, or that kprf may not see, are not in it. */
export interface ClusterAnswer {
  readonly cluster: ClusterDescription
  readonly topics: readonly TopicDescription[]
}

/** Stands for all topics in a question. */
export const ALL_TOPICS = Symbol('all topics')

/** Names of topics. None asks for the cluster only. */
export type WantedTopics = readonly string[] | typeof ALL_TOPICS

/** Where descriptions come from. Nothing that is asked here creates a topic. */
export interface ClusterSource {
  /** @throws ProxyError `BROKER_UNAVAILABLE` if no broker answers in time; so do the others. */
  cluster(): Promise<ClusterDescription>
  /** All topics, by name. */
  topics(): Promise<readonly TopicDescription[]>
  /** One topic; `undefined` if it does not exist. */
  topic(name: string): Promise<TopicDescription | undefined>
  /** Waits as long as the answer about a topic that does not exist takes, and asks for no topic. */
  noTopic(): Promise<void>
}
