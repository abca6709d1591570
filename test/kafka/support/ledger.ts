import { Audit, nameOf, type Entry, type Fate } from './audit.ts'
import type { Push, PushedRecord, PushReply } from '../../support/push.ts'
import type { StoredRecord } from './read-topic.ts'

/** What kprf itself says. */
export interface Evidence {
  /** How many accepted records it reports as not delivered. */
  readonly givenUpCount: number
  /** How many records of a topic it sent again that Kafka may have had already. */
  readonly resentCount: (topic: string) => number
}

/** The outcome of a comparison. */
export interface Verdict {
  /** One sentence for each thing that must not be; empty when all is well. */
  readonly violations: readonly string[]
  readonly figures: Readonly<Record<string, number>>
}

/** More of the same is no news. */
const quotedViolations = 10

/**
 * The oracle of the fault tests: keeps account of every record pushed and of what its client was told,
 * and compares that with what Kafka has in the end.
 *
 * | the client was told      | in Kafka                                      |
 * | ------------------------ | --------------------------------------------- |
 * | delivered (synchronous)  | yes, at the offset of the reply               |
 * | accepted (asynchronous)  | yes, unless kprf reports that it gave some up |
 * | timed out, or nothing    | perhaps                                       |
 * | any other failure        | no                                            |
 *
 * Beyond that, nothing is there that was not pushed, as it was pushed; and what is there twice was sent
 * again. Each client's records are in order in every partition, by their first occurrence; but records
 * that kprf gave up may come late, so where there are some, only delivered ones are looked at.
 */
export class Ledger {
  readonly #partitionCounts: ReadonlyMap<string, number>
  /** By the value of the record. */
  readonly #entries = new Map<string, Entry>()
  readonly #sequences = new Map<string, number>()

  /** @param partitionCounts - of each topic. */
  constructor(partitionCounts: Readonly<Record<string, number>>) {
    this.#partitionCounts = new Map(Object.entries(partitionCounts))
  }

  /** Number of records pushed. */
  get count(): number {
    return this.#entries.size
  }

  /** Number of records whose push failed, for sure or perhaps. */
  get failedCount(): number {
    return this.#entriesWith('refused').length + this.#entriesWith('unknown').length
  }

  /**
   * Notes a push that is about to be sent. Its records have values that no others have, and its client
   * sends no other push until this one is answered. A synchronous push asks for offsets.
   *
   * @returns a function to be given the reply, or `undefined` where there is none.
   */
  open(client: string, push: Push): (reply: PushReply | undefined) => void {
    const entries = push.records.map((record) => this.#enter(client, record))
    return (reply) => {
      entries.forEach((entry, index) => {
        entry.fate = fateOf(push, reply, index)
        const offset = reply?.body.offsets?.[index]
        if (offset?.offset != null) entry.place = `${offset.partition}@${offset.offset}`
      })
    }
  }

  /** Compares with what these topics have; records of other topics are left out. */
  judge(stored: ReadonlyMap<string, readonly StoredRecord[]>, evidence: Evidence): Verdict {
    const { givenUpCount, resentCount } = evidence
    const audit = new Audit({
      entries: this.#entries,
      partitionCounts: this.#partitionCounts,
      isOrdered: ({ fate }) =>
        fate === 'acknowledged' || (fate === 'accepted' && givenUpCount === 0),
    })
    for (const [topic, records] of stored) audit.take(topic, records)
    const having = (fate: Fate): readonly Entry[] =>
      this.#entriesWith(fate).filter(({ record }) => stored.has(record.topic))
    const lost = having('accepted').filter((entry) => !audit.has(entry))
    const violations = [
      ...having('outstanding').map((entry) => `never answered: ${nameOf(entry)}`),
      ...having('acknowledged').flatMap((entry) => violationOfDelivered(entry, audit)),
      ...having('refused')
        .filter((entry) => audit.has(entry))
        .map((entry) => `refused for sure, but there: ${nameOf(entry)}`),
      ...lost
        .filter(() => lost.length > givenUpCount)
        .map((entry) => `accepted, but missing and not reported: ${nameOf(entry)}`),
      ...audit.violations,
      ...audit.unexplainedDuplicates(resentCount),
    ]
    const fates = ['acknowledged', 'accepted', 'refused', 'unknown'] as const
    return {
      violations: shorten(violations),
      figures: {
        ...Object.fromEntries(fates.map((fate) => [fate, having(fate).length] as const)),
        ...audit.figures(),
        lost: lost.length,
        givenUp: givenUpCount,
      },
    }
  }

  #enter(client: string, record: PushedRecord): Entry {
    const sequence = this.#sequences.get(client) ?? 0
    this.#sequences.set(client, sequence + 1)
    const entry: Entry = { client, sequence, record, fate: 'outstanding', place: undefined }
    const value = String(record.data)
    if (this.#entries.has(value)) throw new Error('Two records have the same value')
    this.#entries.set(value, entry)
    return entry
  }

  #entriesWith(fate: Fate): readonly Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.fate === fate)
  }
}

function fateOf(push: Push, reply: PushReply | undefined, index: number): Fate {
  if (reply === undefined) return 'unknown'
  const { status, body } = reply
  const outcome = body.errors[index]
  if (status === 200 || outcome?.status === 'ok') {
    return push.wait_for_send === true ? 'acknowledged' : 'accepted'
  }
  // A push refused as a whole has one element for all of its records.
  return (outcome ?? body.errors[0])?.outcome === 'not_persisted' ? 'refused' : 'unknown'
}

function violationOfDelivered(entry: Entry, audit: Audit): readonly string[] {
  if (!audit.has(entry)) return [`delivered, but missing: ${nameOf(entry)}`]
  if (entry.place === undefined || audit.has(entry, entry.place)) return []
  return [`not at ${entry.place}: ${nameOf(entry)}`]
}

function shorten(violations: readonly string[]): readonly string[] {
  if (violations.length <= quotedViolations) return violations
  const rest = violations.length - quotedViolations
  return [...violations.slice(0, quotedViolations), `and ${rest} more`]
}
