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
import type { TransportObserver } from '../../src/producer/transport.ts'
import type { ProducerSettings } from '../../src/producer/settings.ts'
import type { DeliveryReport, ProducerRecord, Refusals } from '../../src/producer/types.ts'
import { RecordingTransportObserver } from './recording-transport-observer.ts'
import { DEFAULT_SETTINGS, DEFAULT_TRANSPORT_SETTINGS } from './default-settings.ts'

/** kafkajs as it comes, with what a program would give it. */
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

/** Our transport on a cluster, embedded or not. */
export function transportOn(
  cluster: Pick<TestCluster, 'bootstrap'>,
  settings: Partial<KafkajsTransportSettings> = {},
  clock: Clock = systemClock,
  log: TransportLog = () => undefined,
  observer: TransportObserver = new RecordingTransportObserver(),
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
    { clock, random: () => 0.5, log, observer },
  )
}

/** Our producer, kafkajs underneath, on a cluster, embedded or not. */
export class KprfOnCluster {
  readonly producer: Producer
  readonly retried: number[] = []

  constructor(cluster: Pick<TestCluster, 'bootstrap'>, settings: Partial<ProducerSettings> = {}) {
    const all = {
      ...DEFAULT_SETTINGS,
      lingerMs: 0,
      messageTimeoutMs: 10_000,
      mayCreateTopics: false,
      ...settings,
    }
    const clock = systemClock
    this.producer = new Producer(all, {
      transport: withCompression(transportOn(cluster), all, {
        ...{ clock, log: () => undefined, observer: new RecordingTransportObserver() },
      }),
      clock,
      random: () => 0.5,
      observer: {
        delivered: () => undefined,
        failed: () => undefined,
        refused: () => undefined,
        renewed: () => undefined,
        creationAsked: () => undefined,
        attemptFailed: () => undefined,
        split: () => undefined,
        retried: ({ errorNumber }) => this.retried.push(errorNumber),
      },
    })
    this.producer.start()
  }

  /** Sends records together and waits for all their reports. */
  async deliver(...records: readonly ProducerRecord[]): Promise<DeliveryReport[]> {
    const reports: DeliveryReport[] = []
    let outstanding = records.length
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const refusals: Refusals | undefined = await this.producer.sendAll(records, (report, index) => {
      reports[index] = report
      outstanding -= 1
      if (outstanding === 0) resolve(undefined)
    })
    if (refusals) throw new Error(`refused: ${JSON.stringify(refusals)}`)
    await promise
    return reports
  }
}

/** The values that a partition of a cluster holds. */
export function valuesOf(cluster: TestCluster, topic: string, partition?: number): string[] {
  return cluster.records(topic, partition).map(({ value }) => value?.toString() ?? 'null')
}
