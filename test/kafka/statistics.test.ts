import { afterEach, describe, expect, it } from 'vitest'
import { startCluster, type KafkaCluster } from './cluster/cluster.ts'
import { TestCluster } from '@kprf/embedded-broker/testing'
import type { StatisticsData } from '../../src/producer/statistics/statistics-data.ts'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { CountingProxies } from '../support/counting-proxy.ts'
import { startKprf } from '../support/kprf-process.ts'
import { MeasuredProducer } from '../support/measured-producer.ts'
import { record } from '../support/producer-harness.ts'
import { readBrokerCounters, type BrokerCounters } from './support/broker-counters.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const TOPICS = { small: 4, medium: 2, large: 1 } as const
const BYTES = { small: 20, medium: 1_000, large: 60_000 } as const

/** Records of one wave: many small ones, few large. */
function wave(index: number): ProducerRecord[] {
  const records = (topic: keyof typeof TOPICS, count: number): ProducerRecord[] =>
    Array.from({ length: count }, (_, at) =>
      record('x'.repeat(BYTES[topic]), { topic, partition: (index + at) % TOPICS[topic] }),
    )
  return [...records('small', 12), ...records('medium', 3), ...records('large', index % 5 ? 0 : 1)]
}

async function push(measured: MeasuredProducer, waves: number): Promise<number> {
  let delivered = 0
  for (let index = 0; index < waves; index += 1) {
    const reports = await measured.deliver(wave(index))
    delivered += reports.filter(({ status }) => status === 'persisted').length
  }
  return delivered
}

/** The sum of all end offsets. */
async function storedCount(cluster: KafkaCluster): Promise<number> {
  const offsets = await cluster.withAdmin((admin) =>
    Promise.all(Object.keys(TOPICS).map((topic) => admin.fetchTopicOffsets(topic))),
  )
  return offsets.flat().reduce((sum, { high }) => sum + Number(high), 0)
}

function add(one: BrokerCounters, other: BrokerCounters): BrokerCounters {
  return {
    produceRequests: one.produceRequests + other.produceRequests,
    messagesIn: one.messagesIn + other.messagesIn,
    bytesIn: one.bytesIn + other.bytesIn,
  }
}

const produceRequests = ({ brokers }: StatisticsData): number =>
  Object.values(brokers).reduce((sum, { req }) => sum + (req['Produce'] ?? 0), 0)

/** Prints a figure beside what somebody else counted, and expects it to be within 1 %. */
function compare(what: string, ours: number, theirs: number): void {
  const percent = (100 * (ours - theirs)) / theirs
  console.log(`${what}: ${ours} counted by kprf, ${theirs} by others (${percent.toFixed(3)} %)`)
  expect(Math.abs(percent), what).toBeLessThanOrEqual(1)
}

async function startKafka(): Promise<{
  cluster: KafkaCluster
  counters: () => Promise<BrokerCounters>
}> {
  const cluster = await startCluster({ brokers: 1, autoCreate: false })
  closers.push(() => cluster.stop())
  for (const [topic, partitions] of Object.entries(TOPICS)) {
    await cluster.createTopic(topic, { partitions })
  }
  return { cluster, counters: () => readBrokerCounters(cluster.brokers[0]?.pid ?? 0) }
}

