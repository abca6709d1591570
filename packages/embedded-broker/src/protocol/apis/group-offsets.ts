/** OffsetCommit and OffsetFetch: how far a consumer group has read. */
import type { RequestOf, ResponseOf } from '../api.ts'
import {
  array,
  between,
  boolean,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
} from '../codec.ts'

/** Versions and layout of OffsetCommit. */
export const offsetCommitApi = {
  key: 8,
  name: 'OffsetCommit',
  minVersion: 2,
  maxVersion: 8,
  flexibleFrom: 8,
  request: struct({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(7, nullableString, null),
    retentionTimeMs: between(2, 4, int64, -1n),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            index: int32,
            offset: int64,
            leaderEpoch: since(6, int32, -1),
            metadata: nullableString,
          }),
        ),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: since(3, int32, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ index: int32, errorCode: int16 })),
      }),
    ),
  }),
} as const

const wantedTopics = nullableArray(struct({ name: string, partitions: array(int32) }))

const fetchedTopics = array(
  struct({
    name: string,
    partitions: array(
      struct({
        index: int32,
        offset: int64,
        leaderEpoch: since(5, int32, -1),
        metadata: nullableString,
        errorCode: int16,
      }),
    ),
  }),
)

/** From version 8 on, a request names several groups (KIP-709). */
export const offsetFetchApi = {
  key: 9,
  name: 'OffsetFetch',
  minVersion: 1,
  maxVersion: 8,
  flexibleFrom: 6,
  request: struct({
    groupId: between(0, 7, string, ''),
    topics: between(0, 7, wantedTopics, null),
    groups: since(8, array(struct({ groupId: string, topics: wantedTopics })), []),
    requireStable: since(7, boolean, false),
  }),
  response: struct({
    throttleTimeMs: since(3, int32, 0),
    topics: between(0, 7, fetchedTopics, []),
    errorCode: between(2, 7, int16, 0),
    groups: since(
      8,
      array(struct({ groupId: string, topics: fetchedTopics, errorCode: int16 })),
      [],
    ),
  }),
} as const

/** Body of an OffsetCommit request. */
export type OffsetCommitRequest = RequestOf<typeof offsetCommitApi>
/** Body of an OffsetFetch request. */
export type OffsetFetchRequest = RequestOf<typeof offsetFetchApi>
/** Body of an OffsetFetch response. */
export type OffsetFetchResponse = ResponseOf<typeof offsetFetchApi>
