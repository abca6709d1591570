import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { MergedMetrics } from '../../../src/telemetry/metrics/merged-metrics.ts'
import { Metrics } from '../../../src/telemetry/metrics/metrics.ts'
import { type MetricsSnapshot, takeSnapshot } from '../../../src/telemetry/metrics/snapshot.ts'
import {
  StatisticsMetrics,
  type StatisticsFigures,
} from '../../../src/telemetry/metrics/statistics-metrics.ts'
import { MAX_TOPIC_LABELS, TopicLabels } from '../../../src/telemetry/metrics/topic-labels.ts'
import { IDLE_STATE } from './idle-state.ts'
import { parseExposition, valueOf, type Exposition } from './parse-exposition.ts'

const BROKER = 'kafka-1:9092/1'

const STATISTICS: StatisticsFigures = {
  ...{ replyq: 0, msg_cnt: 11, msg_size: 12, metadata_cache_cnt: 3 },
  ...{ tx: 21, tx_bytes: 22, rx: 23, rx_bytes: 24, txmsgs: 25, txmsg_bytes: 26 },
  brokers: {
    [BROKER]: {
      ...{ state: 'UP', stateage: 31, outbuf_cnt: 32, outbuf_msg_cnt: 33 },
      ...{ waitresp_cnt: 34, waitresp_msg_cnt: 35, tx: 36, txbytes: 37, txerrs: 38 },
      ...{ txretries: 39, req_timeouts: 40, rx: 41, rxbytes: 42, rxerrs: 43 },
    },
  },
  topics: {
    orders: { metadata_age: 51, batchsize: { sum: 520, cnt: 10 }, batchcnt: { sum: 53, cnt: 10 } },
  },
}

/** Name without its prefix, type, value, labels. */
const EXPECTED: readonly (readonly [string, string, number, Readonly<Record<string, string>>])[] = [
  ['reply_queue_size', 'gauge', 0, {}],
  ['current_messages_in_queue', 'gauge', 11, {}],
  ['current_messages_in_queue_bytes', 'gauge', 12, {}],
  ['metadata_cache_topics_count', 'gauge', 3, {}],
  ['total_requests_count', 'counter', 21, {}],
  ['total_bytes_sent', 'counter', 22, {}],
  ['total_responses_received', 'counter', 23, {}],
  ['total_bytes_received', 'counter', 24, {}],
  ['total_messages_sent', 'counter', 25, {}],
  ['total_messages_bytes_sent', 'counter', 26, {}],
  ['broker_state', 'gauge', 6, { broker: BROKER }],
  ['broker_state_age', 'gauge', 31, { broker: BROKER }],
  ['broker_outbuf_count', 'gauge', 32, { broker: BROKER }],
  ['broker_outbuf_msg_count', 'gauge', 33, { broker: BROKER }],
  ['broker_waitresp_count', 'gauge', 34, { broker: BROKER }],
  ['broker_waitresp_msg_count', 'gauge', 35, { broker: BROKER }],
  ['broker_requests_sent', 'counter', 36, { broker: BROKER }],
  ['broker_requests_sent_bytes', 'counter', 37, { broker: BROKER }],
  ['broker_transmission_errors', 'counter', 38, { broker: BROKER }],
  ['broker_request_retries', 'counter', 39, { broker: BROKER }],
  ['request_timeouts', 'counter', 40, { broker: BROKER }],
  ['broker_responses_count', 'counter', 41, { broker: BROKER }],
  ['broker_bytes_received', 'counter', 42, { broker: BROKER }],
  ['broker_errors_count', 'counter', 43, { broker: BROKER }],
  ['topic_metadata_age', 'gauge', 51, { topic: 'orders' }],
  ['topic_batchsize_avg', 'gauge', 52, { topic: 'orders' }],
  ['topic_batchcount_avg', 'gauge', 5.3, { topic: 'orders' }],
]

function makeMetrics(statistics: StatisticsFigures): { registry: Registry; labels: TopicLabels } {
  const registry = new Registry()
  const labels = new TopicLabels(['orders'])
  new StatisticsMetrics({ registry, labels, read: () => statistics })
  return { registry, labels }
}

const scrape = async (registry: Registry): Promise<Exposition> =>
  parseExposition(await registry.metrics())

