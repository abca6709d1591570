/** Answers to the members of a group. */
import type { GroupProtocol, Member } from './member.ts'
import type { JoinResult, SyncResult } from './results.ts'

/** The answer to a join that did not succeed. */
export function failedJoin(memberId: string, errorCode: number): JoinResult {
  return {
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leaderId: '',
    memberId,
    skipAssignment: false,
    members: [],
  }
}

/** The answer to a sync that did not succeed. */
export function failedSync(errorCode: number): SyncResult {
  return { errorCode, protocolType: null, protocolName: null, assignment: Buffer.alloc(0) }
}

/** Answers the member's JoinGroup, if one is waiting. */
export function answerJoin(member: Member, result: JoinResult): void {
  const { awaitingJoin } = member
  member.awaitingJoin = undefined
  awaitingJoin?.(result)
}

/** Answers the member's SyncGroup, if one is waiting. */
export function answerSync(member: Member, result: SyncResult): void {
  const { awaitingSync } = member
  member.awaitingSync = undefined
  awaitingSync?.(result)
}

/** What a member told the assigner of the chosen protocol about itself. */
export function metadataFor(protocols: readonly GroupProtocol[], chosen: string | null): Buffer {
  return protocols.find(({ name }) => name === chosen)?.metadata ?? Buffer.alloc(0)
}
