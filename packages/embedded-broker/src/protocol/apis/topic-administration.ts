/** CreateTopics, DeleteTopics, CreatePartitions. */
import type { RequestOf, ResponseOf } from '../api.ts'
import {
  array,
  between,
  boolean,
  changed,
  int16,
  int32,
  int8,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
  uuid,
} from '../codec.ts'
import { NO_TOPIC_ID } from './metadata.ts'

/** Versions and layout of CreateTopics. */
export const createTopicsApi = {
  key: 19,
  name: 'CreateTopics',
  minVersion: 0,
  maxVersion: 7,
  flexibleFrom: 5,
  request: struct({
    topics: array(
      struct({
        name: string,
        partitionCount: int32,
        replicationFactor: int16,
        assignments: array(struct({ index: int32, brokerIds: array(int32) })),
        configs: array(struct({ name: string, value: nullableString })),
      }),
    ),
    timeoutMs: int32,
    validateOnly: since(1, boolean, false),
  }),
  response: struct({
    throttleTimeMs: since(2, int32, 0),
    topics: array(
      struct({
        name: string,
        id: since(7, uuid, NO_TOPIC_ID),
        errorCode: int16,
        errorMessage: since(1, nullableString, null),
        partitionCount: since(5, int32, -1),
        replicationFactor: since(5, int16, -1),
        configs: since(
          5,
          nullableArray(
            struct({
              name: string,
              value: nullableString,
              isReadOnly: boolean,
              source: int8,
              isSensitive: boolean,
            }),
          ),
          null,
        ),
      }),
    ),
  }),
} as const

/** From version 6 on, topics may be named by id. */
export const deleteTopicsApi = {
  key: 20,
  name: 'DeleteTopics',
  minVersion: 0,
  maxVersion: 6,
  flexibleFrom: 4,
  request: struct({
    topics: since(6, array(struct({ name: nullableString, id: uuid })), []),
    names: between(0, 5, array(string), []),
    timeoutMs: int32,
  }),
  response: struct({
    throttleTimeMs: since(1, int32, 0),
    topics: array(
      struct({
        name: changed<string | null>(6, string, nullableString),
        id: since(6, uuid, NO_TOPIC_ID),
        errorCode: int16,
        errorMessage: since(5, nullableString, null),
      }),
    ),
  }),
} as const

/** Versions and layout of CreatePartitions. */
export const createPartitionsApi = {
  key: 37,
  name: 'CreatePartitions',
  minVersion: 0,
  maxVersion: 3,
  flexibleFrom: 2,
  request: struct({
    topics: array(
      struct({
        name: string,
        count: int32,
        assignments: nullableArray(struct({ brokerIds: array(int32) })),
      }),
    ),
    timeoutMs: int32,
    validateOnly: boolean,
  }),
  response: struct({
    throttleTimeMs: int32,
    topics: array(struct({ name: string, errorCode: int16, errorMessage: nullableString })),
  }),
} as const

/** Body of a CreateTopics request. */
export type CreateTopicsRequest = RequestOf<typeof createTopicsApi>
/** Body of a CreateTopics response. */
export type CreateTopicsResponse = ResponseOf<typeof createTopicsApi>
/** Body of a DeleteTopics response. */
export type DeleteTopicsResponse = ResponseOf<typeof deleteTopicsApi>
