import type { CancelTimer, Clock } from '../../base/clock.ts'
import type { TelemetrySource } from '../../base/telemetry-source.ts'
import type { TopicQueue } from '../topic-queue.ts'
import type { ProducerEvent } from '../events.ts'
import { BrokerRegistry } from './broker-registry.ts'
import { BrokerLoads, describeTopic, type KnownTopic } from './queue-census.ts'
import type { EosData, StatisticsData } from './statistics-data.ts'
import { TopicStatistics } from './topic-statistics.ts'

/** Settings of {@link Statistics}. */
export interface StatisticsSettings {
  readonly clientId: string
  /** `host:port` of each broker in the configuration. */
  readonly brokers: readonly string[]
  /** `statistics.interval.ms`: more than 0, and rounded up to whole seconds as in librdkafka. */
  readonly intervalMs: number
  /** `queue.buffering.max.messages`; 0 means no limit. */
  readonly queueBufferingMaxMessages: number
  /** `queue.buffering.max.kbytes`. */
  readonly queueBufferingMaxKbytes: number
  /** Distinguishes producers with the same client id; from 1. */
  readonly number: number
}

/** The current state of the producer's queue. */
export interface QueueView {
  readonly bufferedRecords: number
  /** Bytes of the values of these records. */
  readonly bufferedBytes: number
  /** Topics that have records. */
  readonly topics: Iterable<TopicQueue>
  /** Number of topics with metadata. */
  readonly knownTopics: number
  /** Metadata of a topic. This does not count as use of the topic. */
  metadataOf(topic: string): KnownTopic | undefined
  /** `undefined` if the producer is not idempotent. */
  readonly eos: EosData | undefined
}

const GRANULARITY_MS = 1_000

/**
 * The statistics of one producer and its connections. All parts count here, and every `statistics.interval.ms` the
 * counts are collected, as librdkafka does for its statistics callback. If statistics are off, this object does not
 * exist and nothing is counted.
 */
export class Statistics implements TelemetrySource<StatisticsData> {
  readonly #brokers: BrokerRegistry
  readonly #settings: StatisticsSettings
  readonly #intervalMs: number
  readonly #clock: Clock
  readonly #startedMs: number
  readonly #topics = new Map<string, TopicStatistics>()
  #look: (() => QueueView) | undefined
  #acknowledgedRecords = 0
  #acknowledgedBytes = 0
  #latest: StatisticsData | undefined
  #cancelTimer: CancelTimer | undefined

  constructor(settings: StatisticsSettings, clock: Clock) {
    this.#settings = settings
    this.#intervalMs = Math.ceil(settings.intervalMs / GRANULARITY_MS) * GRANULARITY_MS
    this.#clock = clock
    this.#startedMs = clock.nowMs()
    this.#brokers = new BrokerRegistry(settings.brokers, clock)
  }

  /** The statistics of the last interval; before its end, those of the start. */
  take(): StatisticsData {
    return this.#latest ?? this.#collect()
  }

  /** Number of topics remembered. */
  get size(): number {
    return this.#topics.size
  }

  /** Starts to collect. @param look - reads the state of the queue after each interval. */
  start(look: () => QueueView): void {
    this.#look = look
    this.#tick()
  }

  /** Collects a last time. */
  close(): void {
    this.#cancelTimer?.()
    this.#collect()
  }

  /** Counts what happened. */
  observe(event: ProducerEvent): void {
    switch (event.kind) {
      case 'topicConfirmed':
        this.#topic(event.topic)
        break
      case 'topicForgotten':
        this.#topics.delete(event.topic)
        break
      case 'brokersLearned':
        this.#brokers.learn(event.brokers)
        break
      case 'requestSending':
        this.#sending(event)
        break
      case 'batchAcknowledged':
        this.#acknowledged(event)
        break
      case 'recordsDelivered':
      case 'recordsHandedBack':
        this.#settled(event.topic, event.partition, event.records.count)
        break
      case 'recordsFailed':
        this.#settled(event.failure.topic, event.failure.partition, event.records.count)
        break
      default:
        if ('broker' in event) this.#brokers.observe(event)
    }
  }

  #sending({ brokerId, nowMs, batches }: ProducerEvent & { kind: 'requestSending' }): void {
    const broker = this.#brokers.node(brokerId)
    let isRetry = false
    for (const { queue, batch } of batches) {
      this.#topic(queue.topic.name).batchSent(batch.encodedCount, batch.sizeBytes)
      if (batch.attempts > 0) isRetry = true
      else broker?.dequeued(nowMs - batch.firstAdmittedMs)
    }
    if (isRetry) broker?.retried()
  }

  #acknowledged({
    topic,
    partition,
    recordCount,
    sizeBytes,
  }: ProducerEvent & { kind: 'batchAcknowledged' }): void {
    const { acknowledged } = this.#topic(topic).partition(partition)
    acknowledged.records += recordCount
    acknowledged.bytes += sizeBytes
    this.#acknowledgedRecords += recordCount
    this.#acknowledgedBytes += sizeBytes
  }

  #settled(topic: string, partition: number | undefined, recordCount: number): void {
    if (partition === undefined) return
    this.#topic(topic).partition(partition).settledRecords += recordCount
  }

  #tick(): void {
    this.#collect()
    this.#cancelTimer = this.#clock.schedule(this.#intervalMs, () => {
      this.#tick()
    })
  }

  #topic(name: string): TopicStatistics {
    let topic = this.#topics.get(name)
    if (!topic) {
      topic = new TopicStatistics(this.#clock.nowMs())
      this.#topics.set(name, topic)
    }
    return topic
  }

  #collect(): StatisticsData {
    const { clientId, number, queueBufferingMaxMessages } = this.#settings
    const nowMs = this.#clock.nowMs()
    const queue = this.#look?.()
    const waiting = new Map(Array.from(queue?.topics ?? [], (topic) => [topic.name, topic]))
    const loads = new BrokerLoads(waiting.values())
    const topics = Array.from(this.#topics, ([name, statistics]) =>
      describeTopic(name, {
        ...{ statistics, loads, nowMs },
        queue: waiting.get(name),
        metadata: queue?.metadataOf(name),
      }),
    )
    this.#latest = {
      name: `${clientId}#producer-${number}`,
      client_id: clientId,
      type: 'producer',
      ts: Math.round(nowMs * 1000),
      time: Math.floor(this.#clock.epochMs() / 1000),
      age: Math.round((nowMs - this.#startedMs) * 1000),
      replyq: 0,
      msg_cnt: queue?.bufferedRecords ?? 0,
      msg_size: queue?.bufferedBytes ?? 0,
      msg_max: queueBufferingMaxMessages,
      msg_size_max: this.#settings.queueBufferingMaxKbytes * 1024,
      ...this.#brokers.totals(),
      txmsgs: this.#acknowledgedRecords,
      txmsg_bytes: this.#acknowledgedBytes,
      metadata_cache_cnt: queue?.knownTopics ?? 0,
      brokers: this.#brokers.take((nodeId) => loads.of(nodeId)),
      topics: Object.fromEntries(topics.map((topic) => [topic.topic, topic])),
      ...(queue?.eos && { eos: queue.eos }),
    }
    return this.#latest
  }
}
