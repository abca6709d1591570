import type { FetchRequest, FetchResponse } from '../../src/protocol/apis/fetch.ts'
import type { ListOffsetsRequest } from '../../src/protocol/apis/list-offsets.ts'
import type { MetadataRequest } from '../../src/protocol/apis/metadata.ts'

/** A Metadata request for some topics, or for all. */
export function metadataRequest(
  names: readonly string[] | null,
  allowAutoTopicCreation = true,
): MetadataRequest {
  return {
    topics: names?.map((name) => ({ id: '0'.repeat(32), name })) ?? null,
    allowAutoTopicCreation,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  }
}

/** A Fetch request for one partition that does not wait. */
export function fetchRequest(
  topic: string,
  fetchOffset: bigint,
  changes: Partial<FetchRequest> & {
    readonly partition?: number
    readonly partitionMaxBytes?: number
    readonly currentLeaderEpoch?: number
  } = {},
): FetchRequest {
  const { partition = 0, partitionMaxBytes = 1_000_000, currentLeaderEpoch = -1, ...top } = changes
  return {
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1_000_000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [
      {
        name: topic,
        partitions: [
          {
            index: partition,
            currentLeaderEpoch,
            fetchOffset,
            lastFetchedEpoch: -1,
            logStartOffset: -1n,
            maxBytes: partitionMaxBytes,
          },
        ],
      },
    ],
    forgottenTopics: [],
    rackId: '',
    ...top,
  }
}

/** The answer for the first partition of a Fetch response. */
export function firstFetched(
  response: FetchResponse,
): FetchResponse['topics'][number]['partitions'][number] {
  const partition = response.topics[0]?.partitions[0]
  if (!partition) throw new Error('the response names no partition')
  return partition
}

/** A ListOffsets request for one partition. */
export function listOffsetsRequest(
  topic: string,
  timestampMs: bigint,
  currentLeaderEpoch = -1,
): ListOffsetsRequest {
  return {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions: [{ index: 0, currentLeaderEpoch, timestampMs }] }],
  }
}
