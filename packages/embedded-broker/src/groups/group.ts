/**
 * One consumer group of the classic protocol: who is in it, and the rebalance that agrees on who reads
 * what. Its states are Kafka's:
 *
 * ```text
 * Empty -> PreparingRebalance -> CompletingRebalance -> Stable
 *   ^       |  ^ (all joined, or       |  (the leader      |
 *   |       |  |  the time is up)      |   has assigned)   |
 *   +-------+  +-----------------------+-------------------+  (a member joins, leaves or falls silent)
 * ```
 */
import { randomUUID } from 'node:crypto'
import type { BrokerClock } from '../clock.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { JoinResult, SyncResult } from './results.ts'
import { answerJoin, answerSync, failedJoin, failedSync, metadataFor } from './answers.ts'
import type { JoinWish, Member, MemberIdentity } from './member.ts'
import { commonProtocols, electProtocol, hasSameProtocols, newMember } from './member.ts'
import { Membership } from './membership.ts'

/** States of a group, by Kafka's names. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

/** What a member sends once it has joined. */
export interface SyncWish extends MemberIdentity {
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  /** By member id; only the leader sends any. */
  readonly assignments: ReadonlyMap<string, Buffer>
}

/** A consumer group. */
export class Group {
  readonly id: string
  readonly #clock: BrokerClock
  readonly #members: Membership
  #state: GroupState = 'Empty'
  #generationId = 0
  #protocolType: string | null = null
  #protocolName: string | null = null
  #leaderId = ''
  #cancelRebalanceTimer: () => void = () => undefined

  constructor(id: string, clock: BrokerClock) {
    this.id = id
    this.#clock = clock
    this.#members = new Membership(clock)
  }

  get state(): GroupState {
    return this.#state
  }

  get protocolType(): string {
    return this.#protocolType ?? ''
  }

  get protocolName(): string {
    return this.#protocolName ?? ''
  }

  /** Whether the group has no members, joining ones included. */
  get isVacant(): boolean {
    return this.#members.isVacant
  }

  members(): readonly Member[] {
    return this.#members.list()
  }

