/**
 * The metrics of the Rust kprf, with its names, labels and units, so that its dashboards continue to work.
 * `producer-metrics.ts` has the additional ones. A method that is called for each push or record takes well under a
 * microsecond.
 */
import { DURATION_BUCKETS_MS } from '../../base/duration-buckets.ts'
import type { ErrorCode } from '../../base/errors.ts'
import type { LiveCounts } from '../../base/live-sample.ts'
import type { PushMode } from '../../base/push-mode.ts'
import type { TelemetrySource } from '../../base/telemetry-source.ts'
import type { WalState } from '../../base/wal-state.ts'
import { Gauge, Registry } from './prom-client.ts'
import { type AccessInUse, AccessMetrics } from './access-metrics.ts'
import { TOPIC_MS } from './buckets.ts'
import { type CertificateExpiries, declareCertificates } from './certificate-metrics.ts'
import { type Admitted, DeliveryLatency, eachRun } from './delivery-latency.ts'
import { type ConnectionState, EdgeMetrics } from './edge-metrics.ts'
import { IdempotencyMetrics } from './idempotency-metrics.ts'
import { liveCounts } from './live-counts.ts'
import { type HistogramSeries, PlainHistogram } from './plain-histogram.ts'
import { declareBuild, declareProcess, type ProcessFacts } from './process-metrics.ts'
import { ProducerMetrics } from './producer-metrics.ts'
import { RequestMetrics } from './request-metrics.ts'
import type { KprfState } from './state-gauges.ts'
import { StatisticsMetrics, type StatisticsFigures } from './statistics-metrics.ts'
import { type MetricsSnapshot, takeSnapshot, writeText } from './snapshot.ts'
import type { CountSeries } from './plain-counter.ts'
import { TopicCounter } from './topic-counter.ts'
import { OTHER_TOPICS, TopicLabels } from './topic-labels.ts'
import { WalMetrics } from './wal-metrics.ts'

/** Records admitted and not yet reported, by topic. */
export type BufferedRecords = Iterable<readonly [topic: string, count: number]>

/** Options of {@link Metrics}. */
export interface MetricsOptions {
  readonly version: string
  readonly commitHash: string
  /** Read at each scrape. */
  readonly bufferedRecords: () => BufferedRecords
  /** Read at each scrape. */
  readonly state: () => KprfState
  /**
   * The open connections of clients. Read at each scrape.
   *
   * @defaultValue none
   */
  readonly connections?: () => ConnectionState
  /** Topics that the configuration names; they always have their own series. @defaultValue none */
  readonly configuredTopics?: Iterable<string>
  /** The producer's statistics. Read at each scrape. @defaultValue none, and no metrics of them */
  readonly statistics?: (() => StatisticsFigures) | undefined
  /** The write-ahead log. Read at each scrape. @defaultValue none, and no metrics of it */
  readonly wal?: (() => WalState) | undefined
  /** Number of idempotency keys here. Read at each scrape. @defaultValue no metrics of them */
  readonly idempotencyKeys?: (() => number) | undefined
  /** @defaultValue all ways for clients to say who they are */
  readonly accessInUse?: AccessInUse
  /** When certificates expire. Read at each scrape. @defaultValue there are none */
  readonly certificates?: () => CertificateExpiries
  /** What is said once for all processes. @defaultValue another process says it */
  readonly process?: ProcessFacts | undefined
  /** @defaultValue a new one */
  readonly registry?: Registry
}

const ALL_IN_USE: AccessInUse = { jwt: true, certificates: true, webhooks: true }

interface TopicSeries {
  readonly sendDuration: HistogramSeries
  readonly sent: CountSeries
}

