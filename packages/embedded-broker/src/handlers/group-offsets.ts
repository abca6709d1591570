/** Serves OffsetCommit and OffsetFetch. */
import type { ClusterParts } from '../cluster-parts.ts'
import type { Endpoint } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import { answer } from '../exchange.ts'
import type { CommittedOffsets } from '../groups/committed-offsets.ts'
import type { CoordinatedGroup, GroupCoordinator } from '../groups/coordinator.ts'
import type {
  OffsetCommitRequest,
  OffsetFetchRequest,
  OffsetFetchResponse,
} from '../protocol/apis/group-offsets.ts'
import { offsetCommitApi, offsetFetchApi } from '../protocol/apis/group-offsets.ts'
import { ErrorCode } from '../protocol/error-code.ts'

/** Kafka's `offset.metadata.max.bytes`. */
const MAX_METADATA_BYTES = 4_096

/** First version of OffsetFetch that names several groups. */
const FETCH_BATCHED_FROM = 8

type WantedTopics = OffsetFetchRequest['topics']
type FetchedTopics = OffsetFetchResponse['topics']
type CommittedPartition = OffsetCommitRequest['topics'][number]['partitions'][number]

/** The endpoints for offsets of groups. */
export function groupOffsetsEndpoints(parts: ClusterParts): readonly Endpoint[] {
  return [offsetCommitEndpoint(parts), offsetFetchEndpoint(parts)]
}

function offsetCommitEndpoint(parts: ClusterParts): Endpoint {
  return endpoint(offsetCommitApi, (request, { brokerId }) => {
    const group = groupToCommit(parts.coordinator, request, brokerId)
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partition) => ({
        index: partition.index,
        errorCode: typeof group === 'number' ? group : commit(parts, group, name, partition),
      })),
    }))
    return answer({ throttleTimeMs: 0, topics })
  })
}

/** The group, or the error code for every partition. */
function groupToCommit(
  coordinator: GroupCoordinator,
  { groupId, generationId, memberId, groupInstanceId }: OffsetCommitRequest,
  brokerId: number,
): CoordinatedGroup | number {
  const errorCode = coordinator.refuse(groupId, brokerId)
  if (errorCode !== ErrorCode.NONE) return errorCode
  if (generationId >= 0 && !coordinator.find(groupId)) return ErrorCode.ILLEGAL_GENERATION
  const found = coordinator.findOrCreate(groupId)
  if (!found) return ErrorCode.COORDINATOR_NOT_AVAILABLE
  const identity = { memberId, instanceId: groupInstanceId }
  const refusal = found.group.refuseCommit(identity, generationId)
  return refusal === ErrorCode.NONE ? found : refusal
}

function commit(
  { catalog }: ClusterParts,
  { offsets }: CoordinatedGroup,
  topic: string,
  { index, offset, leaderEpoch, metadata }: CommittedPartition,
): number {
  if (!catalog.partition(topic, index)) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  if (Buffer.byteLength(metadata ?? '') > MAX_METADATA_BYTES) {
    return ErrorCode.OFFSET_METADATA_TOO_LARGE
  }
  offsets.commit(topic, index, { offset, leaderEpoch, metadata })
  return ErrorCode.NONE
}

function offsetFetchEndpoint({ coordinator }: ClusterParts): Endpoint {
  const fetch = (groupId: string, wanted: WantedTopics, brokerId: number): FetchedGroup => {
    const errorCode = coordinator.refuse(groupId, brokerId)
    const offsets = coordinator.find(groupId)?.offsets
    const topics = errorCode === ErrorCode.NONE ? fetchedTopics(wanted, offsets) : []
    return { groupId, topics, errorCode }
  }
  return endpoint(offsetFetchApi, (request, { brokerId, version }) => {
    const groups = request.groups.map(({ groupId, topics }) => fetch(groupId, topics, brokerId))
    const { topics, errorCode } =
      version < FETCH_BATCHED_FROM
        ? fetch(request.groupId, request.topics, brokerId)
        : { topics: [], errorCode: ErrorCode.NONE }
    return answer({ throttleTimeMs: 0, topics, errorCode, groups })
  })
}

type FetchedGroup = OffsetFetchResponse['groups'][number]

/** Offsets of the wanted partitions, -1 without a commit; for null, all committed offsets. */
function fetchedTopics(wanted: WantedTopics, offsets: CommittedOffsets | undefined): FetchedTopics {
  return (wanted ?? offsets?.topics() ?? []).map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((index) => {
      const committed = offsets?.get(name, index)
      return {
        index,
        offset: committed?.offset ?? -1n,
        leaderEpoch: committed?.leaderEpoch ?? -1,
        metadata: committed?.metadata ?? '',
        errorCode: ErrorCode.NONE,
      }
    }),
  }))
}
