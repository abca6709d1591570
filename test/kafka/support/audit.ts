import { crc32 } from 'node:zlib'
import type { PushedRecord } from '../../support/push.ts'
import type { StoredRecord } from './read-topic.ts'

/** What became of a record, as far as its client can tell. */
export type Fate = 'outstanding' | 'acknowledged' | 'accepted' | 'refused' | 'unknown'

/** One record pushed. */
export interface Entry {
  readonly client: string
  /** Position among all records of its client. */
  readonly sequence: number
  readonly record: PushedRecord
  fate: Fate
  /** `partition@offset` of the reply. */
  place: string | undefined
}

/** What stored records are compared with. */
export interface Expectation {
  /** By the value of the record. */
  readonly entries: ReadonlyMap<string, Entry>
  readonly partitionCounts: ReadonlyMap<string, number>
  /** Whether an entry must be in order. */
  readonly isOrdered: (entry: Entry) => boolean
}

/** More of the same is no news. */
const quotedPlaces = 20

/** The half of the oracle that checks what Kafka has: where, in which order, how often. */
export class Audit {
  readonly #expectation: Expectation
  /** `partition@offset` wherever an entry is. */
  readonly #places = new Map<Entry, string[]>()
  /** Each record that is there again. */
  readonly #duplicates: Entry[] = []
  readonly #violations: string[] = []
  #readCount = 0

  constructor(expectation: Expectation) {
    this.#expectation = expectation
  }

  /** Records that should not be there, or differ. */
  get violations(): readonly string[] {
    return this.#violations
  }

  /** Adds the records of a topic, by partition and offset. */
  take(topic: string, records: readonly StoredRecord[]): void {
    const lastSequences = new Map<string, number>()
    for (const stored of records) {
      this.#readCount += 1
      const entry = this.#expectation.entries.get(String(stored.value))
      if (entry?.record.topic !== topic) {
        this.#violations.push(`never pushed: ${topic} ${stored.partition}@${stored.offset}`)
        continue
      }
      if (!this.#isIntact(entry.record, stored)) this.#violations.push(`altered: ${nameOf(entry)}`)
      if (!this.#isFirst(entry, stored) || !this.#expectation.isOrdered(entry)) continue
      const lane = `${stored.partition} ${entry.client}`
      const last = lastSequences.get(lane) ?? -1
      if (entry.sequence < last) this.#violations.push(`after #${last}: ${nameOf(entry)}`)
      lastSequences.set(lane, Math.max(last, entry.sequence))
    }
  }

  /** Whether an entry is there; with a place, whether it is just there. */
  has(entry: Entry, place?: string): boolean {
    const places = this.#places.get(entry)
    return places !== undefined && (place === undefined || places.includes(place))
  }

  /** Names the topics with more duplicates than records that kprf sent again in doubt, and where they are. */
  unexplainedDuplicates(resentCount: (topic: string) => number): readonly string[] {
    const byTopic = Map.groupBy(this.#duplicates, ({ record }) => record.topic)
    return [...byTopic].flatMap(([topic, duplicates]) => {
      const resent = resentCount(topic)
      if (duplicates.length <= resent) return []
      const counts = `${duplicates.length} twice in ${topic}, where ${resent} were sent again`
      const places = duplicates.slice(0, quotedPlaces).map((entry) => this.#placesOf(entry))
      return [`${counts}: ${places.join('; ')}`]
    })
  }

  /** Counts of what was read. */
  figures(): Readonly<Record<string, number>> {
    return { read: this.#readCount, duplicates: this.#duplicates.length }
  }

  #isFirst(entry: Entry, { partition, offset }: StoredRecord): boolean {
    const places = this.#places.get(entry)
    const place = `${partition}@${offset}`
    if (places === undefined) {
      this.#places.set(entry, [place])
      return true
    }
    places.push(place)
    this.#duplicates.push(entry)
    return false
  }

  #placesOf(entry: Entry): string {
    return `${entry.client} #${entry.sequence} at ${(this.#places.get(entry) ?? []).join(' and ')}`
  }

  /** The value is known to be the same: it led here. */
  #isIntact(record: PushedRecord, stored: StoredRecord): boolean {
    const { topic, key = null, headers = {} } = record
    const count = this.#expectation.partitionCounts.get(topic) ?? 0
    const partition = record.partition ?? (key === null ? undefined : crc32(key) % count)
    const storedHeaders = stored.headers.map((header) => [header.key, String(header.value)])
    return (
      (stored.key === null ? null : stored.key.toString()) === key &&
      (partition === undefined || stored.partition === partition) &&
      JSON.stringify(storedHeaders) === JSON.stringify(Object.entries(headers))
    )
  }
}

/** Names an entry in a violation. */
export function nameOf({ client, sequence, record: { topic } }: Entry): string {
  return `${client} #${sequence} in ${topic}`
}
