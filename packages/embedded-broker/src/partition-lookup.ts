/** Finds the partition that a request names, or Kafka's error code. */
import type { AccessControl, TopicOperation } from './access-control.ts'
import { ErrorCode } from './protocol/error-code.ts'
import type { Partition, Topic, TopicCatalog } from './topic-catalog.ts'

/** A request for a partition, and its principal. */
export interface PartitionWish {
  readonly topic: string
  readonly index: number
  readonly operation: TopicOperation
  readonly principal: string
  /** The broker asked, which must be the leader. */
  readonly brokerId: number
  /** The leader epoch that the client knows of; -1 is any. */
  readonly leaderEpoch?: number
}

/** The partition, or why the request is refused. */
export type PartitionLookup =
  | { readonly kind: 'found'; readonly topic: Topic; readonly partition: Partition }
  | { readonly kind: 'refused'; readonly errorCode: number }

/** Looks a partition up on behalf of a client. */
export function lookUpPartition(
  catalog: TopicCatalog,
  access: AccessControl,
  wish: PartitionWish,
): PartitionLookup {
  if (!access.allows(wish.principal, wish.operation, wish.topic)) {
    return { kind: 'refused', errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED }
  }
  const topic = catalog.topic(wish.topic)
  const partition = topic?.partitions[wish.index]
  if (!topic || !partition) {
    return { kind: 'refused', errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
  }
  const errorCode = refuseLeader(partition, wish)
  return errorCode === ErrorCode.NONE
    ? { kind: 'found', topic, partition }
    : { kind: 'refused', errorCode }
}

function refuseLeader(partition: Partition, { brokerId, leaderEpoch = -1 }: PartitionWish): number {
  if (partition.leaderId !== brokerId) return ErrorCode.NOT_LEADER_OR_FOLLOWER
  if (leaderEpoch === -1 || leaderEpoch === partition.leaderEpoch) return ErrorCode.NONE
  return leaderEpoch < partition.leaderEpoch
    ? ErrorCode.FENCED_LEADER_EPOCH
    : ErrorCode.UNKNOWN_LEADER_EPOCH
}
