/** The metrics that show a fault, in the shape in which tests state them, and the balance they make. */
import type { TestCluster } from '@kprf/embedded-broker/testing'
import { valuesOf } from '../../support/kafkajs-harness.ts'
import { parseExposition, type Exposition } from '../../telemetry/metrics/parse-exposition.ts'
import type { Ledger, Verdict } from './ledger.ts'

/** One scrape, summed over topics. */
export interface Figures {
  readonly kafka_sent_messages: number
  readonly kafka_internal_queue_size: number
  /** By librdkafka's number. */
  readonly kafka_errors_count: Readonly<Record<string, number>>
  /** Number of pushes by kind and status, as in `push/sync 200`. */
  readonly http_requests_duration: Readonly<Record<string, number>>
}

/** Where the records are, as `/metrics` says, and how replies and brokers agree. */
export interface Balance extends Verdict {
  readonly received: number
  readonly delivered: number
  /** Admitted and not delivered. */
  readonly failed: number
  /** Never admitted. */
  readonly rejected: number
  readonly queued: number
}

/** Reads the metrics of a fault from a scrape. */
export function figuresOf(text: string): Figures {
  const exposition = parseExposition(text)
  return {
    kafka_sent_messages: sum(exposition, 'kafka_sent_messages'),
    kafka_internal_queue_size: sum(exposition, 'kafka_internal_queue_size'),
    kafka_errors_count: group(exposition, 'kafka_errors_count', ({ error_code }) =>
      String(error_code),
    ),
    http_requests_duration: group(
      exposition,
      'http_requests_duration_count',
      ({ method, code }) => `${String(method)} ${String(code)}`,
    ),
  }
}

/** The series of these names that are not 0, as in `name{label="value"}`; the label topic is left out. */
export function signsOf(text: string, names: readonly string[]): Record<string, number> {
  const signs: Record<string, number> = {}
  for (const { name, labels, value } of parseExposition(text).samples) {
    if (!names.includes(name) || value === 0) continue
    const pairs = Object.entries(labels).filter(([label]) => label !== 'topic')
    const list = pairs.map(([label, text]) => `${label}="${text}"`).join(',')
    const series = list === '' ? name : `${name}{${list}}`
    signs[series] = (signs[series] ?? 0) + value
  }
  return signs
}

/** Takes the balance of a scrape. */
export function balanceOf(text: string, ledger: Ledger, cluster: TestCluster): Balance {
  const exposition = parseExposition(text)
  const received = sum(exposition, 'kprf_records_received_total')
  if (received !== ledger.received) {
    throw new Error(`${ledger.received} records were pushed, ${received} counted`)
  }
  return {
    received,
    delivered: sum(exposition, 'kafka_sent_messages'),
    failed: sum(exposition, 'kprf_records_failed_total'),
    rejected: sum(exposition, 'kprf_records_rejected_total'),
    queued: sum(exposition, 'kafka_internal_queue_size'),
    ...ledger.judge(cluster.topicNames().flatMap((topic) => valuesOf(cluster, topic))),
  }
}

/** The balance that must be: what was received is in exactly one place, and nothing contradicts it. */
export function balanced(places: Partial<Balance>): Balance {
  const { delivered = 0, failed = 0, rejected = 0, queued = 0 } = places
  const { lost = [], falselyRefused = [], doubled = [] } = places
  const received = delivered + failed + rejected + queued
  return { received, delivered, failed, rejected, queued, lost, falselyRefused, doubled }
}

function sum({ samples }: Exposition, name: string): number {
  return samples
    .filter((sample) => sample.name === name)
    .reduce((total, { value }) => total + value, 0)
}

function group(
  { samples }: Exposition,
  name: string,
  keyOf: (labels: Readonly<Record<string, string>>) => string,
): Record<string, number> {
  const totals: Record<string, number> = {}
  for (const { labels, value } of samples.filter((sample) => sample.name === name)) {
    totals[keyOf(labels)] = (totals[keyOf(labels)] ?? 0) + value
  }
  return totals
}
