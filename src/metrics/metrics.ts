/**
 * Every metric of kprf, declared once, with the names, labels and units of the Rust kprf: dashboards
 * made for that one go on working. What is called for each push or each record costs well under a
 * microsecond.
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import { DurationHistogram, type DurationSeries } from './duration-histogram.ts'

/**
 * How many topics get series of their own. One topic has some twenty; 200 keep a scrape below 5000
 * lines, and few clusters feed more topics through one proxy.
 */
export const MAX_TOPIC_LABELS = 200

/** Value of the label `topic` for all topics without series of their own. */
const OTHER_TOPICS = 'other'

/** Whether the client of a push waits for the delivery reports. */
export type PushMode = 'sync' | 'async'

/** When a record was admitted, on the same clock as the time it was settled. */
export interface Admitted {
  readonly admittedMs: number
}

/** Records admitted and not yet settled, by topic. */
export type BufferedRecords = Iterable<readonly [topic: string, count: number]>

/** What {@link Metrics} is made of. */
export interface MetricsOptions {
  readonly version: string
  readonly commitHash: string
  /** Read at each scrape. */
  readonly bufferedRecords: () => BufferedRecords
  /**
   * Topics that the configuration names; they have series of their own however many they are.
   *
   * @defaultValue none
   */
  readonly configuredTopics?: Iterable<string>
  /** @defaultValue a new one */
  readonly registry?: Registry
}

interface TopicSeries {
  readonly sendDuration: DurationSeries
  readonly sent: Counter.Internal
}

/**
 * Counts what kprf does. A topic has series of its own once Kafka is known to have it
 * ({@link Metrics.confirmTopic}, or a delivery), up to {@link MAX_TOPIC_LABELS}; all others share
 * the label {@link OTHER_TOPICS}. So no client can make up label values.
 */
