/** Rows P5, P6, P7, P17 and P24: leaders move or are missing, metadata is stale, one broker is dead. */
import { describe, expect } from 'vitest'
import { type TestCluster, fault } from '@kprf/embedded-broker/testing'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { failure, it, OK, record } from './support/fault-test.ts'
import { balanced } from './support/figures.ts'
import { SkippableClock } from './support/skippable-clock.ts'

const THREE = { brokers: 3 } as const
/** A message timeout that ends when the test says so. */
const HOUR_MS = 3_600_000
const HOUR = { 'kafka.message_timeout_ms': HOUR_MS }

/** The partitions that Produce requests named, in the order they came. */
function producedPartitions({ requests }: TestCluster): (number | undefined)[] {
  return requests
    .filter(({ api }) => api === 'Produce')
    .flatMap(({ targets }) => targets.map(({ partition }) => partition))
}

describe('a leader that moves', () => {
  it('P5 to a broker that acknowledged another partition already: 200, each record is there once', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup(THREE)
    const latch = Promise.withResolvers<undefined>()
    const held = cluster.control('Produce', fault.delay(latch.promise), { partition: 0 })
    const others = Promise.all(
      [1, 2].map((partition) => proxy.push(record(`${partition}`, { partition }))),
    )

    const pushed = proxy.push(record('a'), record('b'), record('c', { partition: 1 }))
    await held.applied
    await others
    cluster.moveLeader('t', 0, 2)
    latch.resolve(undefined)

    expect(await pushed).toMatchObject(OK)
    expect(valuesOf(cluster, 't', 0)).toEqual(['a', 'b'])
    expect(valuesOf(cluster, 't', 1)).toEqual(['1', 'c'])
    await proxy.logged({ msg: 'batch will be sent again', error_code: 6, partition: 0 })
    expect(await proxy.figures()).toEqual({
      kafka_sent_messages: 5,
      kafka_internal_queue_size: 0,
      kafka_errors_count: {},
      http_requests_duration: { 'push/sync 200': 3 },
    })
    expect(await proxy.signs('kprf_produce_retries_total')).toEqual({
      'kprf_produce_retries_total{reason="not_leader_for_partition"}': expect.any(Number),
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 5 }))
  })

  it('P6 of records without a key: 200, and no record changes its partition', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup(THREE, { 'kafka.retries': 0 })
    cluster.control('Produce', fault.error(6), { times: 2 })

    const values = ['a', 'b', 'c', 'd']
    const reply = await proxy.push(...values.map((value) => record(value, {})))

    const partitions = producedPartitions(cluster)
    expect(reply).toMatchObject(OK)
    expect(partitions).toHaveLength(3)
    expect(new Set(partitions).size).toBe(1)
    expect(valuesOf(cluster, 't')).toEqual(values)
    await proxy.logged({ msg: 'batch will be sent again', error_code: 6 })
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 4, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_produce_retries_total')).toEqual({
      'kprf_produce_retries_total{reason="not_leader_for_partition"}': 8,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 4 }))
  })
})

describe('a partition without a leader', () => {
  it('P7 for a while: 200, and the waiting does not count as retries', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup({}, { 'kafka.retries': 0 })
    cluster.control('Produce', fault.error(5), { times: 3 })

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    await proxy.logged({ msg: 'batch will be sent again', error_code: 5 })
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 1, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_produce_retries_total')).toEqual({
      'kprf_produce_retries_total{reason="leader_not_available"}': 3,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })

  it('P7 until the message timeout: 503, and partitions with a leader are not held up', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, { 'kafka.message_timeout_ms': 500 })
    cluster.moveLeader('t', 0, -1)
    const answered: string[] = []

    const [leaderless, led] = await Promise.all([
      proxy.push(record('a')).finally(() => answered.push('a')),
      proxy.push(record('b', { partition: 1 })).finally(() => answered.push('b')),
    ])

    expect(leaderless).toMatchObject(failure(503, 50307, -192))
    expect(led).toMatchObject(OK)
    expect(answered).toEqual(['b', 'a'])
    await proxy.logged({ msg: 'records not delivered', error_code: -192, outcome: 'not_persisted' })
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 1,
      kafka_errors_count: { '-192': 1 },
    })
    expect(await proxy.signs('kprf_records_failed_total')).toEqual({
      'kprf_records_failed_total{reason="delivery_timed_out"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: 1 }))
  })

  it('P7 until it gets one: the record that waited is delivered', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup({}, { 'kafka.message_timeout_ms': 15_000 })
    cluster.moveLeader('t', 0, -1)

    const pushed = proxy.push(record('a'))
    await proxy.queued(1)
    await cluster.nextRequest('Metadata')
    cluster.moveLeader('t', 0, 1)

    expect(await pushed).toMatchObject(OK)
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 1, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_kafka_metadata_refresh_total')).toEqual({
      kprf_kafka_metadata_refresh_total: expect.any(Number),
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })
})

