/** ListGroups, DescribeGroups, DeleteGroups. */
import type { ResponseOf } from '../api.ts'
import {
  array,
  boolean,
  bytes,
  int16,
  int32,
  nullableString,
  since,
  string,
  struct,
} from '../codec.ts'
import { OPERATIONS_UNKNOWN } from './metadata.ts'

/** Versions and layout of ListGroups. */
export const listGroupsApi = {
  key: 16,
  name: 'ListGroups',
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  request: struct({ states: since(4, array(string), []) }),
  response: struct({
    throttleTimeMs: since(1, int32, 0),
    errorCode: int16,
    groups: array(struct({ groupId: string, protocolType: string, state: since(4, string, '') })),
  }),
} as const

/** Versions and layout of DescribeGroups. */
export const describeGroupsApi = {
  key: 15,
  name: 'DescribeGroups',
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 5,
  request: struct({
    groupIds: array(string),
    includeAuthorizedOperations: since(3, boolean, false),
  }),
  response: struct({
    throttleTimeMs: since(1, int32, 0),
    groups: array(
      struct({
        errorCode: int16,
        groupId: string,
        state: string,
        protocolType: string,
        protocolName: string,
        members: array(
          struct({
            memberId: string,
            groupInstanceId: since(4, nullableString, null),
            clientId: string,
            clientHost: string,
            metadata: bytes,
            assignment: bytes,
          }),
        ),
        authorizedOperations: since(3, int32, OPERATIONS_UNKNOWN),
      }),
    ),
  }),
} as const

/** Versions and layout of DeleteGroups. */
export const deleteGroupsApi = {
  key: 42,
  name: 'DeleteGroups',
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  request: struct({ groupIds: array(string) }),
  response: struct({
    throttleTimeMs: int32,
    groups: array(struct({ groupId: string, errorCode: int16 })),
  }),
} as const

/** Body of a DescribeGroups response. */
export type DescribeGroupsResponse = ResponseOf<typeof describeGroupsApi>
