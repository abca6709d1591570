import type { Clock } from '../../src/base/clock.ts'
import {
  type BatchRetry,
  type DeliveryFailure,
  type ProducerEvent,
  ProducerEvents,
} from '../../src/producer/events.ts'
import { Producer } from '../../src/producer/producer.ts'
import type { ProducerSettings } from '../../src/producer/settings.ts'
import type { Transport } from '../../src/producer/transport.ts'
import type { Statistics } from '../../src/producer/statistics/statistics.ts'
import type { DeliveryReport, ProducerRecord } from '../../src/producer/types.ts'
import { DEFAULT_LIMITS, DEFAULT_SETTINGS } from './default-settings.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeTransport } from './fake-transport.ts'
import { type Refusals, type ReportListener, sendAll, type RecordLimits } from './send-all.ts'

/** Makes a record, by default for partition 0 of topic `t`. */
export function record(
  value: string | null,
  overrides: Partial<ProducerRecord> = {},
): ProducerRecord {
  return {
    topic: 't',
    partition: 0,
    key: null,
    value,
    headers: [],
    timestampMs: undefined,
    ...overrides,
  }
}

/** What the producer is told, and what its records are allowed. */
export interface HarnessSettings extends ProducerSettings {
  /** `message.timeout.ms`; 0 means for ever. */
  readonly messageTimeoutMs: number
  readonly queueFullWaitMs: number
}

/** Puts another transport between the producer and the fake one. */
type Around = (transport: Transport, clock: Clock) => Transport

/** A producer on a fake transport and a fake clock, with all its reports. */
export class ProducerHarness {
  readonly clock = new FakeClock()
  readonly transport: FakeTransport
  readonly producer: Producer
  readonly reports: DeliveryReport[] = []
  readonly failures: DeliveryFailure[] = []
  readonly retries: BatchRetry[] = []
  /** One for each record. */
  readonly refused: [topic: string, number: number][] = []
  /** One for each call of the observer. */
  readonly refusals: [topic: string, number: number, count: number][] = []
  deliveredCount = 0
  failedCount = 0
  renewals = 0
  creations = 0
  splits = 0
  readonly attemptsFailed: number[] = []
  readonly #limits: RecordLimits

  constructor(
    settings: Partial<HarnessSettings> = {},
    topics: Readonly<Record<string, number>> = { t: 4 },
    random: () => number = () => 0.5,
    around: Around = (transport) => transport,
    makeStatistics: (clock: Clock) => Statistics | undefined = () => undefined,
  ) {
    const { messageTimeoutMs, queueFullWaitMs, ...producerSettings } = settings
    this.#limits = {
      deliveryTimeoutMs:
        messageTimeoutMs === 0 ? Infinity : (messageTimeoutMs ?? DEFAULT_LIMITS.deliveryTimeoutMs),
      roomWaitMs: queueFullWaitMs ?? DEFAULT_LIMITS.roomWaitMs,
    }
    this.transport = new FakeTransport(topics)
    const events = new ProducerEvents()
    events.subscribe((event) => {
      this.#note(event)
    })
    const statistics = makeStatistics(this.clock)
    if (statistics) {
      events.subscribe((event) => {
        statistics.observe(event)
      })
    }
    this.producer = new Producer(
      { ...DEFAULT_SETTINGS, ...producerSettings },
      {
        transport: around(this.transport, this.clock),
        clock: this.clock,
        random,
        events,
      },
    )
    statistics?.start(() => this.producer.view())
    this.producer.start()
  }

  /** A harness with known topics, so that no metadata request is needed. */
  static async warm(
    settings: Partial<HarnessSettings> = {},
    topics: Readonly<Record<string, number>> = { t: 4 },
    around?: Around,
  ): Promise<ProducerHarness> {
    const harness = new ProducerHarness(settings, topics, undefined, around)
    for (const topic of Object.keys(topics)) {
      await harness.sendAll([record('warm', { topic, partition: 999 })])
    }
    await harness.clock.advance(0)
    harness.failures.length = 0
    harness.refused.length = 0
    harness.refusals.length = 0
    harness.failedCount = 0
    return harness
  }

  #note(event: ProducerEvent): void {
    switch (event.kind) {
      case 'recordsDelivered':
        this.deliveredCount += event.records.count
        break
      case 'recordsFailed':
        this.failures.push(event.failure)
        this.failedCount += event.records.count
        break
      case 'recordsRefused': {
        const { topic, error, count } = event
        this.refusals.push([topic, error.number, count])
        for (let n = 0; n < count; n += 1) this.refused.push([topic, error.number])
        break
      }
      case 'batchRetried':
        this.retries.push(event.retry)
        break
      case 'attemptFailed':
        this.attemptsFailed.push(event.errorNumber)
        break
      case 'batchSplit':
        this.splits += 1
        break
      case 'identityRenewed':
        this.renewals += 1
        break
      case 'topicCreationAsked':
        this.creations += 1
        break
      default:
    }
  }

  /** Sends records in one call, with the harness's limits. */
  sendAll(
    records: readonly ProducerRecord[],
    listener?: ReportListener,
  ): ReturnType<typeof sendAll> {
    return sendAll(this.producer, records, listener, this.#limits)
  }

  /** Sends records whose reports are collected in the order in which they come. */
  async send(...records: readonly ProducerRecord[]): Promise<Refusals | undefined> {
    return await this.sendAll(records, (report) => {
      this.reports.push(report)
    })
  }
}
