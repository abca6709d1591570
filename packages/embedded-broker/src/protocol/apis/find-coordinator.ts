/** FindCoordinator: the coordinator of a consumer group. */
import type { ResponseOf } from '../api.ts'
import {
  array,
  between,
  int16,
  int32,
  int8,
  nullableString,
  since,
  string,
  struct,
} from '../codec.ts'

/** Key type of consumer groups; the other, 1, is of transactions. */
export const GROUP_KEY_TYPE = 0

/** From version 4 on, a request names several keys and has an answer for each (KIP-699). */
export const findCoordinatorApi = {
  key: 10,
  name: 'FindCoordinator',
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  request: struct({
    key: between(0, 3, string, ''),
    keyType: since(1, int8, GROUP_KEY_TYPE),
    keys: since(4, array(string), []),
  }),
  response: struct({
    throttleTimeMs: since(1, int32, 0),
    errorCode: between(0, 3, int16, 0),
    errorMessage: between(1, 3, nullableString, null),
    nodeId: between(0, 3, int32, -1),
    host: between(0, 3, string, ''),
    port: between(0, 3, int32, -1),
    coordinators: since(
      4,
      array(
        struct({
          key: string,
          nodeId: int32,
          host: string,
          port: int32,
          errorCode: int16,
          errorMessage: nullableString,
        }),
      ),
      [],
    ),
  }),
} as const

/** Body of a FindCoordinator response. */
export type FindCoordinatorResponse = ResponseOf<typeof findCoordinatorApi>
