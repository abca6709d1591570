/** What was pushed and what became of it, kept outside of kprf; and what must hold of it in the end. */
import type { StoredRecord } from '@kprf/embedded-broker'
import type { ProducerRecord } from '../../src/producer/types.ts'
import type { PushedRecord } from '../support/push.ts'
import { DEAD_LETTER_TOPIC, isRefusedByKafka } from './draw-push.ts'
import { idOf } from './slots.ts'

/** How a record of a push ended: `unknown` without a reply. */
export type PushOutcome = 'accepted' | 'refused' | 'unknown'

interface Entry {
  readonly record: PushedRecord
  /** Within one, records were pushed in order, to the same log. */
  readonly lane: number
  /** Counts all records. */
  readonly number: number
  readonly sentMs: number
  endedMs: number
  outcome: PushOutcome
  /** Kills at which it was in the log and not settled there. */
  unsettledKills: number
}

/** What a {@link Ledger} found. */
export interface Verdict {
  readonly accepted: number
  readonly stored: number
  readonly duplicates: number
  /** Accepted records that Kafka refused for good. */
  readonly deadLetters: number
  /** One line each. */
  readonly violations: readonly string[]
}

/** A record in Kafka, with the topic that it is in. */
export type RecordInTopic = StoredRecord & { readonly topic: string }

/** Everything that kprf left in the end. */
export interface Found {
  /** Those of each partition in order. */
  readonly stored: readonly RecordInTopic[]
  /** In the logs of dead letters. */
  readonly letters: readonly ProducerRecord[]
  /** Whether each dead letter must be in the topic of dead letters as well. */
  readonly hasLetterTopic: boolean
}

/** Headers that kprf adds to a dead letter. */
const LETTER_HEADER = /^kprf-(error|error-code|topic|accepted-at)$/

/** Keeps account of every record that was pushed. */
export class Ledger {
  readonly #entries = new Map<string, Entry>()

