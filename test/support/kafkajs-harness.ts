import {
  Kafka,
  logLevel,
  type ICustomPartitioner,
  type Producer as KafkajsProducer,
  type SASLOptions,
} from 'kafkajs'
import { systemClock, type Clock } from '../../src/base/clock.ts'
import type { TestCluster } from '@kprf/embedded-broker/testing'
import { withCompression } from '../../src/producer/compression/compressing-transport.ts'
import { KafkajsTransport } from '../../src/producer/kafkajs/kafkajs-transport.ts'
import type { KafkajsTransportSettings } from '../../src/producer/kafkajs/settings.ts'
import type { TransportLog } from '../../src/producer/kafkajs/kafkajs-log.ts'
import { Producer } from '../../src/producer/producer.ts'
import type { EventSink } from '../../src/producer/events.ts'
import type { ProducerSettings } from '../../src/producer/settings.ts'
import type { DeliveryReport, ProducerRecord } from '../../src/producer/types.ts'
import { type ReportListener, sendAll } from './send-all.ts'
import { NO_EVENTS, RecordingEvents } from './recording-events.ts'
import { DEFAULT_SETTINGS, DEFAULT_TRANSPORT_SETTINGS } from './default-settings.ts'

/** Unmodified kafkajs, configured as a program would do it. */
export async function stockProducer(
  cluster: TestCluster,
  options: {
    readonly retries?: number
    readonly requestTimeoutMs?: number
    readonly createPartitioner?: ICustomPartitioner
    readonly sasl?: SASLOptions
  } = {},
): Promise<KafkajsProducer> {
  const kafka = new Kafka({
    brokers: cluster.bootstrap.split(','),
    logLevel: logLevel.NOTHING,
    requestTimeout: options.requestTimeoutMs ?? 5_000,
    retry: { retries: options.retries ?? 5, initialRetryTime: 20 },
    ...(options.sasl && { sasl: options.sasl }),
  })
  const { createPartitioner = () => () => 0 } = options
  const producer = kafka.producer({ createPartitioner, allowAutoTopicCreation: false })
  await producer.connect()
  return producer
}

/** kprf's transport on a cluster, embedded or not. */
export function transportOn(
  cluster: Pick<TestCluster, 'bootstrap'>,
  settings: Partial<KafkajsTransportSettings> = {},
  clock: Clock = systemClock,
  log: TransportLog = () => undefined,
  events: EventSink = new RecordingEvents(),
): KafkajsTransport {
  return new KafkajsTransport(
    {
      ...DEFAULT_TRANSPORT_SETTINGS,
      brokers: cluster.bootstrap.split(','),
      clientId: 'kprf-test',
      reconnectBackoffMs: 20,
      reconnectBackoffMaxMs: 200,
      ...settings,
    },
    { clock, random: () => 0.5, log, events },
  )
}

/** What the producer is told, and how long its records may take. */
export interface KprfOnClusterSettings extends Partial<ProducerSettings> {
  readonly messageTimeoutMs?: number
}

/** Our producer, kafkajs underneath, on a cluster, embedded or not. */
export class KprfOnCluster {
  readonly producer: Producer
  readonly retried: number[] = []
  readonly #deliveryTimeoutMs: number

  constructor(cluster: Pick<TestCluster, 'bootstrap'>, settings: KprfOnClusterSettings = {}) {
    const { messageTimeoutMs = 10_000, ...rest } = settings
    this.#deliveryTimeoutMs = messageTimeoutMs
    const all = { ...DEFAULT_SETTINGS, lingerMs: 0, mayCreateTopics: false, ...rest }
    const clock = systemClock
    this.producer = new Producer(all, {
      transport: withCompression(transportOn(cluster), all, {
        ...{ clock, log: () => undefined, events: NO_EVENTS },
      }),
      clock,
      random: () => 0.5,
      events: {
        emit: (event) => {
          if (event.kind === 'batchRetried') this.retried.push(event.retry.errorNumber)
        },
      },
    })
    this.producer.start()
  }

  /** Sends records in one call. */
  sendAll(
    records: readonly ProducerRecord[],
    listener: ReportListener,
  ): ReturnType<typeof sendAll> {
    const deliveryTimeoutMs = this.#deliveryTimeoutMs
    return sendAll(this.producer, records, listener, { deliveryTimeoutMs })
  }

  /** Sends records together and waits for all their reports. */
  async deliver(...records: readonly ProducerRecord[]): Promise<DeliveryReport[]> {
    const reports: DeliveryReport[] = []
    let outstanding = records.length
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const refusals = await this.sendAll(records, (report, index) => {
      reports[index] = report
      outstanding -= 1
      if (outstanding === 0) resolve(undefined)
    })
    if (refusals) throw new Error(`refused: ${JSON.stringify(refusals)}`)
    await promise
    return reports
  }
}

/** The values of a partition of a cluster. */
export function valuesOf(cluster: TestCluster, topic: string, partition?: number): string[] {
  return cluster.records(topic, partition).map(({ value }) => value?.toString() ?? 'null')
}