export class Metrics {
  readonly #registry: Registry
  readonly #pushDuration: DurationHistogram
  readonly #sendDuration: DurationHistogram
  readonly #sent: Counter<'topic'>
  readonly #errors: Counter<'topic' | 'error_code'>
  readonly #rateLimited: Counter<'topic'>
  readonly #retries: Counter<'topic' | 'error_code'>
  readonly #possibleDuplicates: Counter<'topic'>
  readonly #producerRecycles: Counter
  readonly #pushes = {
    sync: new Map<number, DurationSeries>(),
    async: new Map<number, DurationSeries>(),
  }
  readonly #topics = new Map<string, TopicSeries>()
  #otherTopics: TopicSeries | undefined

  constructor(options: MetricsOptions) {
    const { registry = new Registry() } = options
    const registers = [registry]
    this.#registry = registry
    this.#pushDuration = new DurationHistogram({
      name: 'http_requests_duration',
      help: 'Milliseconds to answer a push, by status and by whether the client waits for delivery.',
      labelNames: ['code', 'method'],
      registry,
    })
    this.#sendDuration = new DurationHistogram({
      name: 'kafka_message_send_duration',
      help: 'Milliseconds from the admission of a record to its delivery report.',
      labelNames: ['topic'],
      registry,
    })
    this.#sent = new Counter({
      name: 'kafka_sent_messages',
      help: 'Records delivered to Kafka.',
      labelNames: ['topic'],
      registers,
    })
    this.#errors = new Counter({
      name: 'kafka_errors_count',
      help: 'Records that were refused or not delivered, by the error number of librdkafka.',
      labelNames: ['topic', 'error_code'],
      registers,
    })
    this.#rateLimited = new Counter({
      name: 'ratelimit_messages_count',
      help: 'Records refused by the rate limit.',
      labelNames: ['topic'],
      registers,
    })
    this.#retries = new Counter({
      name: 'kprf_produce_retries_total',
      help: 'Records sent again, by the error number of librdkafka.',
      labelNames: ['topic', 'error_code'],
      registers,
    })
    this.#possibleDuplicates = new Counter({
      name: 'kprf_possible_duplicates_total',
      help: 'Records sent again after an attempt of which nobody knows whether it succeeded.',
      labelNames: ['topic'],
      registers,
    })
    this.#producerRecycles = new Counter({
      name: 'kprf_producer_recycles_total',
      help: 'Partitions that began anew with the numbers of an idempotent producer, after a batch of unknown outcome.',
      registers,
    })
    this.#declareQueueSize(options.bufferedRecords)
    declareAppMetadata(registry, options)
    collectDefaultMetrics({ register: registry })
    for (const topic of new Set(options.configuredTopics)) this.#addTopic(topic)
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

  /** Counts records that Kafka acknowledged. */
  recordsDelivered(topic: string, records: readonly Admitted[], settledMs: number): void {
    const series = this.#confirmedTopic(topic)
    series.sent.inc(records.length)
    observeAll(series, records, settledMs)
  }

  /**
   * Counts admitted records that were not delivered.
   *
   * @param errorNumber - librdkafka's.
   */
  recordsFailed(
    topic: string,
    errorNumber: number,
    records: readonly Admitted[],
    settledMs: number,
  ): void {
    this.recordsRefused(topic, errorNumber, records.length)
    observeAll(this.#topic(topic), records, settledMs)
  }

  /**
   * Counts records that were never admitted.
   *
   * @param errorNumber - librdkafka's.
   */
  recordsRefused(topic: string, errorNumber: number, count: number): void {
    this.#errors.inc({ topic: this.#label(topic), error_code: `${errorNumber}` }, count)
  }

  /**
   * Counts records that are sent again.
   *
   * @param errorNumber - librdkafka's, of the attempt that failed.
   * @param mayBePersisted - whether Kafka may have them already.
   */
  recordsRetried(topic: string, errorNumber: number, count: number, mayBePersisted: boolean): void {
    const label = this.#label(topic)
    this.#retries.inc({ topic: label, error_code: `${errorNumber}` }, count)
    if (mayBePersisted) this.#possibleDuplicates.inc({ topic: label }, count)
  }

  /** Counts a partition that begins anew with the numbers of an idempotent producer. */
  producerRecycled(): void {
    this.#producerRecycles.inc()
  }

  /** Counts records refused by the rate limit. */
  countRateLimited(topic: string, records: number): void {
    this.#rateLimited.inc({ topic: this.#label(topic) }, records)
  }

  /** Gives a topic series of its own while there is room. For topics that Kafka says it has. */
  confirmTopic(topic: string): void {
    this.#confirmedTopic(topic)
  }

  /** Media type of {@link Metrics.exposition}. */
  get contentType(): string {
    return this.#registry.contentType
  }

  /** All metrics in the Prometheus text format 0.0.4. */
  exposition(): Promise<string> {
    return this.#registry.metrics()
  }

  #topic(topic: string): TopicSeries {
    return this.#topics.get(topic) ?? this.#others()
  }

  #others(): TopicSeries {
    return (this.#otherTopics ??= this.#addSeries(OTHER_TOPICS))
  }

  #confirmedTopic(topic: string): TopicSeries {
    const hasRoom = this.#topics.size < MAX_TOPIC_LABELS
    return this.#topics.get(topic) ?? (hasRoom ? this.#addTopic(topic) : this.#others())
  }

  #addTopic(topic: string): TopicSeries {
    // A topic of that very name has to share: the same series twice would spoil every scrape.
    const series = topic === OTHER_TOPICS ? this.#others() : this.#addSeries(topic)
    this.#topics.set(topic, series)
    return series
  }

  #addSeries(label: string): TopicSeries {
    const sent = this.#sent.labels(label)
    // From 0, so that the first delivery is seen as an increase.
    sent.inc(0)
    return { sent, sendDuration: this.#sendDuration.addSeries({ topic: label }) }
  }

  #label(topic: string): string {
    return this.#topics.has(topic) ? topic : OTHER_TOPICS
  }

  #declareQueueSize(bufferedRecords: () => BufferedRecords): void {
    const gauge = new Gauge({
      name: 'kafka_internal_queue_size',
      help: 'Records admitted and not yet settled: waiting, in flight or between retries.',
      labelNames: ['topic'],
      registers: [this.#registry],
      collect: () => {
        gauge.reset()
        for (const topic of this.#topics.keys()) gauge.set({ topic }, 0)
        for (const [topic, count] of bufferedRecords()) {
          gauge.inc({ topic: this.#label(topic) }, count)
        }
      },
    })
  }
}

function observeAll(series: TopicSeries, records: readonly Admitted[], settledMs: number): void {
  for (const { admittedMs } of records) series.sendDuration.observe(settledMs - admittedMs)
}

function declareAppMetadata(registry: Registry, { version, commitHash }: MetricsOptions): void {
  new Gauge({
    name: 'kprf_app_metadata',
    help: 'Always 1; the labels say what is running.',
    labelNames: ['version', 'commit_hash'],
    registers: [registry],
  }).set({ version, commit_hash: commitHash }, 1)
}