describe('StatisticsMetrics', () => {
  test.each(EXPECTED)('export kafka_producer_%s as a %s', async (name, type, value, labels) => {
    const exposition = await scrape(makeMetrics(STATISTICS).registry)

    expect(exposition.types.get(`kafka_producer_${name}`)).toBe(type)
    expect(valueOf(exposition, `kafka_producer_${name}`, labels)).toBe(value)
  })

  test('are these and no others', async () => {
    const { types } = await scrape(makeMetrics(STATISTICS).registry)

    expect([...types.keys()].toSorted()).toEqual(
      EXPECTED.map(([name]) => `kafka_producer_${name}`).toSorted(),
    )
  })

  test('export totals as they are, scrape after scrape', async () => {
    let statistics = STATISTICS
    const registry = new Registry()
    new StatisticsMetrics({ registry, labels: new TopicLabels(), read: () => statistics })
    await registry.metrics()
    await registry.metrics()
    const before = await scrape(registry)
    statistics = { ...STATISTICS, tx_bytes: 122 }

    const after = await scrape(registry)

    expect(valueOf(before, 'kafka_producer_total_bytes_sent')).toBe(22)
    expect(valueOf(before, 'kafka_producer_broker_requests_sent', { broker: BROKER })).toBe(36)
    expect(valueOf(after, 'kafka_producer_total_bytes_sent')).toBe(122)
  })

  test.each([
    ['INIT', 0],
    ['DOWN', 1],
    ['CONNECT', 2],
    ['AUTH', 3],
    ['APIVERSION_QUERY', 4],
    ['AUTH_HANDSHAKE', 5],
    ['UP', 6],
    ['UPDATE', 7],
    ['SOMETHING_ELSE', 1],
  ])('number the state %s as %i', async (state, number) => {
    const [broker] = Object.values(STATISTICS.brokers)
    const brokers = broker ? { [BROKER]: { ...broker, state } } : {}

    const exposition = await scrape(makeMetrics({ ...STATISTICS, brokers }).registry)

    expect(valueOf(exposition, 'kafka_producer_broker_state', { broker: BROKER })).toBe(number)
  })

  test('have no series of a broker that is forgotten', async () => {
    const statistics = { current: STATISTICS }
    const registry = new Registry()
    const read = (): StatisticsFigures => statistics.current
    new StatisticsMetrics({ registry, labels: new TopicLabels(), read })
    await registry.metrics()
    statistics.current = { ...STATISTICS, brokers: {} }

    const { samples } = await scrape(registry)

    expect(samples.filter(({ labels }) => labels['broker'] !== undefined)).toEqual([])
  })

  test('put all topics beyond the bound under one label', async () => {
    const topic = (metadata_age: number, sum: number) => ({
      metadata_age,
      batchsize: { sum, cnt: 1 },
      batchcnt: { sum: 0, cnt: 0 },
    })
    const topics = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`t${index}`, topic(index, index < 499 ? 10 : 40)]),
    )
    const { registry, labels } = makeMetrics({ ...STATISTICS, topics })
    for (const name of Object.keys(topics).slice(0, -2)) labels.delivered(name, 0)

    const exposition = await scrape(registry)

    const series = exposition.samples.filter(
      ({ name }) => name === 'kafka_producer_topic_batchsize_avg',
    )
    const averages = series.map(({ labels: { topic: label }, value }) => [label, value])
    expect(series.length).toBeLessThanOrEqual(MAX_TOPIC_LABELS + 1)
    expect(averages).toContainEqual(['t0', 10])
    const others = 500 - (MAX_TOPIC_LABELS - 1)
    const average = ((others - 1) * 10 + 40) / others
    expect(averages).toContainEqual(['other', average])
    const age = valueOf(exposition, 'kafka_producer_topic_metadata_age', { topic: 'other' })
    expect(age).toBe(499)
    expect(valueOf(exposition, 'kafka_producer_topic_batchcount_avg', { topic: 't0' })).toBe(0)
  })

  test('are there only where statistics are kept', async () => {
    const metrics = new Metrics({
      ...{ version: '1', commitHash: 'a', bufferedRecords: () => [], state: () => IDLE_STATE },
    })

    expect(await metrics.exposition()).not.toContain('kafka_producer_')
  })

  test('of several workers are added, or the highest; counts of one that is gone stay', async () => {
    const snapshot = async (factor: number, state: string): Promise<MetricsSnapshot> => {
      const [broker] = Object.values(STATISTICS.brokers)
      if (!broker) throw new Error('there is one')
      const scaled = { ...broker, state, stateage: 100 * factor, tx: 10 * factor }
      const { registry } = makeMetrics({
        ...{ ...STATISTICS, msg_cnt: factor, tx_bytes: factor, metadata_cache_cnt: factor },
        brokers: { [BROKER]: scaled },
      })
      return await takeSnapshot(registry)
    }
    const merged = new MergedMetrics()
    merged.keep(await snapshot(4, 'UP'))

    const exposition = parseExposition(
      merged.merge([await snapshot(1, 'UP'), await snapshot(2, 'DOWN')]),
    )

    const broker = { broker: BROKER }
    expect(valueOf(exposition, 'kafka_producer_current_messages_in_queue')).toBe(3)
    expect(valueOf(exposition, 'kafka_producer_total_bytes_sent')).toBe(7)
    expect(valueOf(exposition, 'kafka_producer_broker_requests_sent', broker)).toBe(70)
    expect(valueOf(exposition, 'kafka_producer_metadata_cache_topics_count')).toBe(2)
    expect(valueOf(exposition, 'kafka_producer_broker_state', broker)).toBe(6)
    expect(valueOf(exposition, 'kafka_producer_broker_state_age', broker)).toBe(200)
  })
})