/** Counts pushes and records. */
export class Metrics implements TelemetrySource<MetricsSnapshot> {
  readonly #registry: Registry
  readonly #pushDuration: PlainHistogram
  readonly #sendDuration: PlainHistogram
  readonly #latency: DeliveryLatency
  readonly #sent: TopicCounter
  readonly #errors: TopicCounter
  readonly #rateLimited: TopicCounter
  readonly #labels: TopicLabels
  readonly #pushes = {
    sync: new Map<number, HistogramSeries>(),
    async: new Map<number, HistogramSeries>(),
  }
  readonly #topics = new Map<string, TopicSeries>()
  /** Metrics that the Rust kprf does not have. */
  readonly producer: ProducerMetrics
  /** Requests, whatever they are for. */
  readonly requests: RequestMetrics
  /** Connections of clients. */
  readonly edge: EdgeMetrics
  /** Refusals because of who sent a request. */
  readonly access: AccessMetrics
  /** `undefined` without a write-ahead log. */
  readonly wal: WalMetrics | undefined
  /** `undefined` without idempotency keys. */
  readonly idempotency: IdempotencyMetrics | undefined

  constructor(options: MetricsOptions) {
    const { registry = new Registry() } = options
    this.#registry = registry
    this.#pushDuration = new PlainHistogram({
      name: 'http_requests_duration',
      help: 'Milliseconds to answer a push, by status and by whether the client waits for delivery.',
      labelNames: ['code', 'method'],
      buckets: DURATION_BUCKETS_MS,
      registry,
    })
    this.#sendDuration = new PlainHistogram({
      name: 'kafka_message_send_duration',
      help: 'Milliseconds from the admission of a record to its delivery report.',
      labelNames: ['topic'],
      buckets: TOPIC_MS,
      registry,
    })
    this.#sent = new TopicCounter({
      name: 'kafka_sent_messages',
      help: 'Records delivered to Kafka.',
      alias: 'kprf_records_delivered_total',
      registry,
    })
    this.#latency = new DeliveryLatency(registry)
    this.#errors = new TopicCounter({
      name: 'kafka_errors_count',
      help: 'Records refused or not delivered, by the error number of librdkafka.',
      secondLabel: 'error_code',
      registry,
    })
    this.#rateLimited = new TopicCounter({
      name: 'ratelimit_messages_count',
      help: 'Records refused by the rate limit.',
      registry,
    })
    this.#labels = new TopicLabels(options.configuredTopics ?? [], (topic) => {
      this.#moveToOthers(topic)
    })
    this.producer = new ProducerMetrics({ registry, labels: this.#labels, state: options.state })
    this.requests = new RequestMetrics(registry)
    this.edge = new EdgeMetrics(registry, options.connections ?? noConnections, this.requests)
    this.access = new AccessMetrics(registry, options.accessInUse ?? ALL_IN_USE)
    this.#declareQueueSize(options.bufferedRecords)
    const { statistics } = options
    if (statistics) new StatisticsMetrics({ registry, labels: this.#labels, read: statistics })
    this.wal = options.wal && new WalMetrics(registry, options.wal)
    const { idempotencyKeys } = options
    this.idempotency = idempotencyKeys && new IdempotencyMetrics(registry, idempotencyKeys)
    if (options.certificates) declareCertificates(registry, options.certificates)
    declareBuild(registry, options)
    declareProcess(registry, options.process)
    for (const topic of this.#labels.topics) this.#series(topic)
  }

  /** Counts one push that was answered. */
  observePush(mode: PushMode, status: number, durationMs: number): void {
    let series = this.#pushes[mode].get(status)
    if (series === undefined) {
      series = this.#pushDuration.addSeries({ code: `${status}`, method: `push/${mode}` })
      this.#pushes[mode].set(status, series)
    }
    series.observe(durationMs)
  }

  /** Counts the records of a well-formed push. */
  recordsReceived(mode: PushMode, records: readonly { readonly topic: string }[]): void {
    for (const { topic } of records) this.producer.recordReceived(topic, mode)
  }

  /** Counts invalid records of a push whose other records are produced. Their topics may not be names. */
  recordsInvalid(mode: PushMode, codes: readonly ErrorCode[]): void {
    for (const code of codes) {
      this.producer.recordReceived(OTHER_TOPICS, mode)
      this.producer.recordsRejected(code.toLowerCase(), 1)
    }
  }

  /** Counts records that Kafka acknowledged. */
  recordsDelivered(topic: string, records: Admitted, settledMs: number): void {
    const series = this.#series(this.#labels.delivered(topic, settledMs))
    series.sent.count += records.count
    eachRun(records, (admittedMs, count, origin) => {
      series.sendDuration.observe(settledMs - admittedMs, count)
      this.#latency.observe(origin, admittedMs, settledMs, count)
    })
  }

  /** Gives a topic a series of its own, if there is room, although nothing was delivered to it yet. */
  nameTopic(topic: string): void {
    if (this.#labels.undelivered(topic) === topic) this.#series(topic)
  }

  /**
   * Counts admitted records that were not delivered.
   *
   * @param errorNumber - librdkafka's.
   */
  recordsFailed(topic: string, errorNumber: number, records: Admitted, settledMs: number): void {
    this.recordsRefused(topic, errorNumber, records.count)
    const { sendDuration } = this.#series(this.#labels.labelOf(topic))
    eachRun(records, (admittedMs, count) => {
      sendDuration.observe(settledMs - admittedMs, count)
    })
  }

  /**
   * Counts records that were never admitted.
   *
   * @param errorNumber - librdkafka's.
   */
  recordsRefused(topic: string, errorNumber: number, count: number): void {
    this.#errors.under(`${errorNumber}`).at(this.#labels.labelOf(topic)).count += count
  }

  /** Counts records refused by the rate limit. */
  countRateLimited(topic: string, records: number): void {
    this.producer.recordsRejected('rate_limited', records)
    this.#rateLimited.under().at(this.#labels.labelOf(topic)).count += records
  }

  /** Counts records refused because their client may not write to their topic. */
  countForbidden(_topic: string, reason: string, records: number): void {
    this.producer.recordsRejected('topic_forbidden', records)
    this.access.denied(`topic_${reason}`, records)
  }

  /** Counts records refused because their client has used up its quota. */
  countBeyondQuota(records: number): void {
    this.producer.recordsRejected('quota_exceeded', records)
    this.access.denied('quota', records)
  }

  /** Media type of {@link Metrics.exposition}. */
  get contentType(): string {
    return this.#registry.contentType
  }

  /** All metrics in the Prometheus text format 0.0.4. */
  async exposition(): Promise<string> {
    return writeText(await this.take())
  }

  /** The label under which a topic is counted. */
  labelOf(topic: string): string {
    return this.#labels.labelOf(topic)
  }

  /** What the page shows of these metrics, without the work of a scrape. */
  liveCounts(): LiveCounts {
    return liveCounts({
      pushes: [this.#pushes.sync, this.#pushes.async],
      deliveries: this.#latency.all,
      delivered: this.#sent,
      producer: this.producer,
    })
  }

  /** All metrics as data. */
  take(): Promise<MetricsSnapshot> {
    return takeSnapshot(this.#registry)
  }

  /** The series of one label. */
  #series(label: string): TopicSeries {
    let series = this.#topics.get(label)
    if (!series) {
      // Starts at 0, so that the first delivery shows as an increase.
      const sent = this.#sent.under().at(label)
      series = { sent, sendDuration: this.#sendDuration.addSeries({ topic: label }) }
      this.#topics.set(label, series)
    }
    return series
  }

  /** Removes the series of a topic and adds their counts to the label of all others, so that no sum goes down. */
  #moveToOthers(topic: string): void {
    for (const counter of [this.#sent, this.#errors, this.#rateLimited]) {
      counter.fold(topic, OTHER_TOPICS)
    }
    this.producer.moveTopic(topic, OTHER_TOPICS)
    const series = this.#topics.get(topic)
    if (!series) return
    this.#topics.delete(topic)
    this.#series(OTHER_TOPICS).sendDuration.add(series.sendDuration)
    this.#sendDuration.removeSeries(series.sendDuration)
  }

  #declareQueueSize(bufferedRecords: () => BufferedRecords): void {
    const gauge = new Gauge({
      name: 'kafka_internal_queue_size',
      help: 'Records admitted and not yet reported: waiting, in flight or between retries.',
      labelNames: ['topic'],
      registers: [this.#registry],
      collect: () => {
        gauge.reset()
        for (const topic of this.#labels.topics) gauge.set({ topic }, 0)
        for (const [topic, count] of bufferedRecords()) {
          gauge.inc({ topic: this.#labels.labelOf(topic) }, count)
        }
      },
    })
  }
}

function noConnections(): ConnectionState {
  return { active: 0, idle: 0, replyBytes: 0 }
}
