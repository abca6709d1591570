/** Serves ListOffsets: the first and last offsets of partitions, and those after a point in time. */
import type { ClusterParts } from '../cluster-parts.ts'
import type { Endpoint } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import { answer } from '../exchange.ts'
import type { PartitionWish } from '../partition-lookup.ts'
import { lookUpPartition } from '../partition-lookup.ts'
import type { PartitionLog, StoredBatch } from '../partition-log.ts'
import type { ListOffsetsResponse } from '../protocol/apis/list-offsets.ts'
import { listOffsetsApi } from '../protocol/apis/list-offsets.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { recordsOf } from '../stored-records.ts'

/** Timestamps with a special meaning. */
const LATEST = -1n
const EARLIEST = -2n
const MAX_TIMESTAMP = -3n

type PartitionResponse = ListOffsetsResponse['topics'][number]['partitions'][number]

interface Found {
  readonly offset: bigint
  readonly timestampMs: bigint
}

const NOTHING: Found = { offset: -1n, timestampMs: -1n }

/** The ListOffsets endpoint. */
export function listOffsetsEndpoint(parts: ClusterParts): Endpoint {
  return endpoint(listOffsetsApi, (request, { brokerId }, { principal }) => {
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, currentLeaderEpoch, timestampMs }) => {
        const leaderEpoch = currentLeaderEpoch
        const operation = 'describe' as const
        const wish = { topic: name, index, operation, principal, brokerId, leaderEpoch }
        return list(parts, wish, timestampMs)
      }),
    }))
    return answer({ throttleTimeMs: 0, topics })
  })
}

function list(
  { catalog, access }: ClusterParts,
  wish: PartitionWish,
  timestampMs: bigint,
): PartitionResponse {
  const lookup = lookUpPartition(catalog, access, wish)
  const { index } = wish
  if (lookup.kind === 'refused') {
    return { index, errorCode: lookup.errorCode, ...NOTHING, leaderEpoch: -1 }
  }
  const { log, leaderEpoch } = lookup.partition
  return { index, errorCode: ErrorCode.NONE, ...find(log, timestampMs), leaderEpoch }
}

function find(log: PartitionLog, timestampMs: bigint): Found {
  switch (timestampMs) {
    case LATEST:
      return { offset: log.endOffset, timestampMs: -1n }
    case EARLIEST:
      return { offset: log.startOffset, timestampMs: -1n }
    case MAX_TIMESTAMP:
      return findAtLeast(log, Math.max(0, ...log.batches().map(maxTimestampOf)))
    default:
      return timestampMs < 0n ? NOTHING : findAtLeast(log, Number(timestampMs))
  }
}

const maxTimestampOf = ({ header }: StoredBatch): number => header.maxTimestampMs

/** The first record that is not older than the timestamp. */
function findAtLeast(log: PartitionLog, timestampMs: number): Found {
  const batch = log.batches().find((one) => maxTimestampOf(one) >= timestampMs)
  if (!batch) return NOTHING
  return findInBatch(batch, timestampMs)
}

/**
 * Searches within a batch. A batch that cannot be decoded (compressed records are not checked on arrival) counts as
 * a whole.
 */
function findInBatch(batch: StoredBatch, timestampMs: number): Found {
  const { baseOffset, header } = batch
  const whole = { offset: baseOffset, timestampMs: BigInt(header.maxTimestampMs) }
  try {
    const record = recordsOf(0, batch).find((one) => one.timestampMs >= timestampMs)
    return record ? { offset: record.offset, timestampMs: BigInt(record.timestampMs) } : whole
  } catch {
    return whole
  }
}
