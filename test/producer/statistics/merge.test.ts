import { describe, expect, it } from 'vitest'
import { mergeStatistics, mergeTotals, NO_TOTALS } from '../../../src/producer/statistics/merge.ts'
import type {
  BrokerData,
  PartitionData,
  StatisticsData,
} from '../../../src/producer/statistics/statistics-data.ts'
import { EMPTY_WINDOW, summarize, Window } from '../../../src/producer/statistics/window.ts'

const NAME = 'a:9092/1'

const windowOf = (...values: number[]) => {
  const window = new Window()
  for (const value of values) window.observe(value)
  return window.take()
}

function broker(overrides: Partial<BrokerData> = {}): BrokerData {
  return {
    ...{ name: NAME, nodeid: 1, nodename: 'a:9092', source: 'configured' },
    ...{ state: 'UP', stateage: 5, txidle: 100, rxidle: -1, req: { Produce: 1, Metadata: 2 } },
    ...{ outbuf_cnt: 1, outbuf_msg_cnt: 2, waitresp_cnt: 3, waitresp_msg_cnt: 4, tx: 5 },
    ...{ txbytes: 6, txerrs: 7, txretries: 8, req_timeouts: 9, rx: 10, rxbytes: 11, rxerrs: 12 },
    ...{ rxcorriderrs: 13, connects: 14, disconnects: 15 },
    ...{ int_latency: windowOf(1), outbuf_latency: windowOf(2), rtt: windowOf(3, 5) },
    ...{ throttle: EMPTY_WINDOW, toppars: { 't-0': { topic: 't', partition: 0 } } },
    ...overrides,
  }
}

function partition(overrides: Partial<PartitionData> = {}): PartitionData {
  return {
    ...{ partition: 0, leader: 1, msgq_cnt: 1, msgq_bytes: 2, xmit_msgq_cnt: 3 },
    ...{ xmit_msgq_bytes: 4, msgs_inflight: 5, txmsgs: 6, txbytes: 7, msgs: 8 },
    ...overrides,
  }
}

function statistics(overrides: Partial<StatisticsData> = {}): StatisticsData {
  const topic = { topic: 't', age: 100, metadata_age: 50, batchsize: windowOf(9) }
  return {
    ...{ name: 'kprf#producer-1', client_id: 'kprf', type: 'producer', replyq: 0 },
    ...{ ts: 10, time: 1, age: 10, msg_cnt: 1, msg_size: 2, msg_max: 100, msg_size_max: 1000 },
    ...{ tx: 1, tx_bytes: 2, rx: 3, rx_bytes: 4, txmsgs: 5, txmsg_bytes: 6 },
    ...{ metadata_cache_cnt: 1, brokers: { [NAME]: broker() } },
    topics: { t: { ...topic, batchcnt: windowOf(1), partitions: { 0: partition() } } },
    ...overrides,
  }
}

const merge = (...parts: StatisticsData[]) => mergeStatistics(parts, NO_TOTALS)

/** The one broker of two workers that are alike but for this. */
const mergedBroker = (one: Partial<BrokerData>, other: Partial<BrokerData>) =>
  merge(
    statistics({ brokers: { [NAME]: broker(one) } }),
    statistics({ brokers: { [NAME]: broker(other) } }),
  )?.brokers[NAME]