describe('stale metadata', () => {
  it('P17 partitions added: used after the next refresh, five minutes at most', async ({ lab }) => {
    const clock = new SkippableClock()
    const { cluster, proxy } = await lab.setup({}, {}, clock)
    await proxy.push(record('a'))
    cluster.addPartitions('t', 4)
    const refreshed = cluster.nextRequest('Metadata', ({ targets }) => targets.length > 0)

    const before = await proxy.push(record('b', { partition: 3 }))
    clock.skip(300_000)
    await refreshed
    await proxy.figures()

    expect(before).toMatchObject(failure(404, 40402, -190))
    expect(await proxy.push(record('c', { partition: 3 }))).toMatchObject(OK)
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 2,
      kafka_errors_count: { '-190': 1 },
    })
    expect(await proxy.signs('kprf_records_rejected_total')).toEqual({
      'kprf_records_rejected_total{reason="partition_unknown"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 2, rejected: 1 }))
  })

  it('P17 created again with fewer partitions: 200 where the partition was not asked for, 404 where it was', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({ topics: { t: { partitions: 50 } } })
    await proxy.push(record('a'))
    cluster.deleteTopic('t')
    cluster.createTopic('t', { partitions: 1 })

    const keyed = ['b', 'c', 'd'].map((data) => record(data, { key: data }))
    const reply = await proxy.push(...keyed, record('e', { partition: 7 }))

    expect(reply).toMatchObject(failure(404, 40402, 0, 0, 0, -190))
    expect(valuesOf(cluster, 't').toSorted()).toEqual(['b', 'c', 'd'])
    await proxy.logged({ msg: 'records not delivered', error_code: -190, records: 1 })
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 4,
      kafka_errors_count: { '-190': 1 },
    })
    expect(await proxy.signs('kprf_records_failed_total')).toEqual({
      'kprf_records_failed_total{reason="partition_unknown"}': 1,
    })
  })

  it('P17 a leader that is none: the right one is asked for, 200', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup(THREE)
    cluster.control('Metadata', fault.metadataLie({ topic: 't', partition: 0, leaderId: 2 }))

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    await proxy.logged({ msg: 'batch will be sent again', error_code: 6 })
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 1, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_produce_retries_total')).toEqual({
      'kprf_produce_retries_total{reason="not_leader_for_partition"}': expect.any(Number),
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })

  it('P17 a leader that no metadata names as a broker: asked for again, 200', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup(THREE)
    cluster.control('Metadata', fault.metadataLie({ topic: 't', partition: 0, leaderId: 9 }))

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 1, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_kafka_metadata_refresh_total')).toEqual({
      kprf_kafka_metadata_refresh_total: expect.any(Number),
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })

  it('P17 brokers restarted one after another: 200 throughout', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup(THREE, { 'kafka.message_timeout_ms': 15_000 })
    await proxy.push(record('a'))
    await cluster.stopBroker(1)
    await proxy.push(record('b'))
    await cluster.stopBroker(2)
    await cluster.startBroker(1)
    await proxy.push(record('c'))
    await cluster.stopBroker(3)
    await cluster.startBroker(2)

    expect(await proxy.push(record('d'))).toMatchObject(OK)
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 4, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_kafka_metadata_refresh_total')).toEqual({
      kprf_kafka_metadata_refresh_total: expect.any(Number),
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 4 }))
  })
})

