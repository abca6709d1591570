/** Serves DescribeConfigs and DescribeCluster. */
import type { ClusterParts } from '../cluster-parts.ts'
import type { Endpoint } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import { answer } from '../exchange.ts'
import type { EmbeddedClusterSettings } from '../options.ts'
import type { DescribeConfigsRequest, DescribeConfigsResponse } from '../protocol/apis/describe.ts'
import {
  ConfigSource,
  describeClusterApi,
  describeConfigsApi,
  ResourceType,
} from '../protocol/apis/describe.ts'
import { OPERATIONS_UNKNOWN } from '../protocol/apis/metadata.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { ConfigType, topicConfigs } from '../topic-config.ts'

type Resource = DescribeConfigsRequest['resources'][number]
type Result = DescribeConfigsResponse['results'][number]

/** One key and its value in force. */
interface ConfigValue {
  readonly name: string
  readonly value: string
  readonly source: number
  readonly type: number
}

/** The DescribeConfigs endpoint. */
export function describeConfigsEndpoint(parts: ClusterParts): Endpoint {
  return endpoint(describeConfigsApi, ({ resources }) =>
    answer({
      throttleTimeMs: 0,
      results: resources.map((resource) => describe(parts, resource)),
    }),
  )
}

/** The DescribeCluster endpoint. */
export function describeClusterEndpoint({ registry }: ClusterParts): Endpoint {
  return endpoint(describeClusterApi, () =>
    answer({
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      endpointType: 1,
      clusterId: registry.clusterId,
      controllerId: registry.controllerId(),
      brokers: registry.alive().map((broker) => ({ ...broker, rack: null })),
      authorizedOperations: OPERATIONS_UNKNOWN,
    }),
  )
}

function describe({ catalog, settings }: ClusterParts, resource: Resource): Result {
  const { type, name } = resource
  if (type === ResourceType.BROKER) return described(resource, brokerValues(settings))
  if (type !== ResourceType.TOPIC) return refused(type, name, ErrorCode.INVALID_REQUEST)
  const topic = catalog.topic(name)
  if (!topic) return refused(type, name, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  const values = [...topicConfigs].map(([key, { value, type: valueType }]) => ({
    name: key,
    value: topic.configs.get(key) ?? value,
    source: topic.configs.has(key) ? ConfigSource.TOPIC : ConfigSource.DEFAULT,
    type: valueType,
  }))
  return described(resource, values)
}

function brokerValues(settings: EmbeddedClusterSettings): readonly ConfigValue[] {
  const { INT, BOOLEAN } = ConfigType
  const values: readonly (readonly [string, number | boolean, number])[] = [
    ['auto.create.topics.enable', settings.autoCreateTopics, BOOLEAN],
    ['default.replication.factor', settings.brokers, INT],
    ['message.max.bytes', settings.maxMessageBytes, INT],
    ['num.partitions', settings.defaultPartitions, INT],
    ['socket.request.max.bytes', settings.maxRequestBytes, INT],
  ]
  const source = ConfigSource.STATIC_BROKER
  return values.map(([name, value, type]) => ({ name, value: String(value), source, type }))
}

function described({ type, name, keys }: Resource, values: readonly ConfigValue[]): Result {
  return {
    ...refused(type, name, ErrorCode.NONE),
    configs: values
      .filter((value) => keys?.includes(value.name) ?? true)
      .map((value) => ({
        ...value,
        isReadOnly: false,
        isDefault: value.source === ConfigSource.DEFAULT,
        isSensitive: false,
        synonyms: [],
        documentation: null,
      })),
  }
}

function refused(type: number, name: string, errorCode: number): Result {
  return { errorCode, errorMessage: null, type, name, configs: [] }
}
