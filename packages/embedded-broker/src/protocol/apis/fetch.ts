/** Fetch: reads record batches from partitions, waiting for new ones if asked to. */
import type { RequestOf, ResponseOf } from '../api.ts'
import {
  array,
  int16,
  int32,
  int64,
  int8,
  nullableArray,
  nullableBytes,
  since,
  string,
  struct,
} from '../codec.ts'

const partitionResponse = struct({
  index: int32,
  errorCode: int16,
  highWatermark: int64,
  lastStableOffset: int64,
  logStartOffset: since(5, int64, -1n),
  abortedTransactions: nullableArray(struct({ producerId: int64, firstOffset: int64 })),
  preferredReadReplica: since(11, int32, -1),
  records: nullableBytes,
})

/** Served up to the last version that names topics by name rather than by id. */
export const fetchApi = {
  key: 1,
  name: 'Fetch',
  minVersion: 4,
  maxVersion: 12,
  flexibleFrom: 12,
  request: struct({
    replicaId: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32,
    isolationLevel: int8,
    sessionId: since(7, int32, 0),
    sessionEpoch: since(7, int32, -1),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            index: int32,
            currentLeaderEpoch: since(9, int32, -1),
            fetchOffset: int64,
            lastFetchedEpoch: since(12, int32, -1),
            logStartOffset: since(5, int64, -1n),
            maxBytes: int32,
          }),
        ),
      }),
    ),
    forgottenTopics: since(7, array(struct({ name: string, partitions: array(int32) })), []),
    rackId: since(11, string, ''),
  }),
  response: struct({
    throttleTimeMs: int32,
    errorCode: since(7, int16, 0),
    sessionId: since(7, int32, 0),
    topics: array(struct({ name: string, partitions: array(partitionResponse) })),
  }),
} as const

/** Body of a Fetch request. */
export type FetchRequest = RequestOf<typeof fetchApi>
/** Body of a Fetch response. */
export type FetchResponse = ResponseOf<typeof fetchApi>
