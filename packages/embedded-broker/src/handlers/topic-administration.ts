/** Serves CreateTopics, DeleteTopics and CreatePartitions. */
import type { ClusterParts } from '../cluster-parts.ts'
import type { Endpoint } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import { answer } from '../exchange.ts'
import { NO_TOPIC_ID } from '../protocol/apis/metadata.ts'
import type {
  CreateTopicsRequest,
  CreateTopicsResponse,
  DeleteTopicsResponse,
} from '../protocol/apis/topic-administration.ts'
import {
  createPartitionsApi,
  createTopicsApi,
  deleteTopicsApi,
} from '../protocol/apis/topic-administration.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { ConfigSource } from '../protocol/apis/describe.ts'
import { deleteTopic } from '../topic-deletion.ts'
import { topicConfigs } from '../topic-config.ts'

type NewTopic = CreateTopicsRequest['topics'][number]
type CreatedTopic = CreateTopicsResponse['topics'][number]
type DeletedTopic = DeleteTopicsResponse['topics'][number]

/** The numbers that have an effect. */
const NUMERIC_CONFIGS = ['max.message.bytes', 'message.timestamp.after.max.ms']

/** The count that stands for the broker's default. */
const DEFAULT_COUNT = -1

/** The endpoints for topics. */
export function topicAdministrationEndpoints(parts: ClusterParts): readonly Endpoint[] {
  return [createTopicsEndpoint(parts), deleteTopicsEndpoint(parts), createPartitionsEndpoint(parts)]
}

function createTopicsEndpoint(parts: ClusterParts): Endpoint {
  return endpoint(createTopicsApi, ({ topics, validateOnly }) =>
    answer({
      throttleTimeMs: 0,
      topics: topics.map((topic) => create(parts, topic, validateOnly)),
    }),
  )
}

function create(
  { catalog, settings }: ClusterParts,
  topic: NewTopic,
  isDry: boolean,
): CreatedTopic {
  const configs = new Map(topic.configs.map(({ name, value }) => [name, value ?? '']))
  const partitions = partitionsOf(topic, settings.defaultPartitions)
  const replicationFactor =
    topic.replicationFactor === DEFAULT_COUNT ? settings.brokers : topic.replicationFactor
  const wish = { partitions, replicationFactor, configs }
  const refusal = refuseConfigs(configs) ?? refuseReplicas(replicationFactor, settings.brokers)
  const errorCode =
    refusal ?? (isDry ? catalog.refuseCreation(topic.name, wish) : catalog.create(topic.name, wish))
  const created = catalog.topic(topic.name)
  const isDone = errorCode === ErrorCode.NONE
  return {
    name: topic.name,
    id: isDone ? (created?.id ?? NO_TOPIC_ID) : NO_TOPIC_ID,
    errorCode,
    errorMessage: isDone ? null : `topic ${topic.name} is not created`,
    partitionCount: isDone ? partitions : DEFAULT_COUNT,
    replicationFactor: isDone ? replicationFactor : DEFAULT_COUNT,
    configs: isDone ? described(configs) : null,
  }
}

function refuseConfigs(configs: ReadonlyMap<string, string>): number | undefined {
  const isKnown = [...configs.keys()].every((name) => topicConfigs.has(name))
  const areNumbers = NUMERIC_CONFIGS.every((name) => isInteger(configs.get(name) ?? 0))
  return isKnown && areNumbers ? undefined : ErrorCode.INVALID_CONFIG
}

function isInteger(value: string | number): boolean {
  return Number.isInteger(Number(value))
}

function refuseReplicas(factor: number, brokers: number): number | undefined {
  return factor >= 1 && factor <= brokers ? undefined : ErrorCode.INVALID_REPLICATION_FACTOR
}

/** A client may list the partitions with their brokers; only their number counts. */
function partitionsOf({ assignments, partitionCount }: NewTopic, byDefault: number): number {
  if (assignments.length > 0) return assignments.length
  return partitionCount === DEFAULT_COUNT ? byDefault : partitionCount
}

function described(given: ReadonlyMap<string, string>): CreatedTopic['configs'] {
  return [...topicConfigs].map(([name, { value }]) => ({
    name,
    value: given.get(name) ?? value,
    isReadOnly: false,
    source: given.has(name) ? ConfigSource.TOPIC : ConfigSource.DEFAULT,
    isSensitive: false,
  }))
}

function deleteTopicsEndpoint(parts: ClusterParts): Endpoint {
  const { catalog } = parts
  const remove = (name: string, id: string): DeletedTopic => {
    const errorCode = deleteTopic(parts, name)
    return { name, id, errorCode, errorMessage: null }
  }
  return endpoint(deleteTopicsApi, ({ topics, names }) => {
    const byName = names.map((name) => remove(name, NO_TOPIC_ID))
    const byNameOrId = topics.map(({ name, id }) => {
      const topic = name === null ? catalog.topicById(id) : catalog.topic(name)
      const isUnknownId = name === null && !topic
      const errorCode = ErrorCode.UNKNOWN_TOPIC_ID
      if (isUnknownId) return { name, id, errorCode, errorMessage: null }
      return remove(topic?.name ?? name ?? '', topic?.id ?? id)
    })
    return answer({ throttleTimeMs: 0, topics: [...byName, ...byNameOrId] })
  })
}

function createPartitionsEndpoint({ catalog }: ClusterParts): Endpoint {
  return endpoint(createPartitionsApi, ({ topics, validateOnly }) =>
    answer({
      throttleTimeMs: 0,
      topics: topics.map(({ name, count }) => ({
        name,
        errorCode: validateOnly
          ? catalog.refuseGrowth(name, count)
          : catalog.addPartitions(name, count),
        errorMessage: null,
      })),
    }),
  )
}
