/** Serves Metadata, and creates unknown topics if the cluster allows it. */
import type { ClusterParts } from '../cluster-parts.ts'
import type { Endpoint } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import { answer } from '../exchange.ts'
import type { MetadataRequest, MetadataResponse } from '../protocol/apis/metadata.ts'
import { metadataApi, NO_TOPIC_ID, OPERATIONS_UNKNOWN } from '../protocol/apis/metadata.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { Partition, Topic } from '../topic-catalog.ts'
import { isInternalTopic, isTopicName, NO_LEADER } from '../topic-catalog.ts'

type TopicResponse = MetadataResponse['topics'][number]
type PartitionResponse = TopicResponse['partitions'][number]
type WantedTopic = NonNullable<MetadataRequest['topics']>[number]

/** The Metadata endpoint. */
export function metadataEndpoint(parts: ClusterParts): Endpoint {
  const { registry } = parts
  return endpoint(metadataApi, (request, { version }, { principal }) =>
    answer({
      throttleTimeMs: 0,
      brokers: registry.alive().map(({ id, host, port }) => ({
        nodeId: id,
        host,
        port,
        rack: null,
      })),
      clusterId: registry.clusterId,
      controllerId: registry.controllerId(),
      topics: new TopicDescriber(parts, principal).describeAllFor(request, version),
      clusterAuthorizedOperations: OPERATIONS_UNKNOWN,
    }),
  )
}

/** Describes topics to one principal. */
class TopicDescriber {
  readonly #parts: ClusterParts
  readonly #principal: string

  constructor(parts: ClusterParts, principal: string) {
    this.#parts = parts
    this.#principal = principal
  }

  describeAll(request: MetadataRequest, version: number): readonly TopicResponse[] {
    const { catalog, settings } = this.#parts
    // Version 0 has no null: an empty list stands for all topics there.
    const isAll = version === 0 && request.topics?.length === 0
    if (request.topics === null || isAll) {
      const visible = catalog.topics().filter(({ name }) => this.#mayDescribe(name))
      return visible.map((topic) => this.#known(topic))
    }
    const mayCreate = settings.autoCreateTopics && request.allowAutoTopicCreation
    return request.topics.map((wanted) => this.#describe(wanted, mayCreate))
  }

  /** The same, with what the principal may do with each topic if the request asks for it. */
  describeAllFor(request: MetadataRequest, version: number): readonly TopicResponse[] {
    const topics = this.describeAll(request, version)
    if (!request.includeTopicAuthorizedOperations) return topics
    return topics.map((topic) =>
      topic.errorCode === ErrorCode.NONE && topic.name !== null
        ? { ...topic, authorizedOperations: this.#operations(topic.name) }
        : topic,
    )
  }

  #describe({ name, id }: WantedTopic, mayCreate: boolean): TopicResponse {
    const { catalog } = this.#parts
    if (name === null) {
      const topic = catalog.topicById(id)
      return topic ? this.#known(topic) : unknown(null, id, ErrorCode.UNKNOWN_TOPIC_ID)
    }
    if (!isTopicName(name)) return unknown(name, NO_TOPIC_ID, ErrorCode.INVALID_TOPIC_EXCEPTION)
    if (!this.#mayDescribe(name)) {
      return unknown(name, NO_TOPIC_ID, ErrorCode.TOPIC_AUTHORIZATION_FAILED)
    }
    if (mayCreate && !catalog.topic(name)) catalog.create(name)
    const topic = catalog.topic(name)
    return topic
      ? this.#known(topic)
      : unknown(name, NO_TOPIC_ID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  }

  #known({ name, id, partitions }: Topic): TopicResponse {
    return {
      ...unknown(name, id, ErrorCode.NONE),
      partitions: partitions.map((partition) => this.#partition(partition)),
    }
  }

  #partition({ index, leaderId, leaderEpoch, replicaIds }: Partition): PartitionResponse {
    const { registry } = this.#parts
    return {
      errorCode: leaderId === NO_LEADER ? ErrorCode.LEADER_NOT_AVAILABLE : ErrorCode.NONE,
      index,
      leaderId,
      leaderEpoch,
      replicaIds,
      inSyncReplicaIds: replicaIds.filter((id) => registry.isAlive(id)),
      offlineReplicaIds: replicaIds.filter((id) => !registry.isAlive(id)),
    }
  }

  #operations(topic: string): number {
    const { access } = this.#parts
    return access.operationBits(this.#principal, topic)
  }

  #mayDescribe(topic: string): boolean {
    return this.#parts.access.allows(this.#principal, 'describe', topic)
  }
}

function unknown(name: string | null, id: string, errorCode: number): TopicResponse {
  return {
    errorCode,
    name,
    id,
    isInternal: name !== null && isInternalTopic(name),
    partitions: [],
    authorizedOperations: OPERATIONS_UNKNOWN,
  }
}
