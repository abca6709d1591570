import type { RawMetadata } from 'kafkajs/src/broker/index.js'
import type {
  ClusterAnswer,
  PartitionDescription,
  TopicDescription,
} from '../../base/cluster-description.ts'
import { RDKAFKA } from '../delivery-errors.ts'

type RawTopic = RawMetadata['topicMetadata'][number]
type RawPartition = RawTopic['partitionMetadata'][number]

/** Converts a metadata answer to what clients may be told. */
export function toAnswer(metadata: RawMetadata): ClusterAnswer {
  const { brokers, clusterId, controllerId, topicMetadata } = metadata
  return {
    cluster: {
      clusterId: clusterId ?? undefined,
      controllerId: nodeIdOf(controllerId),
      brokerIds: brokers.map(({ nodeId }) => nodeId).sort((one, other) => one - other),
    },
    topics: topicMetadata.filter(exists).map(toTopic),
  }
}

/** A topic that was just created may have no leader yet. With any other error there is none, or kprf may not see it. */
function exists({ topicErrorCode }: RawTopic): boolean {
  return topicErrorCode === 0 || topicErrorCode === RDKAFKA.leaderNotAvailable
}

function toTopic({ topic, partitionMetadata }: RawTopic): TopicDescription {
  const partitions = partitionMetadata
    .map(toPartition)
    .sort((one, other) => one.partition - other.partition)
  return { name: topic, partitions }
}

function toPartition({ partitionId, leader, replicas, isr }: RawPartition): PartitionDescription {
  return { partition: partitionId, leader: nodeIdOf(leader), replicas, inSync: isr }
}

/** Kafka writes -1 for no broker. */
function nodeIdOf(raw: number | undefined): number | undefined {
  return raw === undefined || raw < 0 ? undefined : raw
}
