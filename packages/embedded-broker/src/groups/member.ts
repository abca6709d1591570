/** One member of a consumer group, and the protocols that members agree on. */
import type { JoinResult, SyncResult } from './results.ts'

/** An assignment protocol that a member supports, with the metadata for its assigner. */
export interface GroupProtocol {
  readonly name: string
  readonly metadata: Buffer
}

/** How a member names itself. */
export interface MemberIdentity {
  /** Empty for a client that has no id yet. */
  readonly memberId: string
  /** Identity across restarts (KIP-345), if the client has one. */
  readonly instanceId: string | null
}

/** What a client asks for when it joins. */
export interface JoinWish extends MemberIdentity {
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly GroupProtocol[]
  /** Whether a client without an id first gets one and must join again with it (KIP-394). */
  readonly mustKnowMemberId: boolean
  /** Whether the client understands that a leader may skip the assignment (KIP-814). */
  readonly canSkipAssignment: boolean
}

/** A member; owned by its group. */
export interface Member {
  readonly id: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocols: readonly GroupProtocol[]
  assignment: Buffer
  /** Set while a JoinGroup of the member is unanswered. */
  awaitingJoin: ((result: JoinResult) => void) | undefined
  /** Set while a SyncGroup of the member is unanswered. */
  awaitingSync: ((result: SyncResult) => void) | undefined
  cancelSession: () => void
}

/** A member that has just joined. */
export function newMember(id: string, wish: JoinWish): Member {
  const { instanceId, clientId, clientHost } = wish
  const { sessionTimeoutMs, rebalanceTimeoutMs, protocols } = wish
  return {
    id,
    instanceId,
    clientId,
    clientHost,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    protocols,
    assignment: Buffer.alloc(0),
    awaitingJoin: undefined,
    awaitingSync: undefined,
    cancelSession: () => undefined,
  }
}

/** Whether a member asks for nothing but what it asked for before. */
export function hasSameProtocols(member: Member, { protocols }: JoinWish): boolean {
  return (
    protocols.length === member.protocols.length &&
    protocols.every(({ name, metadata }, index) => {
      const former = member.protocols[index]
      return former?.name === name && former.metadata.equals(metadata)
    })
  )
}

/** Names of the protocols that all members support, in the first member's order. */
export function commonProtocols(members: readonly Member[]): readonly string[] {
  const [first, ...others] = members
  const names = first?.protocols.map(({ name }) => name) ?? []
  return names.filter((name) =>
    others.every(({ protocols }) => protocols.some((protocol) => protocol.name === name)),
  )
}

/** The common protocol that most members prefer. */
export function electProtocol(members: readonly Member[]): string {
  const candidates = commonProtocols(members)
  const votes = members.map(
    ({ protocols }) => protocols.find(({ name }) => candidates.includes(name))?.name,
  )
  const countOf = (candidate: string): number => votes.filter((vote) => vote === candidate).length
  const [elected] = [...candidates].sort((one, other) => countOf(other) - countOf(one))
  return elected ?? ''
}
