/** What was pushed and what became of it, kept outside of kprf; and what must hold of it in the end. */
import type { StoredRecord } from '@kprf/embedded-broker'
import type { PushedRecord } from '../support/push.ts'
import { ID } from './draw-push.ts'

/** How a push ended: `unknown` without a reply. */
export type PushOutcome = 'accepted' | 'refused' | 'unknown'

interface Entry {
  readonly record: PushedRecord
  readonly connection: number
  /** Counts all records; those of one connection were pushed in this order. */
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
  /** One line each. */
  readonly violations: readonly string[]
}

/** A record in Kafka, with the topic that it is in. */
export type RecordInTopic = StoredRecord & { readonly topic: string }

/** Keeps account of every record that was pushed. */
export class Ledger {
  readonly #entries = new Map<string, Entry>()

  /** Numbers for the records of a push. */
  nextIds(count: number): readonly string[] {
    return Array.from({ length: count }, (_, index) => String(this.#entries.size + index))
  }

  /** Notes a push that is about to be sent. Call what is returned when it has ended. */
  open(connection: number, records: readonly PushedRecord[]): (outcome: PushOutcome) => void {
    const opened = records.map((record): Entry => {
      const number = this.#entries.size
      const times = { sentMs: Date.now(), endedMs: Infinity }
      const entry: Entry = {
        ...{ record, connection, number, ...times, outcome: 'unknown', unsettledKills: 0 },
      }
      this.#entries.set(String(number), entry)
      return entry
    })
    return (outcome) => {
      for (const entry of opened) Object.assign(entry, { outcome, endedMs: Date.now() })
    }
  }

  /** Notes what was left in the log at a kill: only this may be stored once more. */
  killedWith(unsettledIds: Iterable<string>): void {
    for (const id of unsettledIds) {
      const entry = this.#entries.get(id)
      if (entry) entry.unsettledKills += 1
    }
  }

  /** How many accepted records are not among these. */
  missing(stored: readonly RecordInTopic[]): number {
    const ids = new Set(stored.map(idOf))
    return [...this.#entries].filter(([id, { outcome }]) => outcome === 'accepted' && !ids.has(id))
      .length
  }

  /** Compares the account with all records in Kafka, those of each partition in order. */
  judge(stored: readonly RecordInTopic[]): Verdict {
    const violations: string[] = []
    const times = new Map<string, number>()
    const lastOf = new Map<string, number>()
    for (const found of stored) {
      const id = idOf(found)
      const entry = this.#entries.get(id)
      const place = `${found.topic}-${found.partition} at ${found.offset}`
      if (!entry) {
        violations.push(`${place}: was never pushed`)
        continue
      }
      const label = `record ${id} in ${place}`
      for (const what of differences(entry, found)) violations.push(`${label}: ${what} differs`)
      times.set(id, (times.get(id) ?? 0) + 1)
      if (times.get(id) !== 1 || !hasOrder(entry)) continue
      const lane = `${found.topic}-${found.partition} ${entry.connection}`
      if (entry.number < (lastOf.get(lane) ?? 0)) {
        violations.push(`${label}: comes after ${lastOf.get(lane)} of the same connection`)
      }
      lastOf.set(lane, entry.number)
    }
    let accepted = 0
    let duplicates = 0
    for (const [id, { outcome, unsettledKills }] of this.#entries) {
      const count = times.get(id) ?? 0
      if (outcome === 'accepted') accepted += 1
      if (outcome === 'accepted' && count === 0) violations.push(`record ${id}: lost`)
      if (outcome === 'refused' && count > 0) violations.push(`record ${id}: refused, and stored`)
      duplicates += Math.max(0, count - 1)
      if (count - 1 > unsettledKills) {
        violations.push(
          `record ${id}: stored ${count} times, and not settled at ${unsettledKills} kills`,
        )
      }
    }
    return { accepted, stored: stored.length, duplicates, violations }
  }
}

/** The number of a record, from its header. */
function idOf({ headers }: Pick<StoredRecord, 'headers'>): string {
  return String(headers.find(({ key }) => key === ID)?.value ?? '')
}

/** Without a key or with an empty one, a record may get another partition when it is sent again. */
function hasOrder({ record: { partition, key } }: Entry): boolean {
  return partition !== undefined || (key !== undefined && key !== null && key !== '')
}

function differences(entry: Entry, found: RecordInTopic): readonly string[] {
  const { topic, data, key = null, partition, headers = {}, timestamp, encoding } = entry.record
  const bytesOf = (text: string | null): Buffer | null =>
    text === null ? null : Buffer.from(text, encoding ?? 'utf8')
  const isSame = (one: Buffer | null, other: Buffer | null): boolean =>
    one === null || other === null ? one === other : one.equals(other)
  const pushedHeaders = Object.entries(headers).map(([name, value]) => [name, value])
  const foundHeaders = found.headers.map(({ key: name, value }) => [name, String(value)])
  const isInTime = found.timestampMs >= entry.sentMs && found.timestampMs <= entry.endedMs
  const equal = {
    topic: topic === found.topic,
    partition: partition === undefined || partition === found.partition,
    value: isSame(bytesOf(data), found.value),
    key: isSame(bytesOf(key), found.key),
    headers: JSON.stringify(pushedHeaders) === JSON.stringify(foundHeaders),
    timestamp: timestamp === undefined ? isInTime : timestamp === found.timestampMs,
  }
  return Object.entries(equal).flatMap(([what, isEqual]) => (isEqual ? [] : [what]))
}
