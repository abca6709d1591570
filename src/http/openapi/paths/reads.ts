import type { ErrorCode } from '../../../base/errors.ts'
import { JSON_TYPE } from '../../edge/dialect.ts'
import { REST_V2_TYPE } from '../../rest/v2-media-type.ts'
import { type ErrorForm, OF_EVERY_ROUTE } from '../errors.ts'
import { operation } from '../operation.ts'
import { REQUEST_ID, TOPIC_IN_PATH } from '../parameters.ts'
import { EVERY_REPLY } from '../reply-headers.ts'
import type { Operation, Parameter, Paths, Schema } from '../types.ts'

/** What may go wrong with a question about topics and brokers. */
export const OF_READS: readonly ErrorCode[] = [
  ...OF_EVERY_ROUTE,
  ...(['TOPIC_UNKNOWN', 'PARTITION_UNKNOWN', 'NOT_FOUND', 'BROKER_UNAVAILABLE'] as const),
]

/** A question: its path, and what it is answered. */
interface Question {
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly schema: Schema
}

const ANY_OBJECT: Schema = { type: 'object' }

const V2: readonly Question[] = [
  {
    ...{ path: '/topics', operationId: 'listTopics', summary: 'List the topics' },
    schema: { type: 'array', items: { type: 'string' } },
  },
  {
    ...{ path: '/topics/{topic}', operationId: 'getTopic', summary: 'Describe a topic' },
    schema: {
      type: 'object',
      required: ['name', 'configs', 'partitions'],
      properties: {
        name: { type: 'string' },
        configs: { type: 'object', description: 'Empty: kprf does not read settings of topics.' },
        partitions: { type: 'array', items: partitionSchema() },
      },
    },
  },
  {
    ...{ path: '/topics/{topic}/partitions', operationId: 'listPartitions' },
    ...{
      summary: 'List the partitions of a topic',
      schema: { type: 'array', items: partitionSchema() },
    },
  },
  {
    ...{ path: '/topics/{topic}/partitions/{partition}', operationId: 'getPartition' },
    ...{ summary: 'Describe a partition', schema: partitionSchema() },
  },
  {
    ...{ path: '/brokers', operationId: 'listBrokers', summary: 'List the brokers' },
    schema: {
      type: 'object',
      required: ['brokers'],
      properties: { brokers: { type: 'array', items: { type: 'integer' } } },
    },
  },
]

const V3: readonly Question[] = [
  {
    ...{ path: '/v3/clusters', operationId: 'listClusters', summary: 'List the only cluster' },
    schema: listOf('KafkaClusterList'),
  },
  {
    ...{ path: '/v3/clusters/{cluster}', operationId: 'getCluster' },
    ...{ summary: 'Describe the cluster', schema: ANY_OBJECT },
  },
  {
    ...{ path: '/v3/clusters/{cluster}/topics', operationId: 'listTopicsV3' },
    ...{ summary: 'List the topics of the cluster', schema: listOf('KafkaTopicList') },
  },
  {
    ...{ path: '/v3/clusters/{cluster}/topics/{topic}', operationId: 'getTopicV3' },
    ...{ summary: 'Describe a topic of the cluster', schema: ANY_OBJECT },
  },
]

function partitionSchema(): Schema {
  return {
    type: 'object',
    required: ['partition', 'leader', 'replicas'],
    properties: {
      partition: { type: 'integer', minimum: 0 },
      leader: { type: 'integer', description: '-1 while there is none.' },
      replicas: {
        type: 'array',
        items: {
          type: 'object',
          required: ['broker', 'leader', 'in_sync'],
          properties: {
            broker: { type: 'integer' },
            leader: { type: 'boolean' },
            in_sync: { type: 'boolean' },
          },
        },
      },
    },
  }
}

function listOf(kind: string): Schema {
  return {
    type: 'object',
    required: ['kind', 'metadata', 'data'],
    properties: {
      kind: { const: kind },
      metadata: ANY_OBJECT,
      data: { type: 'array', items: ANY_OBJECT },
    },
  }
}

/** Topics, partitions and brokers, in the API v2 and v3 of the Confluent REST Proxy. */
export function readPaths(): Paths {
  return Object.fromEntries([
    ...V2.map(
      (question) => [question.path, { get: get(question, REST_V2_TYPE, 'RestV2') }] as const,
    ),
    ...V3.map((question) => [question.path, { get: get(question, JSON_TYPE, 'RestV3') }] as const),
  ])
}

const NAMES: Readonly<Record<string, Parameter>> = {
  topic: { ...TOPIC_IN_PATH, description: 'The topic.' },
  partition: {
    ...{ name: 'partition', in: 'path', description: 'The partition.', required: true },
    schema: { type: 'integer', minimum: 0 },
  },
  cluster: {
    ...{ name: 'cluster', in: 'path', description: 'The id of the cluster.', required: true },
    schema: { type: 'string', minLength: 1 },
  },
}
const VALUES: Readonly<Record<string, string>> = {
  ...{ topic: 'orders', partition: '0', cluster: 'lkc-1' },
}

function get({ schema, ...parts }: Question, type: string, errorForm: ErrorForm): Operation {
  const names = [...parts.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  return operation({
    ...{ ...parts, method: 'get', errorForm, errors: OF_READS },
    description:
      'As the Confluent REST Proxy says it. A client is told only of what it may describe, and nothing is created.',
    parameters: [...names.flatMap((name) => NAMES[name] ?? []), REQUEST_ID],
    replies: {
      200: {
        description: 'What there is, at most some seconds ago.',
        headers: EVERY_REPLY,
        content: { [type]: { schema } },
      },
    },
    samples: [
      {
        ...{ name: 'read', summary: parts.summary, status: 200 },
        parameters: Object.fromEntries(names.map((name) => [name, VALUES[name] ?? ''])),
      },
    ],
  })
}
