/** Serves JoinGroup, SyncGroup, Heartbeat and LeaveGroup. */
import type { ClusterParts } from '../cluster-parts.ts'
import type { Endpoint } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import { answer } from '../exchange.ts'
import { failedJoin, failedSync } from '../groups/answers.ts'
import type { GroupCoordinator } from '../groups/coordinator.ts'
import type { Group } from '../groups/group.ts'
import type { JoinWish } from '../groups/member.ts'
import type { JoinGroupRequest, LeaveGroupResponse } from '../protocol/apis/group-membership.ts'
import {
  heartbeatApi,
  joinGroupApi,
  leaveGroupApi,
  syncGroupApi,
} from '../protocol/apis/group-membership.ts'
import { ErrorCode } from '../protocol/error-code.ts'

/** Kafka's `group.min.session.timeout.ms` and `group.max.session.timeout.ms`. */
const MIN_SESSION_TIMEOUT_MS = 6_000
const MAX_SESSION_TIMEOUT_MS = 1_800_000

/** First versions of JoinGroup in which a client first gets an id, and a leader may skip the assignment. */
const MEMBER_ID_FIRST_FROM = 4
const SKIP_ASSIGNMENT_FROM = 9

/** First version of LeaveGroup that names several members. */
const LEAVE_BATCHED_FROM = 3

/** The endpoints for members of groups. */
export function groupMembershipEndpoints({ coordinator }: ClusterParts): readonly Endpoint[] {
  return [
    joinGroupEndpoint(coordinator),
    syncGroupEndpoint(coordinator),
    heartbeatEndpoint(coordinator),
    leaveGroupEndpoint(coordinator),
  ]
}

function joinGroupEndpoint(coordinator: GroupCoordinator): Endpoint {
  return endpoint(
    joinGroupApi,
    async (request, { brokerId, version, clientId }, { clientHost }) => {
      const refuse = (errorCode: number) =>
        answer({ throttleTimeMs: 0, ...failedJoin(request.memberId, errorCode) })
      const errorCode = refuseJoin(coordinator, request, brokerId)
      if (errorCode !== ErrorCode.NONE) return refuse(errorCode)
      const group = groupToJoin(coordinator, request)
      if (typeof group === 'number') return refuse(group)
      const wish = wishOf(request, version, { clientId: clientId ?? '', clientHost })
      return answer({ throttleTimeMs: 0, ...(await group.join(wish)) })
    },
    ({ errorCode }, { memberId }) =>
      answer({ throttleTimeMs: 0, ...failedJoin(memberId, errorCode) }),
  )
}

function refuseJoin(
  coordinator: GroupCoordinator,
  { groupId, sessionTimeoutMs }: JoinGroupRequest,
  brokerId: number,
): number {
  const isSession =
    sessionTimeoutMs >= MIN_SESSION_TIMEOUT_MS && sessionTimeoutMs <= MAX_SESSION_TIMEOUT_MS
  const errorCode = coordinator.refuse(groupId, brokerId)
  if (errorCode !== ErrorCode.NONE) return errorCode
  return isSession ? ErrorCode.NONE : ErrorCode.INVALID_SESSION_TIMEOUT
}

/** Returns the group, or an error code. A client with an id was in a group, so none is created for it. */
function groupToJoin(
  coordinator: GroupCoordinator,
  { groupId, memberId }: JoinGroupRequest,
): Group | number {
  if (memberId !== '') return coordinator.find(groupId)?.group ?? ErrorCode.UNKNOWN_MEMBER_ID
  return coordinator.findOrCreate(groupId)?.group ?? ErrorCode.COORDINATOR_NOT_AVAILABLE
}

function wishOf(
  request: JoinGroupRequest,
  version: number,
  client: { readonly clientId: string; readonly clientHost: string },
): JoinWish {
  const { memberId, groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs } = request
  return {
    ...client,
    memberId,
    instanceId: groupInstanceId,
    sessionTimeoutMs,
    rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
    protocolType: request.protocolType,
    // Copied, because a slice would keep the whole request in memory.
    protocols: request.protocols.map(({ name, metadata }) => ({
      name,
      metadata: Buffer.from(metadata),
    })),
    mustKnowMemberId: version >= MEMBER_ID_FIRST_FROM,
    canSkipAssignment: version >= SKIP_ASSIGNMENT_FROM,
  }
}

function syncGroupEndpoint(coordinator: GroupCoordinator): Endpoint {
  return endpoint(
    syncGroupApi,
    async (request, { brokerId }) => {
      const errorCode = coordinator.refuse(request.groupId, brokerId)
      const group = coordinator.find(request.groupId)?.group
      if (errorCode !== ErrorCode.NONE || !group) {
        const refusal = errorCode === ErrorCode.NONE ? ErrorCode.UNKNOWN_MEMBER_ID : errorCode
        return answer({ throttleTimeMs: 0, ...failedSync(refusal) })
      }
      const { generationId, memberId, groupInstanceId, protocolType, protocolName } = request
      const assignments = new Map(
        request.assignments.map((one) => [one.memberId, Buffer.from(one.assignment)]),
      )
      const identity = { memberId, instanceId: groupInstanceId }
      const wish = { ...identity, generationId, protocolType, protocolName, assignments }
      return answer({ throttleTimeMs: 0, ...(await group.sync(wish)) })
    },
    ({ errorCode }) => answer({ throttleTimeMs: 0, ...failedSync(errorCode) }),
  )
}

function heartbeatEndpoint(coordinator: GroupCoordinator): Endpoint {
  return endpoint(
    heartbeatApi,
    ({ groupId, generationId, memberId, groupInstanceId }, { brokerId }) => {
      const refusal = coordinator.refuse(groupId, brokerId)
      const group = coordinator.find(groupId)?.group
      const identity = { memberId, instanceId: groupInstanceId }
      const errorCode =
        refusal === ErrorCode.NONE
          ? (group?.heartbeat(identity, generationId) ?? ErrorCode.UNKNOWN_MEMBER_ID)
          : refusal
      return answer({ throttleTimeMs: 0, errorCode })
    },
  )
}

function leaveGroupEndpoint(coordinator: GroupCoordinator): Endpoint {
  return endpoint(leaveGroupApi, (request, { brokerId, version }) => {
    const refused = (errorCode: number): LeaveGroupResponse => ({
      throttleTimeMs: 0,
      errorCode,
      members: [],
    })
    const errorCode = coordinator.refuse(request.groupId, brokerId)
    if (errorCode !== ErrorCode.NONE) return answer(refused(errorCode))
    const group = coordinator.find(request.groupId)?.group
    const leave = (memberId: string, instanceId: string | null): number =>
      group?.leave({ memberId, instanceId }) ?? ErrorCode.UNKNOWN_MEMBER_ID
    if (version < LEAVE_BATCHED_FROM) return answer(refused(leave(request.memberId, null)))
    const members = request.members.map(({ memberId, groupInstanceId }) => ({
      memberId,
      groupInstanceId,
      errorCode: leave(memberId, groupInstanceId),
    }))
    return answer({ ...refused(ErrorCode.NONE), members })
  })
}
