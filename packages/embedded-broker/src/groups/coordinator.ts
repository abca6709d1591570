/** All consumer groups of the cluster, and the coordinator of each. */
import type { BrokerAddress, BrokerRegistry } from '../broker-registry.ts'
import type { BrokerClock } from '../clock.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import { Group } from './group.ts'

/** Groups kept at once; an empty group is removed for a new one. */
const MAX_GROUPS = 1_000

/** A group and what it has committed. */
export interface CoordinatedGroup {
  readonly group: Group
  readonly offsets: CommittedOffsets
}

/** Consumer groups by id. Every broker sees them all, as if the offsets topic were replicated. */
export class GroupCoordinator {
  readonly #clock: BrokerClock
  readonly #registry: BrokerRegistry
  readonly #groups = new Map<string, CoordinatedGroup>()

  constructor(clock: BrokerClock, registry: BrokerRegistry) {
    this.#clock = clock
    this.#registry = registry
  }

  groups(): readonly CoordinatedGroup[] {
    return [...this.#groups.values()]
  }

  find(groupId: string): CoordinatedGroup | undefined {
    return this.#groups.get(groupId)
  }

  /** Returns the group and creates it if it does not exist; `undefined` if there are too many. */
  findOrCreate(groupId: string): CoordinatedGroup | undefined {
    const found = this.#groups.get(groupId)
    if (found) return found
    if (this.#groups.size >= MAX_GROUPS) this.#dropVacant()
    if (this.#groups.size >= MAX_GROUPS) return undefined
    const created = { group: new Group(groupId, this.#clock), offsets: new CommittedOffsets() }
    this.#groups.set(groupId, created)
    return created
  }

  /** Forgets a group without members. Answers an error code, or `NONE`. */
  delete(groupId: string): number {
    const found = this.#groups.get(groupId)
    if (!found) return ErrorCode.GROUP_ID_NOT_FOUND
    if (!found.group.isVacant) return ErrorCode.NON_EMPTY_GROUP
    this.#groups.delete(groupId)
    return ErrorCode.NONE
  }

  /** Forgets the offsets that groups committed for a deleted topic. */
  forgetTopic(topic: string): void {
    for (const { offsets } of this.#groups.values()) offsets.forgetTopic(topic)
  }

  /** The coordinator of a group, or `undefined` if no broker is up. */
  brokerOf(groupId: string): BrokerAddress | undefined {
    const alive = this.#registry.alive()
    return alive[spread(groupId) % alive.length]
  }

  /** The error code for a broker that does not serve a group, or `NONE`. */
  refuse(groupId: string, brokerId: number): number {
    if (groupId === '') return ErrorCode.INVALID_GROUP_ID
    return this.brokerOf(groupId)?.id === brokerId ? ErrorCode.NONE : ErrorCode.NOT_COORDINATOR
  }

  #dropVacant(): void {
    for (const [groupId, { group, offsets }] of this.#groups) {
      if (group.isVacant && offsets.isEmpty) this.#groups.delete(groupId)
    }
  }
}

/** Spreads group ids evenly over small numbers; any stable hash would do. */
function spread(groupId: string): number {
  let hash = 0
  for (const byte of Buffer.from(groupId)) hash = (Math.imul(hash, 31) + byte) >>> 0
  return hash
}
