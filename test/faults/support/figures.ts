/** The metrics that show a fault, in the shape in which tests state them, and the balance they make. */
import type { EmbeddedCluster } from '../../../src/embedded-broker/cluster.ts'
import { valuesOf } from '../../support/kafkajs-harness.ts'
import { parseExposition, type Exposition } from '../../metrics/parse-exposition.ts'
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

/** Where the records are, and how replies and brokers agree. */
export interface Balance extends Verdict {
  /** Records pushed: the client's count. The others are from `/metrics`. */
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

/** Takes the balance of a scrape. */
export function balanceOf(text: string, ledger: Ledger, cluster: EmbeddedCluster): Balance {
  const exposition = parseExposition(text)
  const delivered = sum(exposition, 'kafka_sent_messages')
  // The duration is that of admitted records only, errors are counted for all.
  const failed = sum(exposition, 'kafka_message_send_duration_count') - delivered
  return {
    received: ledger.received,
    delivered,
    failed,
    rejected: sum(exposition, 'kafka_errors_count') - failed,
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
