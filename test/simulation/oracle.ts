import { crc32 } from 'node:zlib'
import type { StoredRecord } from '@kprf/embedded-broker/testing'
import type { RecordBytes } from '../../src/producer/types.ts'
import type { Entry, Retry } from './ledger.ts'

/** The two sides of the comparison. */
export interface Findings {
  /** By id. */
  readonly entries: ReadonlyMap<string, Entry>
  readonly retries: readonly Retry[]
  /** By topic, without deleted topics, whose records are not checked. */
  readonly stored: ReadonlyMap<string, readonly StoredRecord[]>
  /** The partition counts that each topic has had. */
  readonly partitionCounts: ReadonlyMap<string, ReadonlySet<number>>
  /** Topics that were deleted. */
  readonly deleted: ReadonlySet<string>
  /** Whether nothing may be stored twice. */
  readonly isIdempotent: boolean
  /** Longest time until a record is reported, and until its push is answered. */
  readonly settleWithinMs: number
  /** How long kprf was held up between two moments, which does not count against it. */
  readonly heldUpMs: (fromMs: number, toMs: number) => number
}

/** The result of the comparison. */
export interface Verdict {
  /** One sentence for each violation. */
  readonly violations: readonly string[]
  /** Surplus copies of records. */
  readonly duplicates: number
}

/**
 * Compares the reports about each record with what the cluster has stored in the end. Pure.
 *
 * | a record was        | it is stored                                     |
 * | ------------------- | ------------------------------------------------ |
 * | persisted           | at the reported place                            |
 * | possiblyPersisted   | perhaps                                          |
 * | notPersisted        | nowhere                                          |
 * | refused             | nowhere                                          |
 *
 * Each record is reported, and its push answered, within its message timeout and a little more.
 *
 * Persisted records of a client must be in the order in which it sent them, in every partition, counting first
 * occurrences. A record that was given up may arrive late.
 */
export function judge(findings: Findings): Verdict {
  const places = new Map<Entry, StoredRecord[]>()
  const violations: string[] = []
  for (const [topic, records] of findings.stored) {
    const lanes = new Map<string, number>()
    for (const stored of records) {
      const entry = findings.entries.get(idOf(stored))
      if (entry?.record.topic !== topic) {
        violations.push(`never sent: ${topic}/${stored.partition}@${stored.offset}`)
        continue
      }
      violations.push(...alterations(entry, stored, findings.partitionCounts.get(topic)))
      const found = places.get(entry)
      if (found) found.push(stored)
      else {
        places.set(entry, [stored])
        if (entry.fate === 'persisted') violations.push(...disorder(entry, stored, lanes))
      }
    }
  }
  for (const entry of findings.entries.values()) {
    violations.push(...contradictions(entry, places.get(entry) ?? [], findings))
  }
  const duplicates = [...places.values()].reduce((sum, found) => sum + found.length - 1, 0)
  return { violations, duplicates }
}

function idOf({ headers }: StoredRecord): string {
  return headers.find(({ key }) => key === 'id')?.value?.toString() ?? ''
}

function disorder(entry: Entry, { partition }: StoredRecord, lanes: Map<string, number>): string[] {
  const lane = `${entry.client} ${partition}`
  const last = lanes.get(lane) ?? -1
  lanes.set(lane, Math.max(last, entry.sequence))
  return entry.sequence < last
    ? [`out of order: ${nameOf(entry)} in partition ${partition} after #${last}`]
    : []
}

function alterations(
  entry: Entry,
  stored: StoredRecord,
  partitionCounts: ReadonlySet<number> = new Set(),
): string[] {
  const { record } = entry
  const key = bytesOf(record.key)
  const isKeyed = key !== null && key.length > 0
  const allowed =
    record.partition !== undefined
      ? [record.partition]
      : isKeyed
        ? [...partitionCounts].map((count) => crc32(key) % count)
        : undefined
  const isIntact = {
    key: isEqual(key, stored.key),
    value: isEqual(bytesOf(record.value), stored.value),
    headers:
      record.headers.length === stored.headers.length &&
      record.headers.every(({ key: name, value }, index) => {
        const header = stored.headers[index]
        return header?.key === name && isEqual(bytesOf(value), header.value)
      }),
    timestamp:
      record.timestampMs === undefined
        ? stored.timestampMs >= entry.sentEpochMs && stored.timestampMs <= entry.settledEpochMs
        : stored.timestampMs === record.timestampMs,
    partition: allowed?.includes(stored.partition) ?? true,
  }
  return Object.entries(isIntact)
    .filter(([, is]) => !is)
    .map(([part]) => `${part} altered: ${nameOf(entry)} in partition ${stored.partition}`)
}

/** Compares the reports about one record with where it is stored. */
function contradictions(
  entry: Entry,
  found: readonly StoredRecord[],
  findings: Findings,
): string[] {
  const { retries, deleted, isIdempotent } = findings
  const { fate, reportCount, record } = entry
  const expectedReports = fate === 'refused' ? 0 : 1
  const violations =
    reportCount === expectedReports ? [] : [`reported ${reportCount} times: ${nameOf(entry)}`]
  violations.push(...lateness(entry, findings))
  if (deleted.has(record.topic)) return violations
  if ((fate === 'refused' || fate === 'notPersisted') && found.length > 0) {
    violations.push(`${fate} (${entry.errorNumber ?? 0}), but stored: ${nameOf(entry)}`)
  }
  if (fate === 'persisted') violations.push(...misplacement(entry, found))
  if (found.length > 1 && isIdempotent) {
    violations.push(`stored ${found.length} times despite idempotence: ${nameOf(entry)}`)
  }
  if (found.length > 1 && fate !== 'possiblyPersisted' && !wasSentAgain(entry, found, retries)) {
    violations.push(`stored ${found.length} times and never sent again: ${nameOf(entry)}`)
  }
  return violations
}

function lateness(entry: Entry, { settleWithinMs, heldUpMs }: Findings): string[] {
  const { sentMs } = entry
  const ends = { reported: entry.settledMs, answered: entry.answeredMs }
  return Object.entries(ends).flatMap(([what, endMs]) => {
    if (endMs === Infinity) return []
    const tookMs = endMs - sentMs - heldUpMs(sentMs, endMs)
    return tookMs > settleWithinMs
      ? [`${what} after ${Math.round(tookMs)} ms: ${nameOf(entry)}`]
      : []
  })
}

function misplacement(entry: Entry, found: readonly StoredRecord[]): string[] {
  if (found.length === 0) return [`persisted, but not stored: ${nameOf(entry)}`]
  const { place } = entry
  if (!place) return entry.isSilent ? [] : [`persisted without a place: ${nameOf(entry)}`]
  const there = found.find(
    ({ partition, offset }) => partition === place.partition && offset === place.offset,
  )
  if (!there) return [`not at ${place.partition}@${String(place.offset)}: ${nameOf(entry)}`]
  return there.timestampMs === entry.timestampMs
    ? []
    : [`timestamp reported as ${String(entry.timestampMs)}: ${nameOf(entry)}`]
}

function wasSentAgain(
  { record: { topic }, sentMs, settledMs }: Entry,
  found: readonly StoredRecord[],
  retries: readonly Retry[],
): boolean {
  return retries.some(
    (retry) =>
      retry.topic === topic &&
      found.some(({ partition }) => partition === retry.partition) &&
      retry.atMs >= sentMs &&
      retry.atMs <= settledMs,
  )
}

function bytesOf(bytes: RecordBytes | null): Buffer | null {
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes
}

function isEqual(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other)
}

function nameOf({ id, record: { topic } }: Entry): string {
  return `${id} of ${topic}`
}