  /** Adds a member, and answers when its generation has begun. */
  join(wish: JoinWish): Promise<JoinResult> | JoinResult {
    if (!this.#suits(wish)) {
      return failedJoin(wish.memberId, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    }
    return wish.memberId === '' ? this.#joinAnew(wish) : this.#joinAs(wish)
  }

  /** Stores the leader's assignment, and sends each member its part. */
  sync(wish: SyncWish): Promise<SyncResult> | SyncResult {
    const errorCode = this.#refuseSync(wish)
    const member = this.#members.get(wish.memberId)
    if (errorCode !== ErrorCode.NONE || !member) return failedSync(errorCode)
    this.#heard(member)
    if (this.#state === 'Stable') return this.#syncResult(member)
    return new Promise((resolve) => {
      answerSync(member, failedSync(ErrorCode.REBALANCE_IN_PROGRESS))
      member.awaitingSync = resolve
      if (member.id === this.#leaderId) this.#assign(wish.assignments)
    })
  }

  /** Notes that a member is alive. Answers an error code, or `NONE`. */
  heartbeat(identity: MemberIdentity, generationId: number): number {
    const errorCode = this.#hearFrom(identity, generationId)
    const isRebalancing = this.#state === 'PreparingRebalance'
    return errorCode === ErrorCode.NONE && isRebalancing
      ? ErrorCode.REBALANCE_IN_PROGRESS
      : errorCode
  }

  /** Removes a member, which may identify itself by its instance id alone. */
  leave({ memberId, instanceId }: MemberIdentity): number {
    if (this.#members.endPromise(memberId)) {
      this.#checkAssembly()
      return ErrorCode.NONE
    }
    const ownId = memberId === '' ? this.#members.byInstance(instanceId)?.id : memberId
    const errorCode = this.#members.refuse({ memberId: ownId ?? '', instanceId })
    const member = this.#members.get(ownId ?? '')
    if (errorCode === ErrorCode.NONE && member) this.#remove(member)
    return errorCode
  }

  /** The error code for a commit that is not allowed, or `NONE`. */
  refuseCommit(identity: MemberIdentity, generationId: number): number {
    // A consumer that assigns its own partitions commits without being a member.
    if (generationId < 0 && this.#state === 'Empty') return ErrorCode.NONE
    const errorCode = this.#hearFrom(identity, generationId)
    const isCompleting = this.#state === 'CompletingRebalance'
    return errorCode === ErrorCode.NONE && isCompleting
      ? ErrorCode.REBALANCE_IN_PROGRESS
      : errorCode
  }

  #joinAnew(wish: JoinWish): Promise<JoinResult> | JoinResult {
    const memberId = `${wish.instanceId ?? wish.clientId}-${randomUUID()}`
    const former = this.#members.byInstance(wish.instanceId)
    if (former) return this.#replace(former, memberId, wish)
    if (this.#members.isFull) return failedJoin('', ErrorCode.GROUP_MAX_SIZE_REACHED)
    if (wish.instanceId !== null || !wish.mustKnowMemberId) return this.#admit(memberId, wish)
    this.#members.promise(memberId, wish.sessionTimeoutMs, () => {
      this.#checkAssembly()
    })
    return failedJoin(memberId, ErrorCode.MEMBER_ID_REQUIRED)
  }

  #joinAs(wish: JoinWish): Promise<JoinResult> | JoinResult {
    if (this.#members.endPromise(wish.memberId)) return this.#admit(wish.memberId, wish)
    const errorCode = this.#members.refuse(wish)
    const member = this.#members.get(wish.memberId)
    if (errorCode !== ErrorCode.NONE || !member) return failedJoin(wish.memberId, errorCode)
    if (this.#needsRebalance(member, wish)) return this.#rejoin(member, wish)
    this.#heard(member)
    return this.#joinResult(member)
  }

  /** Whether the join of a known member needs a rebalance: not if it only repeats one whose answer was lost. */
  #needsRebalance(member: Member, wish: JoinWish): boolean {
    if (this.#state === 'PreparingRebalance' || !hasSameProtocols(member, wish)) return true
    return this.#state === 'Stable' && member.id === this.#leaderId
  }

  #admit(memberId: string, wish: JoinWish): Promise<JoinResult> {
    const member = newMember(memberId, wish)
    this.#members.add(member)
    return this.#rejoin(member, wish)
  }

  #rejoin(member: Member, wish: JoinWish): Promise<JoinResult> {
    this.#protocolType = wish.protocolType
    member.protocols = wish.protocols
    member.sessionTimeoutMs = wish.sessionTimeoutMs
    member.rebalanceTimeoutMs = wish.rebalanceTimeoutMs
    member.cancelSession()
    return new Promise((resolve) => {
      answerJoin(member, failedJoin(member.id, ErrorCode.UNKNOWN_MEMBER_ID))
      member.awaitingJoin = resolve
      this.#rebalance()
    })
  }

  /** Replaces a member with an instance id by its new process. */
  #replace(former: Member, memberId: string, wish: JoinWish): Promise<JoinResult> | JoinResult {
    const needsRebalance = this.#state !== 'Stable' || !hasSameProtocols(former, wish)
    const formerLeaderId = this.#leaderId
    this.#members.evict(former, ErrorCode.FENCED_INSTANCE_ID)
    const member = { ...newMember(memberId, wish), assignment: former.assignment }
    this.#members.add(member)
    if (formerLeaderId === former.id) this.#leaderId = memberId
    if (needsRebalance) return this.#rejoin(member, wish)
    this.#heard(member)
    const result = this.#joinResult(member)
    if (wish.canSkipAssignment) return { ...result, skipAssignment: memberId === this.#leaderId }
    // An older client acts as a follower if the leader seems to be another member, and so fetches its old assignment.
    return { ...result, leaderId: formerLeaderId, members: [] }
  }

  #remove(member: Member): void {
    this.#members.evict(member, ErrorCode.UNKNOWN_MEMBER_ID)
    this.#rebalance()
  }

