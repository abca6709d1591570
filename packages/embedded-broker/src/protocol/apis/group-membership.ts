/** JoinGroup, SyncGroup, Heartbeat, LeaveGroup: the life of a member of a consumer group. */
import type { RequestOf, ResponseOf } from '../api.ts'
import type { Codec } from '../codec.ts'
import {
  array,
  between,
  boolean,
  bytes,
  changed,
  int16,
  int32,
  nullableString,
  since,
  string,
  struct,
} from '../codec.ts'

/** A string in whose place an empty one stands for none. */
const stringOrEmpty: Codec<string | null> = {
  read: (reader, format) => string.read(reader, format),
  write: (writer, value, format) => {
    string.write(writer, value ?? '', format)
  },
}

/** Versions and layout of JoinGroup. */
export const joinGroupApi = {
  key: 11,
  name: 'JoinGroup',
  minVersion: 0,
  maxVersion: 9,
  flexibleFrom: 6,
  request: struct({
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: since(1, int32, -1),
    memberId: string,
    groupInstanceId: since(5, nullableString, null),
    protocolType: string,
    protocols: array(struct({ name: string, metadata: bytes })),
    reason: since(8, nullableString, null),
  }),
  response: struct({
    throttleTimeMs: since(2, int32, 0),
    errorCode: int16,
    generationId: int32,
    protocolType: since(7, nullableString, null),
    protocolName: changed(7, stringOrEmpty, nullableString),
    leaderId: string,
    skipAssignment: since(9, boolean, false),
    memberId: string,
    members: array(
      struct({
        memberId: string,
        groupInstanceId: since(5, nullableString, null),
        metadata: bytes,
      }),
    ),
  }),
} as const

/** Versions and layout of SyncGroup. */
export const syncGroupApi = {
  key: 14,
  name: 'SyncGroup',
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 4,
  request: struct({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullableString, null),
    protocolType: since(5, nullableString, null),
    protocolName: since(5, nullableString, null),
    assignments: array(struct({ memberId: string, assignment: bytes })),
  }),
  response: struct({
    throttleTimeMs: since(1, int32, 0),
    errorCode: int16,
    protocolType: since(5, nullableString, null),
    protocolName: since(5, nullableString, null),
    assignment: bytes,
  }),
} as const

/** Versions and layout of Heartbeat. */
export const heartbeatApi = {
  key: 12,
  name: 'Heartbeat',
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 4,
  request: struct({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullableString, null),
  }),
  response: struct({ throttleTimeMs: since(1, int32, 0), errorCode: int16 }),
} as const

/** From version 3 on, a request names several members (KIP-345). */
export const leaveGroupApi = {
  key: 13,
  name: 'LeaveGroup',
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 4,
  request: struct({
    groupId: string,
    memberId: between(0, 2, string, ''),
    members: since(
      3,
      array(
        struct({
          memberId: string,
          groupInstanceId: nullableString,
          reason: since(5, nullableString, null),
        }),
      ),
      [],
    ),
  }),
  response: struct({
    throttleTimeMs: since(1, int32, 0),
    errorCode: int16,
    members: since(
      3,
      array(struct({ memberId: string, groupInstanceId: nullableString, errorCode: int16 })),
      [],
    ),
  }),
} as const

/** Body of a JoinGroup request. */
export type JoinGroupRequest = RequestOf<typeof joinGroupApi>
/** Body of a LeaveGroup response. */
export type LeaveGroupResponse = ResponseOf<typeof leaveGroupApi>
