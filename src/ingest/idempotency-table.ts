/** Remembers the idempotency keys of clients. Pure: callers pass the time, monotonic milliseconds. */
import {
  type IdempotencyKey,
  type IdempotencyKeys,
  type KeptOutcome,
  type KeyOutcome,
  type KeyState,
  type RestoredKey,
} from '../base/idempotency.ts'
import type { Clock } from '../base/clock.ts'

/** Settings and dependencies of an {@link IdempotencyTable}. */
export interface IdempotencyTableOptions {
  /** How long a key is remembered after its request has ended, ms. */
  readonly windowMs: number
  /** Keys in all, more than 0. */
  readonly maxKeys: number
  /** Whether a repeat of a request whose outcome is unknown gets its answer, or is produced. */
  readonly unknownOutcome: 'replay' | 'produce'
  /** A key was forgotten before its time, to make room. */
  readonly onForgotten: () => void
}

/** Characters of the bodies of remembered replies. Those of requests that were accepted whole count nothing. */
export const MAX_REPLY_CHARACTERS = 64 * 2 ** 20

/** Of one process: what it began and has not ended is in doubt when it ends. */
export type KeyOwner = object

interface UnderWay {
  readonly fingerprint: string
  readonly owner: KeyOwner
}

interface Ended {
  readonly fingerprint: string
  readonly outcome: KeptOutcome
  readonly endedMs: number
}

const BEGUN: KeyState = { kind: 'begun' }
const IN_USE: KeyState = { kind: 'inUse' }
const OTHER_CONTENT: KeyState = { kind: 'otherContent' }
const FULL: KeyState = { kind: 'full' }

/** The keys of all requests that are under way, and of those that ended within the window. */
export class IdempotencyTable {
  readonly #options: IdempotencyTableOptions
  readonly #underWay = new Map<string, UnderWay>()
  /** In the order in which they ended, but for those that were restored. */
  readonly #ended = new Map<string, Ended>()
  #replyCharacters = 0

  constructor(options: IdempotencyTableOptions) {
    this.#options = options
  }

  /** Number of keys. */
  get size(): number {
    return this.#underWay.size + this.#ended.size
  }

  /** Asks for a key, and takes it for an owner if it is free. */
  begin({ identity, fingerprint }: IdempotencyKey, owner: KeyOwner, nowMs: number): KeyState {
    const known = this.#underWay.get(identity) ?? this.#remembered(identity, nowMs)
    if (known !== undefined) {
      if (known.fingerprint !== fingerprint) return OTHER_CONTENT
      return 'owner' in known ? IN_USE : { kind: 'ended', outcome: known.outcome }
    }
    if (!this.#makeRoom(nowMs)) return FULL
    this.#underWay.set(identity, { fingerprint, owner })
    return BEGUN
  }

  /** Ends a key. No effect if this owner does not have it, or no longer. */
  end(
    { identity, fingerprint }: IdempotencyKey,
    owner: KeyOwner,
    outcome: KeyOutcome,
    nowMs: number,
  ): void {
    if (this.#underWay.get(identity)?.owner !== owner) return
    this.#underWay.delete(identity)
    this.#remember(identity, { fingerprint, outcome, endedMs: nowMs })
  }

  /** Ends all keys of an owner. */
  endAll(owner: KeyOwner, outcome: KeyOutcome, nowMs: number): void {
    for (const [identity, { owner: other, fingerprint }] of this.#underWay) {
      if (other === owner) this.end({ identity, fingerprint }, owner, outcome, nowMs)
    }
  }

  /**
   * Adds keys of earlier processes. A key that is under way stays so, unless the owner is the one that these were left
   * by: then they say how it ended.
   */
  restore(keys: readonly RestoredKey[], leftBy: KeyOwner | undefined, nowMs: number): void {
    const oldestFirst = keys.toSorted((one, other) => other.ageMs - one.ageMs)
    for (const { identity, fingerprint, outcome, ageMs } of oldestFirst) {
      const endedMs = nowMs - ageMs
      const open = this.#underWay.get(identity)
      if (open !== undefined) {
        if (open.owner !== leftBy || open.fingerprint !== fingerprint) continue
        this.#underWay.delete(identity)
      }
      const known = this.#ended.get(identity)
      if (this.#isOver(endedMs, nowMs) || (known && known.endedMs >= endedMs)) continue
      this.#drop(identity)
      if (this.#makeRoom(nowMs)) this.#remember(identity, { fingerprint, outcome, endedMs })
    }
  }

  #remembered(identity: string, nowMs: number): Ended | undefined {
    const known = this.#ended.get(identity)
    if (known === undefined || !this.#isOver(known.endedMs, nowMs)) return known
    this.#drop(identity)
    return undefined
  }

  #remember(
    identity: string,
    ended: Omit<Ended, 'outcome'> & { readonly outcome: KeyOutcome },
  ): void {
    this.#drop(identity)
    const { outcome } = ended
    if (outcome.kind === 'nothing') return
    if (outcome.kind === 'unknown' && this.#options.unknownOutcome === 'produce') return
    this.#ended.set(identity, { ...ended, outcome })
    this.#replyCharacters += charactersOf(outcome)
    while (this.#replyCharacters > MAX_REPLY_CHARACTERS && this.#ended.size > 1) {
      this.#forgetOldest()
    }
  }

  /** @returns false if every key is under way. */
  #makeRoom(nowMs: number): boolean {
    for (const [identity, { endedMs }] of this.#ended) {
      if (!this.#isOver(endedMs, nowMs)) break
      this.#drop(identity)
    }
    if (this.size < this.#options.maxKeys) return true
    if (this.#ended.size === 0) return false
    this.#forgetOldest()
    return true
  }

  #forgetOldest(): void {
    const [oldest] = this.#ended.keys()
    if (oldest === undefined) return
    this.#drop(oldest)
    this.#options.onForgotten()
  }

  #drop(identity: string): void {
    const known = this.#ended.get(identity)
    if (known === undefined) return
    this.#ended.delete(identity)
    this.#replyCharacters -= charactersOf(known.outcome)
  }

  #isOver(endedMs: number, nowMs: number): boolean {
    return nowMs - endedMs >= this.#options.windowMs
  }
}

/** The keys of this process alone. */
export function idempotencyKeysOf(table: IdempotencyTable, clock: Clock): IdempotencyKeys {
  const owner: KeyOwner = {}
  return {
    begin: (key) => table.begin(key, owner, clock.nowMs()),
    end: (key, outcome) => {
      table.end(key, owner, outcome, clock.nowMs())
    },
    restore: (_slot, _isOwn, keys) => {
      table.restore(keys, undefined, clock.nowMs())
    },
  }
}

function charactersOf(outcome: KeptOutcome): number {
  return outcome.kind === 'accepted' ? 0 : (outcome.reply?.body.length ?? 0)
}
