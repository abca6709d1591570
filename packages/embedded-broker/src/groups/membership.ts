/** The members of a group, joining clients, and session timeouts. */
import type { BrokerClock } from '../clock.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { answerJoin, answerSync, failedJoin, failedSync } from './answers.ts'
import type { Member, MemberIdentity } from './member.ts'

/** Most members of one group, including joining clients. */
const MAX_MEMBERS = 1_000

/** The members of one group. */
export class Membership {
  readonly #clock: BrokerClock
  readonly #members = new Map<string, Member>()
  /**
   * Ids of clients that have not joined with them yet (KIP-394), each with the function that cancels its timeout.
   */
  readonly #promisedIds = new Map<string, () => void>()

  constructor(clock: BrokerClock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#members.size
  }

  get isFull(): boolean {
    return this.#members.size + this.#promisedIds.size >= MAX_MEMBERS
  }

  /** Whether the group has no members, joining ones included. */
  get isVacant(): boolean {
    return this.#members.size === 0 && this.#promisedIds.size === 0
  }

  /** Whether all members wait for the next generation and no client is joining. */
  get isAssembled(): boolean {
    return this.#promisedIds.size === 0 && this.list().every(({ awaitingJoin }) => awaitingJoin)
  }

  list(): readonly Member[] {
    return [...this.#members.values()]
  }

  get(memberId: string): Member | undefined {
    return this.#members.get(memberId)
  }

  byInstance(instanceId: string | null): Member | undefined {
    if (instanceId === null) return undefined
    return this.list().find((member) => member.instanceId === instanceId)
  }

  add(member: Member): void {
    this.#members.set(member.id, member)
  }

  /** Removes a member and answers its waiting request with the error code. */
  evict(member: Member, errorCode: number): void {
    member.cancelSession()
    this.#members.delete(member.id)
    answerJoin(member, failedJoin(member.id, errorCode))
    answerSync(member, failedSync(errorCode))
  }

  /** The error code for a client that is not a member, or `NONE`. */
  refuse({ memberId, instanceId }: MemberIdentity): number {
    const owner = this.byInstance(instanceId)
    if (owner && owner.id !== memberId) return ErrorCode.FENCED_INSTANCE_ID
    return this.#members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID
  }

  /** Restarts the session timeout of a member. */
  heard(member: Member, onSilence: () => void): void {
    member.cancelSession()
    member.cancelSession = this.#clock.schedule(member.sessionTimeoutMs, () => {
      // A member that waits for others is not silent: the rebalance timer covers it.
      if (member.awaitingJoin ?? member.awaitingSync) this.heard(member, onSilence)
      else onSilence()
    })
  }

  /** Reserves an id for a client, which must join with it within its session timeout. */
  promise(memberId: string, timeoutMs: number, onTimeout: () => void): void {
    const cancel = this.#clock.schedule(timeoutMs, () => {
      this.#promisedIds.delete(memberId)
      onTimeout()
    })
    this.#promisedIds.set(memberId, cancel)
  }

  /** Ends a reservation and returns whether there was one. */
  endPromise(memberId: string): boolean {
    this.#promisedIds.get(memberId)?.()
    return this.#promisedIds.delete(memberId)
  }
}
