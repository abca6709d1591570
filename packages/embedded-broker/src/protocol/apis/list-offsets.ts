/** ListOffsets: first, last or timestamped offsets of partitions. */
import type { RequestOf, ResponseOf } from '../api.ts'
import { array, int16, int32, int64, int8, since, string, struct } from '../codec.ts'

/** Versions and layout of ListOffsets. */
export const listOffsetsApi = {
  key: 2,
  name: 'ListOffsets',
  minVersion: 1,
  maxVersion: 7,
  flexibleFrom: 6,
  request: struct({
    replicaId: int32,
    isolationLevel: since(2, int8, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            index: int32,
            currentLeaderEpoch: since(4, int32, -1),
            timestampMs: int64,
          }),
        ),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: since(2, int32, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            index: int32,
            errorCode: int16,
            timestampMs: int64,
            offset: int64,
            leaderEpoch: since(4, int32, -1),
          }),
        ),
      }),
    ),
  }),
} as const

/** Body of a ListOffsets request. */
export type ListOffsetsRequest = RequestOf<typeof listOffsetsApi>
/** Body of a ListOffsets response. */
export type ListOffsetsResponse = ResponseOf<typeof listOffsetsApi>
