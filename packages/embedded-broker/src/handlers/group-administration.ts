/** Serves ListGroups, DescribeGroups and DeleteGroups. */
import type { ClusterParts } from '../cluster-parts.ts'
import type { Endpoint } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import { answer } from '../exchange.ts'
import { metadataFor } from '../groups/answers.ts'
import type { GroupCoordinator } from '../groups/coordinator.ts'
import type { DescribeGroupsResponse } from '../protocol/apis/group-administration.ts'
import {
  deleteGroupsApi,
  describeGroupsApi,
  listGroupsApi,
} from '../protocol/apis/group-administration.ts'
import { OPERATIONS_UNKNOWN } from '../protocol/apis/metadata.ts'
import { ErrorCode } from '../protocol/error-code.ts'

type DescribedGroup = DescribeGroupsResponse['groups'][number]

/** The endpoints that administrate groups. */
export function groupAdministrationEndpoints({ coordinator }: ClusterParts): readonly Endpoint[] {
  return [
    listGroupsEndpoint(coordinator),
    describeGroupsEndpoint(coordinator),
    deleteGroupsEndpoint(coordinator),
  ]
}

/** Each broker lists the groups that it coordinates. */
function listGroupsEndpoint(coordinator: GroupCoordinator): Endpoint {
  return endpoint(listGroupsApi, ({ states }, { brokerId }) => {
    const groups = coordinator
      .groups()
      .map(({ group: { id, protocolType, state } }) => ({ groupId: id, protocolType, state }))
      .filter(({ groupId }) => coordinator.brokerOf(groupId)?.id === brokerId)
      .filter(({ state }) => states.length === 0 || states.includes(state))
    return answer({ throttleTimeMs: 0, errorCode: ErrorCode.NONE, groups })
  })
}

function describeGroupsEndpoint(coordinator: GroupCoordinator): Endpoint {
  return endpoint(describeGroupsApi, ({ groupIds }, { brokerId }) => {
    const groups = groupIds.map((groupId) => describe(coordinator, groupId, brokerId))
    return answer({ throttleTimeMs: 0, groups })
  })
}

function describe(
  coordinator: GroupCoordinator,
  groupId: string,
  brokerId: number,
): DescribedGroup {
  const group = coordinator.find(groupId)?.group
  const members = group?.members() ?? []
  return {
    errorCode: coordinator.refuse(groupId, brokerId),
    groupId,
    state: group?.state ?? 'Dead',
    protocolType: group?.protocolType ?? '',
    protocolName: group?.protocolName ?? '',
    members: members.map((member) => ({
      memberId: member.id,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: `/${member.clientHost}`,
      metadata: metadataFor(member.protocols, group?.protocolName ?? null),
      assignment: member.assignment,
    })),
    authorizedOperations: OPERATIONS_UNKNOWN,
  }
}

function deleteGroupsEndpoint(coordinator: GroupCoordinator): Endpoint {
  return endpoint(deleteGroupsApi, ({ groupIds }, { brokerId }) => {
    const groups = groupIds.map((groupId) => {
      const errorCode = coordinator.refuse(groupId, brokerId)
      const isOurs = errorCode === ErrorCode.NONE
      return { groupId, errorCode: isOurs ? coordinator.delete(groupId) : errorCode }
    })
    return answer({ throttleTimeMs: 0, groups })
  })
}
