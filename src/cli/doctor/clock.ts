/**
 * Compares this machine's clock with what Kafka shows of time. Kafka has no request that tells its time, and doctor
 * writes no record. What can be seen: a certificate that is not valid yet, and records that are younger than now. A
 * clock that is ahead cannot be noticed.
 */
import type { FoundRecord, TlsFacts } from '../../producer/kafkajs/probe/probe.ts'
import { type Finding, Findings, shownDate } from './finding.ts'

/** Records that are so much younger than now are not a matter of network and rounding, ms. */
export const TOLERANCE_MS = 5_000

/** What is known of time. */
export interface TimeEvidence {
  readonly nowMs: number
  /** The certificates that brokers have shown. */
  readonly certificates: readonly TlsFacts[]
  /** The first record of each partition that is younger than now; `undefined` if no topic could be asked. */
  readonly younger: readonly FoundRecord[] | undefined
  /** The topics whose records brokers stamp with their own clock. */
  readonly stampedByBroker: ReadonlySet<string>
}

const CHECK_CLOCKS =
  'compare the clocks of this machine, of the brokers and of the producers with timedatectl or chronyc tracking; records get the time of this machine, and Kafka refuses those that are too far ahead'

/** Judges the clock. */
export function judgeClock(evidence: TimeEvidence): Finding {
  const of = new Findings('clock')
  const { nowMs, younger, stampedByBroker } = evidence
  const now = `this machine says ${new Date(nowMs).toISOString().slice(0, 19)}Z`
  const youngest = younger?.toSorted((one, other) => other.timestampMs - one.timestampMs)
  const byBroker = youngest?.find(({ topic }) => stampedByBroker.has(topic))
  if (byBroker !== undefined) {
    return of.problem(
      `${now}, and a broker has stamped a record of ${byBroker.topic} ${shownSpan(byBroker.timestampMs - nowMs)} later: this clock is behind, or that of the broker ahead`,
      CHECK_CLOCKS,
    )
  }
  const [first] = youngest ?? []
  if (first !== undefined) {
    return of.warning(
      `${now}, and a record of ${first.topic} is ${shownSpan(first.timestampMs - nowMs)} younger: this clock is behind, or that of its producer ahead`,
      CHECK_CLOCKS,
    )
  }
  const seen = [
    ...certificateEvidence(evidence),
    ...(younger === undefined ? [] : ['no record of the topics is younger']),
  ]
  return seen.length === 0
    ? of.skipped(`${now}; Kafka does not tell its time, and nothing else is there to compare with`)
    : of.ok(
        `${now}; ${seen.join(', and ')}. Kafka does not tell its time: a clock ahead is not seen`,
      )
}

function certificateEvidence({ certificates }: TimeEvidence): string[] {
  if (certificates.length === 0) return []
  const from = Math.max(...certificates.map(({ validFromMs }) => validFromMs))
  const to = Math.min(...certificates.map(({ validToMs }) => validToMs))
  return [`the certificates of the brokers are valid from ${shownDate(from)} to ${shownDate(to)}`]
}

function shownSpan(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 120) return `${seconds} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}
