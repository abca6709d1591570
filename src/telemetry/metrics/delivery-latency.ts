import type { Registry } from 'prom-client'
import type { PushMode } from '../../base/push-mode.ts'
import { DELIVERY_SECONDS } from './buckets.ts'
import { type HistogramSeries, PlainHistogram } from './plain-histogram.ts'

/** Records with their admission times, on the clock of the settle time, and their owners. */
export interface Admitted {
  readonly count: number
  admittedMsAt(position: number): number
  ownerAt(position: number): RecordOrigin
}

/** Where records come from. */
export interface RecordOrigin {
  /** Whether their client waits for delivery. @defaultValue false */
  readonly isAwaited?: boolean
  /** When they were accepted, if that was before their admission. @defaultValue their admission */
  readonly acceptedMs?: number
}

const MS_PER_SECOND = 1_000

/** How long records take from their acceptance to the acknowledgement. */
export class DeliveryLatency {
  readonly #latency: PlainHistogram
  /** By whether the client waits; each from the first delivery on. */
  readonly #series: Partial<Record<PushMode, HistogramSeries>> = {}

  constructor(registry: Registry) {
    this.#latency = new PlainHistogram({
      name: 'kprf_delivery_latency_seconds',
      help: 'Time from the acceptance of a record to its acknowledgement by Kafka, by whether the client waits for delivery. With the write-ahead log, the time in the log is part of it, also that before a restart.',
      labelNames: ['mode'],
      buckets: DELIVERY_SECONDS,
      registry,
    })
  }

  /** Counts records that were admitted and accepted together. */
  observe(origin: RecordOrigin, admittedMs: number, settledMs: number, count: number): void {
    const mode = origin.isAwaited === true ? 'sync' : 'async'
    const series = (this.#series[mode] ??= this.#latency.addSeries({ mode }))
    series.observe((settledMs - (origin.acceptedMs ?? admittedMs)) / MS_PER_SECOND, count)
  }
}

/** Visits the records that were admitted together, for one owner, at once. */
export function eachRun(
  records: Admitted,
  visit: (admittedMs: number, count: number, origin: RecordOrigin) => void,
): void {
  let first = 0
  while (first < records.count) {
    const admittedMs = records.admittedMsAt(first)
    const origin = records.ownerAt(first)
    let next = first + 1
    while (
      next < records.count &&
      records.admittedMsAt(next) === admittedMs &&
      records.ownerAt(next) === origin
    ) {
      next += 1
    }
    visit(admittedMs, next - first, origin)
    first = next
  }
}
