import type { Push, PushReply } from '../../support/push.ts'

/** Ways in which replies and brokers disagree, as values of records. */
export interface Verdict {
  /** Answered `ok` after delivery, and no broker has it. */
  readonly lost: readonly string[]
  /** Answered as not persisted, and a broker has it; or pushed by nobody. */
  readonly falselyRefused: readonly string[]
  /** Copies beyond the first. */
  readonly doubled: readonly string[]
}

/** What a reply said of a record. */
type Claim = 'unanswered' | 'accepted' | 'stored' | 'notStored' | 'unknown'

/** The status of a push of which it is not known whether a record is in Kafka. */
const OUTCOME_UNKNOWN = 504

/**
 * Compares what a client knows of its pushed records with what the brokers have; used for every fault. Values are
 * unique, so a record is recognised by its value.
 */
export class Ledger {
  readonly #claims = new Map<string, Claim>()

  /** Number of records pushed. */
  get received(): number {
    return this.#claims.size
  }

  /** Notes a push before it is sent. */
  sent({ records }: Push): void {
    for (const { data } of records) {
      const value = String(data)
      if (this.#claims.has(value)) throw new Error(`pushed twice: ${value}`)
      this.#claims.set(value, 'unanswered')
    }
  }

  /** Notes what was answered to a push. */
  answered(push: Push, reply: PushReply): void {
    const whenOk = push.wait_for_send === true ? 'stored' : 'accepted'
    push.records.forEach(({ data }, index) => {
      // A push refused as a whole has one element for all of its records.
      const element = reply.body.errors[index] ?? reply.body.errors[0]
      const isOk = reply.status === 200 || element?.status === 'ok'
      const whenFailed = element?.outcome === 'not_persisted' ? 'notStored' : 'unknown'
      if (!isOk && whenFailed === 'unknown' && reply.status !== OUTCOME_UNKNOWN) {
        throw new Error(`answered ${reply.status}, and nobody knows: ${String(data)}`)
      }
      this.#claims.set(String(data), isOk ? whenOk : whenFailed)
    })
  }

  /** Holds the replies against the values of all records that the brokers have. */
  judge(values: readonly string[]): Verdict {
    const stored = new Set(values)
    return {
      lost: [...this.#claims]
        .filter(([value, claim]) => claim === 'stored' && !stored.has(value))
        .map(([value]) => value),
      falselyRefused: [...stored].filter((value) => {
        const claim = this.#claims.get(value)
        return claim === undefined || claim === 'notStored'
      }),
      doubled: values.filter((value, index) => values.indexOf(value) !== index),
    }
  }
}
