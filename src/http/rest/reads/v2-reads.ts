/**
 * Topics, partitions and brokers in the API v2 of the Confluent REST Proxy:
 * https://docs.confluent.io/platform/current/kafka-rest/api.html#topics.
 */
import type { PartitionDescription, TopicDescription } from '../../../base/cluster-description.ts'
import { ProxyError } from '../../../base/errors.ts'
import type { BodilessRoute } from '../../edge/route.ts'
import { type ReadsOptions, readRoute, topicOf, topicsFor } from './read-route.ts'

/** What stands for a leader while there is none, as in Kafka's protocol. */
const NO_LEADER = -1
const PARTITION_NUMBER = /^\d{1,10}$/

/** Makes the routes. */
export function restV2Reads(options: ReadsOptions): readonly BodilessRoute[] {
  const { directory } = options
  return [
    readRoute(options, {
      path: '/topics',
      read: async (call) => (await topicsFor(call, options)).map(({ name }) => name),
    }),
    readRoute(options, {
      path: '/topics/:topic',
      isNamed: false,
      read: async (call) => topicObject(await topicOf(call, options)),
    }),
    readRoute(options, {
      path: '/topics/:topic/partitions',
      isNamed: false,
      read: async (call) => partitionsOf(await topicOf(call, options)),
    }),
    readRoute(options, {
      path: '/topics/:topic/partitions/:partition',
      isNamed: false,
      read: async (call) => partitionOf(await topicOf(call, options), call.params['partition']),
    }),
    readRoute(options, {
      path: '/brokers',
      read: async () => ({ brokers: (await directory.cluster()).brokerIds }),
    }),
  ]
}

/** kprf does not read the settings of topics. */
function topicObject(topic: TopicDescription): object {
  return { name: topic.name, configs: {}, partitions: partitionsOf(topic) }
}

function partitionsOf({ partitions }: TopicDescription): readonly object[] {
  return partitions.map(partitionObject)
}

function partitionOf({ partitions }: TopicDescription, text = ''): object {
  const number = PARTITION_NUMBER.test(text) ? Number(text) : undefined
  const found = partitions.find(({ partition }) => partition === number)
  if (found !== undefined) return partitionObject(found)
  throw new ProxyError('PARTITION_UNKNOWN', 'the topic has no such partition')
}

function partitionObject({ partition, leader, replicas, inSync }: PartitionDescription): object {
  return {
    partition,
    leader: leader ?? NO_LEADER,
    replicas: replicas.map((broker) => ({
      ...{ broker, leader: broker === leader, in_sync: inSync.includes(broker) },
    })),
  }
}
