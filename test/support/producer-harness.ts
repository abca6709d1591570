import type { Clock } from '../../src/base/clock.ts'
import type { BatchRetry, DeliveryFailure } from '../../src/producer/delivery.ts'
import { Producer } from '../../src/producer/producer.ts'
import type { ProducerSettings } from '../../src/producer/settings.ts'
import type { Transport } from '../../src/producer/transport.ts'
import type { Statistics } from '../../src/producer/statistics/statistics.ts'
import type { DeliveryReport, ProducerRecord, Refusals } from '../../src/producer/types.ts'
import { DEFAULT_SETTINGS } from './default-settings.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeTransport } from './fake-transport.ts'

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

/** Puts another transport between the producer and the fake one. */
type Around = (transport: Transport, clock: Clock) => Transport

/** A producer on a fake transport and a fake clock, with everything it reported. */
export class ProducerHarness {
  readonly clock = new FakeClock()
  readonly transport: FakeTransport
  readonly producer: Producer
  readonly reports: DeliveryReport[] = []
  readonly failures: DeliveryFailure[] = []
  readonly retries: BatchRetry[] = []
  /** One for each record. */
  readonly refused: [topic: string, number: number][] = []
  /** One for each time that the observer was told. */
  readonly refusals: [topic: string, number: number, count: number][] = []
  deliveredCount = 0
  failedCount = 0
  renewals = 0
  creations = 0
  splits = 0
  readonly attemptsFailed: number[] = []

  constructor(
    settings: Partial<ProducerSettings> = {},
    topics: Readonly<Record<string, number>> = { t: 4 },
    random: () => number = () => 0.5,
    around: Around = (transport) => transport,
    makeStatistics: (clock: Clock) => Statistics | undefined = () => undefined,
  ) {
    this.transport = new FakeTransport(topics)
    this.producer = new Producer(
      { ...DEFAULT_SETTINGS, ...settings },
      {
        transport: around(this.transport, this.clock),
        clock: this.clock,
        random,
        statistics: makeStatistics(this.clock),
        observer: {
          delivered: (_, records) => {
            this.deliveredCount += records.count
          },
          failed: (failure, records) => {
            this.failures.push(failure)
            this.failedCount += records.count
          },
          retried: (retry) => {
            this.retries.push(retry)
          },
          refused: (topic, { number }, count) => {
            this.refusals.push([topic, number, count])
            for (let n = 0; n < count; n += 1) this.refused.push([topic, number])
          },
          attemptFailed: (errorNumber) => {
            this.attemptsFailed.push(errorNumber)
          },
          split: () => {
            this.splits += 1
          },
          renewed: () => {
            this.renewals += 1
          },
          creationAsked: () => {
            this.creations += 1
          },
        },
      },
    )
    this.producer.start()
  }

  /** A harness whose topics are known already, so that no metadata request comes between. */
  static async warm(
    settings: Partial<ProducerSettings> = {},
    topics: Readonly<Record<string, number>> = { t: 4 },
    around?: Around,
  ): Promise<ProducerHarness> {
    const harness = new ProducerHarness(settings, topics, undefined, around)
    for (const topic of Object.keys(topics)) {
      await harness.producer.sendAll([record('warm', { topic, partition: 999 })])
    }
    await harness.clock.advance(0)
    harness.failures.length = 0
    harness.refused.length = 0
    harness.refusals.length = 0
    harness.failedCount = 0
    return harness
  }

  /** Sends records whose reports are collected in the order in which they come. */
  async send(...records: readonly ProducerRecord[]): Promise<Refusals | undefined> {
    return await this.producer.sendAll(records, (report) => {
      this.reports.push(report)
    })
  }
}