  /** Starts a rebalance unless one is in progress, and ends it if all members have already joined. */
  #rebalance(): void {
    if (this.#state !== 'PreparingRebalance') {
      for (const member of this.members()) {
        this.#answerSync(member, failedSync(ErrorCode.REBALANCE_IN_PROGRESS))
      }
      this.#state = 'PreparingRebalance'
      this.#startTimer(() => {
        this.#joinTimeIsUp()
      })
    }
    this.#checkAssembly()
  }

  #checkAssembly(): void {
    if (this.#state === 'PreparingRebalance' && this.#members.isAssembled) this.#beginGeneration()
  }

  /** Continues without the members that did not join; those with an instance id may still return. */
  #joinTimeIsUp(): void {
    for (const member of this.members()) {
      if (!member.awaitingJoin && member.instanceId === null) {
        this.#members.evict(member, ErrorCode.UNKNOWN_MEMBER_ID)
      }
    }
    const isAnybodyThere = this.members().some(({ awaitingJoin }) => awaitingJoin)
    if (isAnybodyThere || this.#members.size === 0) this.#beginGeneration()
    else {
      this.#startTimer(() => {
        this.#joinTimeIsUp()
      })
    }
  }

  #beginGeneration(): void {
    this.#cancelRebalanceTimer()
    this.#generationId += 1
    const members = this.members()
    this.#state = members.length === 0 ? 'Empty' : 'CompletingRebalance'
    this.#protocolName = members.length === 0 ? null : electProtocol(members)
    if (!this.#members.get(this.#leaderId)?.awaitingJoin) {
      this.#leaderId = members.find(({ awaitingJoin }) => awaitingJoin)?.id ?? ''
    }
    for (const member of members) {
      member.assignment = Buffer.alloc(0)
      answerJoin(member, this.#joinResult(member))
      this.#heard(member)
    }
    if (members.length === 0) return
    this.#startTimer(() => {
      this.#syncTimeIsUp()
    })
  }

  #syncTimeIsUp(): void {
    for (const member of this.members()) {
      if (!member.awaitingSync) this.#members.evict(member, ErrorCode.UNKNOWN_MEMBER_ID)
    }
    this.#rebalance()
  }

  #assign(assignments: ReadonlyMap<string, Buffer>): void {
    this.#cancelRebalanceTimer()
    this.#state = 'Stable'
    for (const member of this.members()) {
      member.assignment = assignments.get(member.id) ?? Buffer.alloc(0)
      this.#answerSync(member, this.#syncResult(member))
    }
  }

  /** The session timeout of a member that waited starts with the answer. */
  #answerSync(member: Member, result: SyncResult): void {
    if (!member.awaitingSync) return
    answerSync(member, result)
    this.#heard(member)
  }

  #heard(member: Member): void {
    this.#members.heard(member, () => {
      this.#remove(member)
    })
  }

  #hearFrom(identity: MemberIdentity, generationId: number): number {
    const errorCode = this.#refuseMember(identity, generationId)
    const member = this.#members.get(identity.memberId)
    if (errorCode === ErrorCode.NONE && member) this.#heard(member)
    return errorCode
  }

  #startTimer(task: () => void): void {
    this.#cancelRebalanceTimer()
    const timeouts = this.members().map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs)
    this.#cancelRebalanceTimer = this.#clock.schedule(Math.max(0, ...timeouts), task)
  }

  #suits({ memberId, instanceId, protocolType, protocols }: JoinWish): boolean {
    if (protocolType === '' || protocols.length === 0) return false
    const formerId = this.#members.byInstance(instanceId)?.id
    const others = this.members().filter(({ id }) => id !== memberId && id !== formerId)
    if (others.length === 0) return true
    const names = commonProtocols(others)
    return protocolType === this.#protocolType && protocols.some(({ name }) => names.includes(name))
  }

  #refuseSync(wish: SyncWish): number {
    const errorCode = this.#refuseMember(wish, wish.generationId)
    if (errorCode !== ErrorCode.NONE) return errorCode
    if (this.#state === 'PreparingRebalance') return ErrorCode.REBALANCE_IN_PROGRESS
    const isOther = (given: string | null, ours: string | null): boolean =>
      given !== null && given !== ours
    return isOther(wish.protocolType, this.#protocolType) ||
      isOther(wish.protocolName, this.#protocolName)
      ? ErrorCode.INCONSISTENT_GROUP_PROTOCOL
      : ErrorCode.NONE
  }

  #refuseMember(identity: MemberIdentity, generationId: number): number {
    const errorCode = this.#members.refuse(identity)
    if (errorCode !== ErrorCode.NONE) return errorCode
    return generationId === this.#generationId ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION
  }

  #joinResult({ id }: Member): JoinResult {
    const members = this.members().map((member) => ({
      memberId: member.id,
      groupInstanceId: member.instanceId,
      metadata: metadataFor(member.protocols, this.#protocolName),
    }))
    return {
      errorCode: ErrorCode.NONE,
      generationId: this.#generationId,
      protocolType: this.#protocolType,
      protocolName: this.#protocolName,
      leaderId: this.#leaderId,
      memberId: id,
      skipAssignment: false,
      members: id === this.#leaderId ? members : [],
    }
  }

  #syncResult({ assignment }: Member): SyncResult {
    return {
      errorCode: ErrorCode.NONE,
      protocolType: this.#protocolType,
      protocolName: this.#protocolName,
      assignment,
    }
  }
}
