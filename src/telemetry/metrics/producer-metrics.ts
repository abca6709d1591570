import { Counter, Gauge, Histogram, type Registry } from './prom-client.ts'
import { CONNECTION_ENDS, type ConnectionEnd } from '../../base/connection-end.ts'
import type { PushMode } from '../../base/push-mode.ts'
import { BROKER_SECONDS, WAIT_SECONDS } from './buckets.ts'
import { type HistogramSeries, PlainHistogram } from './plain-histogram.ts'
import { declareState, type KprfState } from './state-gauges.ts'
import { type SeriesByTopic, TopicCounter } from './topic-counter.ts'
import type { TopicLabels } from './topic-labels.ts'

/** Options of {@link ProducerMetrics}. */
export interface ProducerMetricsOptions {
  readonly registry: Registry
  readonly labels: TopicLabels
  readonly state: () => KprfState
}

const BATCH_RECORDS_BUCKETS = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000]
/** Up to a mebibyte, Kafka's default limit. */
const BATCH_BYTES_BUCKETS = [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576]
/** 1 stands for a batch that did not get smaller. */
const COMPRESSION_RATIO_BUCKETS = [1, 1.25, 1.5, 2, 3, 5, 10, 20]

/**
 * The metrics that the Rust kprf does not have: names begin with `kprf_`, times are in seconds, counters end with
 * `_total`. Each has a series from the start, so that the first error shows as an increase.
 */
export class ProducerMetrics {
  readonly #registry: Registry
  readonly #labels: TopicLabels
  readonly #received: Readonly<Record<PushMode, SeriesByTopic>>
  readonly #failed: TopicCounter
  readonly #receivedByTopic: TopicCounter
  readonly #rejected: Counter<'reason'>
  readonly #produceErrors: Counter<'reason'>
  readonly #retries: Counter<'reason'>
  readonly #possibleDuplicates: TopicCounter
  readonly #topicCounters: readonly TopicCounter[]
  readonly #labelsMoved: Counter
  readonly #batchSplits: Counter
  readonly #producerRecycles: Counter
  readonly #connectFailures: Counter
  readonly #authFailures: Counter
  readonly #connectionsLost: Counter<'reason'>
  readonly #metadataRefreshes: Counter
  readonly #topicCreations: Counter
  readonly #throttled: Counter
  readonly #queueWait: HistogramSeries
  readonly #brokersConnected: Gauge
  readonly #requestDuration: Histogram<'broker'>
  readonly #batchRecords: HistogramSeries
  readonly #batchBytes: HistogramSeries
  readonly #compressionRatio: HistogramSeries
  /** The same as the counters, over all reasons. */
  readonly #totals = { rejected: 0, retried: 0 }

