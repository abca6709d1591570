import { systemClock } from '../../src/base/clock.ts'
import { KafkajsTransport } from '../../src/producer/kafkajs/kafkajs-transport.ts'
import type { KafkajsTransportSettings } from '../../src/producer/kafkajs/settings.ts'
import { ProducerEvents } from '../../src/producer/events.ts'
import { Producer } from '../../src/producer/producer.ts'
import type { ProducerSettings } from '../../src/producer/settings.ts'
import type { StatisticsData } from '../../src/producer/statistics/statistics-data.ts'
import { Statistics } from '../../src/producer/statistics/statistics.ts'
import type { DeliveryReport, ProducerRecord } from '../../src/producer/types.ts'
import type { CountingProxies } from './counting-proxy.ts'
import { DEFAULT_SETTINGS, DEFAULT_TRANSPORT_SETTINGS } from './default-settings.ts'
import { FakeClock } from './fake-clock.ts'
import { sendAll } from './send-all.ts'

/** Options of a {@link MeasuredProducer}. */
export interface MeasuredProducerOptions {
  readonly bootstrap: string
  readonly transport?: Partial<KafkajsTransportSettings>
  readonly producer?: Partial<ProducerSettings>
  /** Proxies between it and the brokers. @defaultValue none */
  readonly proxies?: CountingProxies
}

/** A producer on a cluster, whose statistics tests collect on demand. */
export class MeasuredProducer {
  readonly producer: Producer
  readonly transport: KafkajsTransport
  readonly statistics: Statistics
  readonly #clock = new FakeClock()

  constructor(options: MeasuredProducerOptions) {
    const brokers = options.bootstrap.split(',')
    this.statistics = new Statistics(
      {
        ...{ clientId: 'measured', brokers, intervalMs: 1_000, number: 1 },
        ...{ queueBufferingMaxMessages: 100_000, queueBufferingMaxKbytes: 1_048_576 },
      },
      this.#clock,
    )
    const events = new ProducerEvents()
    events.subscribe((event) => {
      this.statistics.observe(event)
    })
    this.transport = new KafkajsTransport(
      {
        ...DEFAULT_TRANSPORT_SETTINGS,
        ...{ brokers, clientId: 'measured' },
        ...{ reconnectBackoffMs: 20, reconnectBackoffMaxMs: 200 },
        ...options.transport,
      },
      {
        ...{ clock: systemClock, random: Math.random, log: () => undefined },
        events,
        ...(options.proxies && { connect: options.proxies.connect }),
      },
    )
    this.producer = new Producer(
      {
        ...{ ...DEFAULT_SETTINGS, mayCreateTopics: false },
        ...options.producer,
      },
      {
        ...{ clock: systemClock, random: Math.random, transport: this.transport, events },
      },
    )
    this.statistics.start(() => this.producer.view())
    this.producer.start()
  }

  /** Ends the interval, and returns its statistics. */
  async collect(): Promise<StatisticsData> {
    await this.#clock.advance(1_000)
    return this.statistics.take()
  }

  /** Sends records and waits until all are reported. */
  async deliver(records: readonly ProducerRecord[]): Promise<readonly DeliveryReport[]> {
    const reports: DeliveryReport[] = []
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const refusals = await sendAll(
      this.producer,
      records,
      (report) => {
        reports.push(report)
        if (reports.length === records.length) resolve(undefined)
      },
      { deliveryTimeoutMs: 60_000 },
    )
    if (refusals) throw new Error(`refused: ${JSON.stringify(refusals)}`)
    await promise
    return reports
  }

  /** Closes the connections and returns the last statistics. */
  async close(): Promise<StatisticsData> {
    await this.producer.close()
    this.statistics.close()
    return this.statistics.take()
  }
}
