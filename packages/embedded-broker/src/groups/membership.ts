/** Who is in a group, who is on the way in, and who has fallen silent. */
import type { BrokerClock } from '../clock.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { answerJoin, answerSync, failedJoin, failedSync } from './answers.ts'
import type { Member, MemberIdentity } from './member.ts'

/** Members of one group, with those on the way in. */
const MAX_MEMBERS = 1_000

/** The members of one group. */
export class Membership {
  readonly #clock: BrokerClock
  readonly #members = new Map<string, Member>()
  /** Ids given to clients that have not joined with them yet (KIP-394), and what ends the wait. */
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

  /** Whether nobody is in the group or on the way in. */
  get isVacant(): boolean {
    return this.#members.size === 0 && this.#promisedIds.size === 0
  }

  /** Whether all members wait for the next generation and nobody is on the way in. */
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

  /** Takes a member out; a request of its that waits is answered with the error code. */
  evict(member: Member, errorCode: number): void {
    member.cancelSession()
    this.#members.delete(member.id)
    answerJoin(member, failedJoin(member.id, errorCode))
    answerSync(member, failedSync(errorCode))
  }

  /** Why somebody is not taken for a member: an error code, or `NONE`. */
  refuse({ memberId, instanceId }: MemberIdentity): number {
    const owner = this.byInstance(instanceId)
    if (owner && owner.id !== memberId) return ErrorCode.FENCED_INSTANCE_ID
    return this.#members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID
  }

  /** Restarts the time within which the member has to be heard of again. */
  heard(member: Member, onSilence: () => void): void {
    member.cancelSession()
    member.cancelSession = this.#clock.schedule(member.sessionTimeoutMs, () => {
      // A member that waits for the others is not silent: the rebalance timer watches over it.
      if (member.awaitingJoin ?? member.awaitingSync) this.heard(member, onSilence)
      else onSilence()
    })
  }

  /** Gives an id to a client that is to join again with it within its session timeout. */
  promise(memberId: string, timeoutMs: number, onTimeout: () => void): void {
    const cancel = this.#clock.schedule(timeoutMs, () => {
      this.#promisedIds.delete(memberId)
      onTimeout()
    })
    this.#promisedIds.set(memberId, cancel)
  }

  /** Ends a promise, kept or withdrawn. Answers whether there was one. */
  endPromise(memberId: string): boolean {
    this.#promisedIds.get(memberId)?.()
    return this.#promisedIds.delete(memberId)
  }
}