  /** Numbers for the records of a push. */
  nextIds(count: number): readonly string[] {
    return Array.from({ length: count }, (_, index) => String(this.#entries.size + index))
  }

  /** Notes a push that is about to be sent. Call what is returned when it has ended. */
  open(lane: number, records: readonly PushedRecord[]): (outcomes: readonly PushOutcome[]) => void {
    const opened = records.map((record): Entry => {
      const number = this.#entries.size
      const times = { sentMs: Date.now(), endedMs: Infinity }
      const entry: Entry = {
        ...{ record, lane, number, ...times, outcome: 'unknown', unsettledKills: 0 },
      }
      this.#entries.set(String(number), entry)
      return entry
    })
    return (outcomes) => {
      for (const [index, entry] of opened.entries())
        Object.assign(entry, { outcome: outcomes[index] ?? 'unknown', endedMs: Date.now() })
    }
  }

  /** Notes what was left in the log at a kill: only this may be sent once more. */
  killedWith(unsettledIds: Iterable<string>): void {
    for (const id of unsettledIds) {
      const entry = this.#entries.get(id)
      if (entry) entry.unsettledKills += 1
    }
  }

  /** How many accepted records are nowhere. */
  missing({ stored, letters, hasLetterTopic }: Found): number {
    const [inKafka, inTopic] = [new Set<string>(), new Set<string>()]
    for (const { topic, headers } of stored)
      (topic === DEAD_LETTER_TOPIC ? inTopic : inKafka).add(idOf(headers))
    const kept = new Set(letters.map(({ headers }) => idOf(headers)))
    const isDead = (id: string): boolean => kept.has(id) && (!hasLetterTopic || inTopic.has(id))
    return [...this.#entries].filter(
      ([id, { outcome }]) => outcome === 'accepted' && !inKafka.has(id) && !isDead(id),
    ).length
  }

  /** Compares the account with all that was found. */
  judge(found: Found): Verdict {
    const violations: string[] = []
    const inKafka = new Map<string, number>()
    const lastOf = new Map<string, number>()
    const inTopic = new Map<string, number>()
    for (const record of found.stored) {
      const place = `${record.topic}-${record.partition} at ${record.offset}`
      const isLetter = record.topic === DEAD_LETTER_TOPIC
      const known = this.#count(record, isLetter ? inTopic : inKafka, place, violations)
      if (!known?.isFirst || isLetter || !hasOrder(known.entry)) continue
      const { lane, number } = known.entry
      const key = `${record.topic}-${record.partition} ${lane}`
      const last = lastOf.get(key) ?? 0
      if (number < last) violations.push(`record ${number} in ${place}: comes after ${last}`)
      lastOf.set(key, number)
    }
    const letters = new Map<string, number>()
    for (const letter of found.letters) this.#count(letter, letters, 'a dead letter', violations)
    const counted = { inKafka, letters, inTopic: found.hasLetterTopic ? inTopic : letters }
    return { ...this.#outcomes(counted, violations), stored: found.stored.length, violations }
  }

  /** Counts one that was found, and compares it with what was pushed. */
  #count(
    record: RecordInTopic | ProducerRecord,
    times: Map<string, number>,
    place: string,
    violations: string[],
  ): { readonly entry: Entry; readonly isFirst: boolean } | undefined {
    const id = idOf(record.headers)
    const entry = this.#entries.get(id)
    if (!entry) {
      violations.push(`${place}: was never pushed`)
      return undefined
    }
    for (const what of differences(entry, record))
      violations.push(`record ${id} in ${place}: ${what} differs`)
    const count = (times.get(id) ?? 0) + 1
    times.set(id, count)
    return { entry, isFirst: count === 1 }
  }

  #outcomes(
    counted: Readonly<Record<'inKafka' | 'letters' | 'inTopic', ReadonlyMap<string, number>>>,
    violations: string[],
  ): Pick<Verdict, 'accepted' | 'duplicates' | 'deadLetters'> {
    const { inKafka, letters, inTopic } = counted
    let [accepted, duplicates, deadLetters] = [0, 0, 0]
    for (const [id, { outcome, unsettledKills, record }] of this.#entries) {
      const isDead = isRefusedByKafka(record)
      const [wanted, other] = isDead ? [letters, inKafka] : [inKafka, letters]
      const count = wanted.get(id) ?? 0
      const tell = (what: string): void => void violations.push(`record ${id}: ${what}`)
      if (outcome === 'accepted') accepted += 1
      if (outcome === 'accepted' && isDead) deadLetters += 1
      if (outcome === 'accepted' && count === 0) tell('lost')
      if (outcome === 'accepted' && isDead && !inTopic.has(id)) tell('not in the topic of letters')
      if (outcome === 'refused' && count > 0) tell('refused, and kept')
      if (other.has(id)) tell(isDead ? 'delivered, though Kafka refuses it' : 'a dead letter')
      duplicates += Math.max(0, count - 1)
      if (count - 1 > unsettledKills) {
        tell(`there are ${count}, and it was not settled at ${unsettledKills} kills`)
      }
    }
    return { accepted, duplicates, deadLetters }
  }
}

/** Without a key or with an empty one, a record may get another partition when it is sent again. */
function hasOrder({ record: { partition, key } }: Entry): boolean {
  return partition !== undefined || (key !== undefined && key !== null && key !== '')
}

function differences(entry: Entry, found: RecordInTopic | ProducerRecord): readonly string[] {
  const { topic, data, key = null, partition, headers = {}, timestamp, encoding } = entry.record
  const isLetter = found.topic === DEAD_LETTER_TOPIC
  const bytesOf = (text: string | null): Buffer | null =>
    text === null ? null : Buffer.from(text, encoding ?? 'utf8')
  const isSame = (one: Buffer | null, other: Buffer | string | null): boolean =>
    one === null || other === null ? one === other : one.equals(Buffer.from(other))
  const pushedHeaders = Object.entries(headers).map(([name, value]) => [name, value])
  const foundHeaders = found.headers
    .filter(({ key: name }) => !LETTER_HEADER.test(name))
    .map(({ key: name, value }) => [name, String(value)])
  const foundMs = found.timestampMs ?? NaN
  const isInTime = foundMs >= entry.sentMs && foundMs <= entry.endedMs
  const equal = {
    topic: topic === found.topic || isLetter,
    partition: partition === undefined || partition === found.partition || isLetter,
    value: isSame(bytesOf(data), found.value),
    key: isSame(bytesOf(key), found.key),
    headers: JSON.stringify(pushedHeaders) === JSON.stringify(foundHeaders),
    timestamp: timestamp === undefined ? isInTime : timestamp === foundMs,
  }
  return Object.entries(equal).flatMap(([what, isEqual]) => (isEqual ? [] : [what]))
}