  constructor({ registry, labels, state }: ProducerMetricsOptions) {
    this.#registry = registry
    this.#labels = labels
    const received = new TopicCounter({
      name: 'kprf_records_received_total',
      help: 'Records of well-formed pushes, by whether the client waits for delivery.',
      secondLabel: 'mode',
      registry,
    })
    this.#receivedByTopic = received
    this.#received = { sync: received.under('sync'), async: received.under('async') }
    this.#failed = new TopicCounter({
      name: 'kprf_records_failed_total',
      help: 'Records that were admitted and not delivered, by the error code in docs/ERRORS.md.',
      secondLabel: 'reason',
      registry,
    })
    this.#rejected = this.#counter(
      'kprf_records_rejected_total',
      'Records that were not admitted, by the error code in docs/ERRORS.md.',
      ['reason'],
    )
    this.#produceErrors = this.#counter(
      'kprf_produce_errors_total',
      "Attempts to send a batch that failed, by librdkafka's name of the error.",
      ['reason'],
    )
    this.#retries = this.#counter(
      'kprf_produce_retries_total',
      "Records sent again, by librdkafka's name of the error.",
      ['reason'],
    )
    this.#possibleDuplicates = new TopicCounter({
      name: 'kprf_possible_duplicates_total',
      help: 'Records sent again after an attempt that may have succeeded.',
      registry,
    })
    this.#topicCounters = [received, this.#failed, this.#possibleDuplicates]
    this.#labelsMoved = this.#counter(
      'kprf_topic_labels_reused_total',
      'Topics whose series were removed to make room for those of another topic.',
    )
    this.#batchSplits = this.#counter(
      'kprf_batch_splits_total',
      'Batches divided because Kafka refused them for some of their records.',
    )
    this.#producerRecycles = this.#counter(
      'kprf_producer_recycles_total',
      'Partitions for which the idempotent producer started a new sequence of numbers.',
    )
    this.#connectFailures = this.#counter(
      'kprf_kafka_connect_failures_total',
      'Failed attempts to connect to a broker.',
    )
    this.#authFailures = this.#counter(
      'kprf_kafka_auth_failures_total',
      'Connections on which a broker refused the credentials.',
    )
    this.#connectionsLost = this.#counter(
      'kprf_kafka_connections_lost_total',
      'Lost connections to brokers: no answer in time, reset, closed by the broker, or an answer that could not be read.',
      ['reason'],
    )
    this.#metadataRefreshes = this.#counter(
      'kprf_kafka_metadata_refresh_total',
      'Metadata answers received from brokers.',
    )
    this.#topicCreations = this.#counter(
      'kprf_kafka_topic_creations_total',
      'Topics that did not exist and that brokers were asked to create.',
    )
    this.#throttled = this.#counter(
      'kprf_kafka_throttle_seconds_total',
      'Time for which brokers asked kprf to wait.',
    )
    this.#requestDuration = new Histogram({
      name: 'kprf_kafka_request_duration_seconds',
      help: 'Time from sending a batch to the answer of the broker.',
      labelNames: ['broker'],
      buckets: [...BROKER_SECONDS],
      registers: [registry],
    })
    this.#brokersConnected = new Gauge({
      name: 'kprf_kafka_brokers_connected',
      help: 'Brokers to which there is a usable connection, by their addresses; with several workers, the largest number.',
      registers: [registry],
      aggregator: 'max',
    })
    this.#queueWait = this.#histogram(
      'kprf_queue_wait_seconds',
      'Time from the admission of the oldest record of a batch until the batch was first sent: the wait for more records, for a connection and for earlier batches.',
      WAIT_SECONDS,
    )
    this.#batchRecords = this.#histogram(
      'kprf_batch_records',
      'Records of each batch that was delivered.',
      BATCH_RECORDS_BUCKETS,
    )
    this.#batchBytes = this.#histogram(
      'kprf_batch_bytes',
      'Bytes of each batch that was sent, compressed if it is, retries included.',
      BATCH_BYTES_BUCKETS,
    )
    this.#compressionRatio = this.#histogram(
      'kprf_compression_ratio',
      'Compression ratio of each batch: its bytes divided by its compressed bytes; 1 if it did not get smaller.',
      COMPRESSION_RATIO_BUCKETS,
    )
    for (const reason of CONNECTION_ENDS) this.#connectionsLost.inc({ reason }, 0)
    declareState(registry, state)
  }

  /** Counts a record of a well-formed push. */
  recordReceived(topic: string, mode: 'sync' | 'async'): void {
    this.#received[mode].at(this.#labels.labelOf(topic)).count += 1
  }

  /** Counts records that were admitted and not delivered. @param reason - an error code. */
  recordsFailed(topic: string, reason: string, count: number): void {
    this.#failed.under(reason).at(this.#labels.labelOf(topic)).count += count
  }

  /** Counts records that were not admitted. @param reason - an error code. */
  recordsRejected(reason: string, count: number): void {
    this.#rejected.inc({ reason }, count)
    this.#totals.rejected += count
  }

  /** Counts a failed attempt to send a batch. @param reason - librdkafka's name of the error. */
  produceFailed(reason: string): void {
    this.#produceErrors.inc({ reason })
  }

  /** Counts records that are sent again. @param reason - librdkafka's name of the error. */
  recordsRetried(topic: string, reason: string, count: number, mayBePersisted: boolean): void {
    this.#retries.inc({ reason }, count)
    this.#totals.retried += count
    if (mayBePersisted) {
      this.#possibleDuplicates.under().at(this.#labels.labelOf(topic)).count += count
    }
  }

  /** Records that were rejected, and that were sent again, since the start. */
  get totals(): { readonly rejected: number; readonly retried: number } {
    return this.#totals
  }

  /** The counters of records by topic that the page shows. */
  get byTopic(): { readonly received: TopicCounter; readonly failed: TopicCounter } {
    return { received: this.#receivedByTopic, failed: this.#failed }
  }

  /** Moves the counts of a topic to another label. */
  moveTopic(from: string, to: string): void {
    for (const counter of this.#topicCounters) counter.fold(from, to)
    this.#labelsMoved.inc()
  }

  /** Counts a batch that was split in two. */
  batchSplit(): void {
    this.#batchSplits.inc()
  }

  /** Counts a partition that starts a new sequence of an idempotent producer. */
  producerRecycled(): void {
    this.#producerRecycles.inc()
  }

  /** Counts a failed attempt to connect. */
  connectFailed(): void {
    this.#connectFailures.inc()
  }

  /** Counts a connection on which a broker refused the credentials. */
  authenticationFailed(): void {
    this.#authFailures.inc()
  }

  /** Counts a connection that ended. */
  connectionLost(reason: ConnectionEnd): void {
    this.#connectionsLost.inc({ reason })
  }

  /** Counts a metadata answer. */
  metadataAnswered(): void {
    this.#metadataRefreshes.inc()
  }

  /** Counts a topic that brokers are asked to create. */
  topicCreationAsked(): void {
    this.#topicCreations.inc()
  }

  /** Counts the time for which a broker asked kprf to wait. */
  throttled(durationMs: number): void {
    this.#throttled.inc(durationMs / 1000)
  }

  /** Observes how long a broker took to answer a produce request. @param broker - `host:port`. */
  produceAnswered(broker: string, durationMs: number): void {
    this.#requestDuration.observe({ broker }, durationMs / 1000)
  }

  /** Observes how long the oldest record of a batch has waited when the batch is first sent. */
  batchWaited(durationMs: number): void {
    this.#queueWait.observe(durationMs / 1000)
  }

  /** Notes to how many brokers there are usable connections. */
  brokersConnected(count: number): void {
    this.#brokersConnected.set(count)
  }

  /** Observes a batch that Kafka acknowledged. */
  batchDelivered(records: number): void {
    this.#batchRecords.observe(records)
  }

  /** Observes a batch that is sent. */
  batchSent(wireBytes: number): void {
    this.#batchBytes.observe(wireBytes)
  }

  /** Observes the compression of a batch. */
  batchCompressed(plainBytes: number, wireBytes: number): void {
    this.#compressionRatio.observe(plainBytes / wireBytes)
  }

  #histogram(name: string, help: string, buckets: readonly number[]): HistogramSeries {
    const registry = this.#registry
    return new PlainHistogram({ name, help, labelNames: [], buckets, registry }).addSeries({})
  }

  #counter<Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Counter<Label> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] })
  }
}