describe('one dead broker of three', () => {
  it('P24 hung: pushes to partitions of the others are answered while its own still wait', async ({
    lab,
  }) => {
    const clock = new SkippableClock()
    const { cluster, proxy } = await lab.setup(THREE, HOUR, clock)
    await proxy.push(record('warm', { partition: 1 }))
    const hung = cluster.control('Produce', fault.hang(), { brokerId: 1, keep: true })
    cluster.control('Metadata', fault.hang(), { brokerId: 1, keep: true })
    let isAnswered = false
    const stuck = proxy.push(record('a')).finally(() => (isAnswered = true))
    await hung.applied

    const others = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        proxy.push(record(`${index}`, { partition: 1 + (index % 2), key: `${index}` })),
      ),
    )
    const wasAnswered = isAnswered
    clock.skip(HOUR_MS)

    expect(others.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    expect(wasAnswered).toBe(false)
    expect(await stuck).toMatchObject(failure(504, 50401, -192))
    await proxy.logged({ msg: 'records not delivered', error_code: -192, partition: 0 })
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 21,
      kafka_errors_count: { '-192': 1 },
    })
    expect(await proxy.signs('kprf_produce_errors_total', 'kprf_records_failed_total')).toEqual({
      'kprf_produce_errors_total{reason="operation_timed_out"}': 1,
      'kprf_records_failed_total{reason="delivery_timed_out"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 21, failed: 1 }))
  })

  it('P24 stopped: its partitions move, and every push is answered 200', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup(THREE, { 'kafka.message_timeout_ms': 15_000 })
    const keys = Array.from({ length: 30 }, (_, index) => `${index}`)
    const [early, late] = [keys.slice(0, 15), keys.slice(15)]
    await Promise.all(early.map((key) => proxy.push(record(key, { key }))))

    await cluster.stopBroker(1)
    const replies = await Promise.all(late.map((key) => proxy.push(record(key, { key }))))

    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 30, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_kafka_metadata_refresh_total')).toEqual({
      kprf_kafka_metadata_refresh_total: expect.any(Number),
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 30 }))
  })

  it('P24 stopped, its partitions without a leader: keyed pushes to the others are answered 200', async ({
    lab,
  }) => {
    const clock = new SkippableClock()
    const { cluster, proxy } = await lab.setup(THREE, HOUR, clock)
    await proxy.push(record('warm'))
    await cluster.stopBroker(1)
    cluster.moveLeader('t', 0, -1)
    let isAnswered = false
    const stuck = proxy.push(record('a')).finally(() => (isAnswered = true))

    const others = await Promise.all([
      proxy.push(record('b', { partition: 1 })),
      proxy.push(record('c', { partition: 2 })),
    ])
    const wasAnswered = isAnswered
    clock.skip(HOUR_MS)

    expect(others).toMatchObject([OK, OK])
    expect(wasAnswered).toBe(false)
    expect(await stuck).toMatchObject(failure(503, 50307, -192))
    await proxy.logged({ msg: 'records not delivered', error_code: -192, partition: 0 })
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 3,
      kafka_errors_count: { '-192': 1 },
    })
    expect(await proxy.signs('kprf_records_failed_total')).toEqual({
      'kprf_records_failed_total{reason="delivery_timed_out"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 3, failed: 1 }))
  })

  it('P24 hung, and it is the one asked for metadata: a topic used for the first time gets 200 all the same', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup(THREE)
    const [first] = cluster.requests.filter(({ api }) => api === 'Metadata')
    const brokerId = first?.brokerId ?? 0
    cluster.control('Produce', fault.hang(), { brokerId, keep: true })
    cluster.control('Metadata', fault.hang(), { brokerId, keep: true })

    const partition = [0, 1, 2].find((index) => cluster.leaderOf('t', index) !== brokerId) ?? 0

    expect(await proxy.push(record('a', { partition }))).toMatchObject(OK)
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })
})
