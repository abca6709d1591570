/** Metadata: the brokers, topics and partition leaders. */
import type { RequestOf, ResponseOf } from '../api.ts'
import {
  array,
  between,
  boolean,
  changed,
  int16,
  int32,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
  uuid,
} from '../codec.ts'

/** The uuid that stands for "no topic id". */
export const NO_TOPIC_ID = '0'.repeat(32)

/** The bit field that stands for "operations were not asked for". */
export const OPERATIONS_UNKNOWN = -2147483648

const partition = struct({
  errorCode: int16,
  index: int32,
  leaderId: int32,
  leaderEpoch: since(7, int32, -1),
  replicaIds: array(int32),
  inSyncReplicaIds: array(int32),
  offlineReplicaIds: since(5, array(int32), []),
})

/** Versions and layout of Metadata. */
export const metadataApi = {
  key: 3,
  name: 'Metadata',
  minVersion: 0,
  maxVersion: 12,
  flexibleFrom: 9,
  request: struct({
    topics: nullableArray(
      struct({
        id: since(10, uuid, NO_TOPIC_ID),
        name: changed<string | null>(10, string, nullableString),
      }),
    ),
    allowAutoTopicCreation: since(4, boolean, true),
    includeClusterAuthorizedOperations: between(8, 10, boolean, false),
    includeTopicAuthorizedOperations: since(8, boolean, false),
  }),
  response: struct({
    throttleTimeMs: since(3, int32, 0),
    brokers: array(
      struct({
        nodeId: int32,
        host: string,
        port: int32,
        rack: since(1, nullableString, null),
      }),
    ),
    clusterId: since(2, nullableString, null),
    controllerId: since(1, int32, -1),
    topics: array(
      struct({
        errorCode: int16,
        name: changed<string | null>(12, string, nullableString),
        id: since(10, uuid, NO_TOPIC_ID),
        isInternal: since(1, boolean, false),
        partitions: array(partition),
        authorizedOperations: since(8, int32, OPERATIONS_UNKNOWN),
      }),
    ),
    clusterAuthorizedOperations: between(8, 10, int32, OPERATIONS_UNKNOWN),
  }),
} as const

/** Body of a Metadata request. */
export type MetadataRequest = RequestOf<typeof metadataApi>
/** Body of a Metadata response. */
export type MetadataResponse = ResponseOf<typeof metadataApi>