describe('mergeStatistics', () => {
  it('adds counts and sizes; limits, ages and times are the largest', () => {
    const merged = merge(
      statistics(),
      statistics({ ts: 20, time: 2, age: 5, msg_cnt: 10, metadata_cache_cnt: 4 }),
    )

    expect(merged).toMatchObject({
      ...{ name: 'kprf#producers', client_id: 'kprf', type: 'producer', replyq: 0 },
      ...{ ts: 20, time: 2, age: 10, msg_cnt: 11, msg_size: 4, msg_max: 100, msg_size_max: 1000 },
      ...{ tx: 2, tx_bytes: 4, rx: 6, rx_bytes: 8, txmsgs: 10, txmsg_bytes: 12 },
      metadata_cache_cnt: 4,
    })
    expect(merged?.eos).toBeUndefined()
  })

  it('adds the totals of workers that are gone', () => {
    const past = mergeTotals([NO_TOTALS, statistics(), statistics()])

    expect(mergeStatistics([statistics()], past)).toMatchObject({
      ...{ tx: 3, tx_bytes: 6, rx: 9, rx_bytes: 12, txmsgs: 15, txmsg_bytes: 18, msg_cnt: 1 },
    })
  })

  it('adds what is counted of a broker, request by request', () => {
    expect(mergedBroker({}, { req: { Produce: 4 } })).toMatchObject({
      ...{ outbuf_cnt: 2, outbuf_msg_cnt: 4, waitresp_cnt: 6, waitresp_msg_cnt: 8, tx: 10 },
      ...{ txbytes: 12, txerrs: 14, txretries: 16, req_timeouts: 18, rx: 20, rxbytes: 22 },
      ...{ rxerrs: 24, rxcorriderrs: 26, connects: 28, disconnects: 30 },
      req: { Produce: 5, Metadata: 2 },
    })
  })

  it('takes the best state, with the longest age of those in it', () => {
    const merged = mergedBroker({ state: 'DOWN', stateage: 99 }, { state: 'UP', stateage: 7 })
    expect(merged).toMatchObject({ state: 'UP', stateage: 7 })

    const alike = mergedBroker({ state: 'UP', stateage: 9 }, { state: 'UP', stateage: 7 })
    expect(alike?.stateage).toBe(9)
  })

  it('takes the shortest idle time of those that ever were busy', () => {
    expect(mergedBroker({ txidle: 30, rxidle: -1 }, { txidle: -1, rxidle: -1 })).toMatchObject({
      ...{ txidle: 30, rxidle: -1 },
    })
    expect(mergedBroker({ txidle: 30 }, { txidle: 20 })?.txidle).toBe(20)
  })

  it('adds windows value by value', () => {
    const merged = mergedBroker({}, { rtt: windowOf(1, 100) })

    expect(merged?.rtt && summarize(merged.rtt)).toEqual(summarize(windowOf(3, 5, 1, 100)))
  })

  it('keeps brokers, topics and partitions that only one worker knows', () => {
    const other = broker({ name: 'b:9092/2', toppars: {} })
    const [topic] = Object.values(statistics().topics)
    if (!topic) throw new Error('there is one')
    const merged = merge(
      statistics(),
      statistics({
        brokers: { 'b:9092/2': other },
        topics: {
          t: { ...topic, age: 300, metadata_age: 10, partitions: { 1: partition() } },
          u: { ...topic, topic: 'u' },
        },
      }),
    )

    expect(Object.keys(merged?.brokers ?? {})).toEqual([NAME, 'b:9092/2'])
    expect(Object.keys(merged?.topics ?? {})).toEqual(['t', 'u'])
    expect(merged?.topics['t']).toMatchObject({ age: 300, metadata_age: 50 })
    expect(Object.keys(merged?.topics['t']?.partitions ?? {})).toEqual(['0', '1'])
  })

  it('adds what is counted of a partition; its leader is the first that is known', () => {
    const [topic] = Object.values(statistics().topics)
    if (!topic) throw new Error('there is one')
    const leaderless = { t: { ...topic, partitions: { 0: partition({ leader: -1 }) } } }

    expect(merge(statistics({ topics: leaderless }), statistics())?.topics).toMatchObject({
      t: {
        partitions: {
          0: {
            ...{ leader: 1, msgq_cnt: 2, msgq_bytes: 4, xmit_msgq_cnt: 6, xmit_msgq_bytes: 8 },
            ...{ msgs_inflight: 10, txmsgs: 12, txbytes: 14, msgs: 16 },
          },
        },
      },
    })
  })

  it('shows that a worker has no identity, if one has none', () => {
    const eos = { idemp_stateage: 1, producer_id: 7, producer_epoch: 0, epoch_cnt: 2 }
    const lacking = { ...eos, idemp_state: 'RequestPID', producer_id: -1 } as const

    expect(
      merge(statistics({ eos: { ...eos, idemp_state: 'Assigned' } }), statistics({ eos: lacking }))
        ?.eos,
    ).toEqual({ ...lacking, epoch_cnt: 4 })
  })

  it('keeps a topic that is named like a property of all objects', () => {
    const [topic] = Object.values(statistics().topics)
    const topics = Object.fromEntries(topic ? [['__proto__', topic]] : [])

    const merged = merge(statistics({ topics }), statistics({ topics: structuredClone(topics) }))

    expect(Object.keys(merged?.topics ?? {})).toEqual(['__proto__'])
  })

  it('is undefined without workers', () => {
    expect(merge()).toBeUndefined()
  })
})