describe('statistics', () => {
  it('agree with what the broker, its topics and a proxy counted, over cuts and a restart', async () => {
    const { cluster, counters } = await startKafka()
    const proxies = await CountingProxies.start(cluster.bootstrap)
    closers.push(() => proxies.close())
    const measured = new MeasuredProducer({
      ...{ bootstrap: cluster.bootstrap, proxies },
      producer: { lingerMs: 1, retries: 100 },
    })
    closers.push(() => measured.producer.close())

    let delivered = await push(measured, 300)
    const cutting = push(measured, 300)
    proxies.cut()
    delivered += await cutting
    const beforeRestart = await counters()
    let waiting = Promise.resolve(0)
    await proxies.refuseDuring(async () => {
      await cluster.kill(1, 'SIGTERM')
      waiting = push(measured, 300)
      await cluster.restart(1)
    })
    delivered += await waiting
    const last = await measured.close()
    await proxies.drained()
    const broker = add(beforeRestart, await counters())

    console.log(`${delivered} records delivered in ${produceRequests(last)} produce requests`)
    expect(delivered).toBe(900 * 15 + 180)
    compare('txmsgs, end offsets', last.txmsgs, await storedCount(cluster))
    compare('txmsgs, MessagesIn', last.txmsgs, broker.messagesIn)
    compare('txmsg_bytes, BytesIn', last.txmsg_bytes, broker.bytesIn)
    compare('Produce requests', produceRequests(last), broker.produceRequests)
    compare('tx_bytes, proxy', last.tx_bytes, proxies.toBrokers)
    compare('rx_bytes, proxy', last.rx_bytes, proxies.fromBrokers)
    const [only] = Object.values(last.brokers)
    expect(only).toMatchObject({ state: 'UP', waitresp_cnt: 0, outbuf_cnt: 0 })
    // Two connections at the first cut, and at the restart the one that records go over.
    expect(only?.disconnects).toBeGreaterThanOrEqual(3)
  })

  it('agree with the request log of the embedded broker under the same load', async () => {
    const topics = Object.fromEntries(
      Object.entries(TOPICS).map(([topic, partitions]) => [topic, { partitions }]),
    )
    const cluster = await TestCluster.start({ topics, requestLogSize: 100_000 })
    closers.push(() => cluster.close())
    const proxies = await CountingProxies.start(cluster.bootstrap)
    closers.push(() => proxies.close())
    const measured = new MeasuredProducer({
      ...{ bootstrap: cluster.bootstrap, proxies, producer: { lingerMs: 1 } },
    })
    closers.push(() => measured.producer.close())

    const delivered = await push(measured, 900)
    const last = await measured.close()
    await proxies.drained()

    const received = Map.groupBy(cluster.requests, ({ api }) => api)
    const counts = Array.from(received, ([api, requests]) => [api, requests.length])
    expect(Object.values(last.brokers).map(({ req }) => req)).toEqual([Object.fromEntries(counts)])
    expect(last).toMatchObject({
      ...{ tx: cluster.requests.length, rx: cluster.requests.length, txmsgs: delivered },
      ...{ tx_bytes: proxies.toBrokers, rx_bytes: proxies.fromBrokers },
    })
  })

  it('are those of all workers, as metrics and as JSON, and agree with the broker', async () => {
    const { cluster, counters } = await startKafka()
    const kprf = await startKprf(cluster.bootstrap, {
      ...{ workers: 2, 'kafka.statistics_interval_ms': 1_000, 'kafka.queue_buffering_max_ms': 1 },
    })
    closers.push(() => kprf.destroy())
    await kprf.logged('Kafka is reachable')
    const pushAll = async (): Promise<void> => {
      for (let index = 0; index < 250; index += 1) {
        const records = wave(index).map(({ topic, value, partition }) => ({
          ...{ topic, data: String(value), partition: partition ?? 0 },
        }))
        const { status } = await kprf.push({ records, wait_for_send: true })
        expect(status).toBe(200)
      }
    }

    await Promise.all([pushAll(), pushAll(), pushAll(), pushAll()])

    const sent = 4 * (250 * 15 + 50)
    const total = 'kafka_producer_total_messages_sent'
    await expect.poll(async () => (await kprf.metrics()).sum(total)).toBe(sent)
    const metrics = await kprf.metrics()
    const { status, text } = await kprf.stats()
    const broker = await counters()
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({
      ...{ name: 'kprf#producers', txmsgs: sent, msg_cnt: 0 },
      tx_bytes: metrics.sum('kafka_producer_total_bytes_sent'),
    })
    compare('total_messages_sent, end offsets', sent, await storedCount(cluster))
    compare(
      'total_messages_bytes_sent, BytesIn',
      metrics.sum('kafka_producer_total_messages_bytes_sent'),
      broker.bytesIn,
    )
  })
})
