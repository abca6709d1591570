/** Rows P3, P4, P8 and P10: a broker dies or hangs while it has a request. */
import { describe, expect } from 'vitest'
import { fault } from '@kprf/embedded-broker/testing'
import { balanced } from './support/figures.ts'
import { SkippableClock } from './support/skippable-clock.ts'
import { failure, it, OK, record } from './support/fault-test.ts'

const DELIVERED_ONCE = {
  kafka_sent_messages: 1,
  kafka_internal_queue_size: 0,
  kafka_errors_count: {},
  http_requests_duration: { 'push/sync 200': 1 },
}

describe('a broker that dies with a request', () => {
  it('P3 killed before storing: 200, and the record is there once', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup()
    const held = cluster.control('Produce', fault.hang())

    const pushed = proxy.push(record('a'))
    await held.applied
    await cluster.stopBroker(1)
    await cluster.startBroker(1)

    expect(await pushed).toMatchObject(OK)
    await proxy.logged({ msg: 'batch will be sent again', error_code: -195 })
    expect(await proxy.figures()).toEqual(DELIVERED_ONCE)
    expect(
      await proxy.signs(
        'kprf_produce_retries_total',
        'kprf_possible_duplicates_total',
        'kprf_kafka_connections_lost_total',
      ),
    ).toEqual({
      'kprf_produce_retries_total{reason="broker_transport_failure"}': 1,
      kprf_possible_duplicates_total: 1,
      'kprf_kafka_connections_lost_total{reason="closed"}': expect.any(Number),
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })

  it('P3 connection cut before storing: 200, and the record is there once', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Produce', fault.cutBefore())

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    await proxy.logged({ msg: 'batch will be sent again', error_code: -195 })
    expect(await proxy.figures()).toEqual(DELIVERED_ONCE)
    expect(
      await proxy.signs(
        'kprf_produce_retries_total',
        'kprf_possible_duplicates_total',
        'kprf_kafka_connections_lost_total',
      ),
    ).toEqual({
      'kprf_produce_retries_total{reason="broker_transport_failure"}': 1,
      kprf_possible_duplicates_total: 1,
      'kprf_kafka_connections_lost_total{reason="closed"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })

  it('P4 killed after storing: 200, and the record is there at most twice', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup()
    const held = cluster.control('Produce', fault.hangAfterHandling())

    const pushed = proxy.push(record('a'))
    await held.applied
    await cluster.stopBroker(1)
    await cluster.startBroker(1)

    expect(await pushed).toMatchObject(OK)
    await proxy.logged({ msg: 'batch will be sent again', error_code: -195 })
    expect(await proxy.figures()).toEqual(DELIVERED_ONCE)
    expect(
      await proxy.signs(
        'kprf_produce_retries_total',
        'kprf_possible_duplicates_total',
        'kprf_kafka_connections_lost_total',
      ),
    ).toEqual({
      'kprf_produce_retries_total{reason="broker_transport_failure"}': 1,
      kprf_possible_duplicates_total: 1,
      'kprf_kafka_connections_lost_total{reason="closed"}': expect.any(Number),
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, doubled: ['a'] }))
  })

  it('P4 stored before the connection broke: 200, and the record is there at most twice', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Produce', fault.cutAfter())

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    await proxy.logged({ msg: 'batch will be sent again', error_code: -195 })
    expect(await proxy.figures()).toEqual(DELIVERED_ONCE)
    expect(
      await proxy.signs(
        'kprf_produce_retries_total',
        'kprf_possible_duplicates_total',
        'kprf_kafka_connections_lost_total',
      ),
    ).toEqual({
      'kprf_produce_retries_total{reason="broker_transport_failure"}': 1,
      kprf_possible_duplicates_total: 1,
      'kprf_kafka_connections_lost_total{reason="closed"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, doubled: ['a'] }))
  })

  it('P4 stored and cut at every attempt: 504, because the record may be there', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, { 'kafka.retries': 1 })
    cluster.control('Produce', fault.cutAfter(), { keep: true })

    expect(await proxy.push(record('a'))).toMatchObject(failure(504, 50401, -195))
    await proxy.logged({ msg: 'records not delivered', outcome: 'unknown' })
    expect(await proxy.figures()).toEqual({
      kafka_sent_messages: 0,
      kafka_internal_queue_size: 0,
      kafka_errors_count: { '-195': 1 },
      http_requests_duration: { 'push/sync 504': 1 },
    })
    expect(
      await proxy.signs(
        'kprf_produce_errors_total',
        'kprf_records_failed_total',
        'kprf_kafka_connections_lost_total',
      ),
    ).toEqual({
      'kprf_produce_errors_total{reason="broker_transport_failure"}': 2,
      'kprf_records_failed_total{reason="delivery_timed_out"}': 1,
      'kprf_kafka_connections_lost_total{reason="closed"}': 2,
    })
    expect(await proxy.balance()).toEqual(balanced({ failed: 1, doubled: ['a'] }))
  })
})

describe('a broker that never answers', () => {
  it('P8 black hole: 504 in time, and the next push succeeds on a new connection', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, { 'kafka.message_timeout_ms': 500 })
    const held = cluster.control('Produce', fault.hang())

    const pushed = proxy.push(record('a'))
    const { connectionId } = await held.applied
    const next = cluster.nextRequest('Produce')
    const reply = await pushed

    expect(reply).toMatchObject(failure(504, 50401, -192))
    expect(await proxy.push(record('b'))).toMatchObject(OK)
    expect((await next).connectionId).not.toBe(connectionId)
    await proxy.logged({
      msg: 'records not delivered',
      error_code: -192,
      outcome: 'unknown',
    })
    expect(await proxy.figures()).toEqual({
      kafka_sent_messages: 1,
      kafka_internal_queue_size: 0,
      kafka_errors_count: { '-192': 1 },
      http_requests_duration: { 'push/sync 504': 1, 'push/sync 200': 1 },
    })
    expect(
      await proxy.signs(
        'kprf_produce_errors_total',
        'kprf_records_failed_total',
        'kprf_kafka_connections_lost_total',
      ),
    ).toEqual({
      'kprf_produce_errors_total{reason="operation_timed_out"}': 1,
      'kprf_records_failed_total{reason="delivery_timed_out"}': 1,
      'kprf_kafka_connections_lost_total{reason="timeout"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: 1 }))
  })

  it('P8 black hole, and the partition is given to another broker: 200 from that one, long before the message timeout', async ({
    lab,
  }) => {
    const clock = new SkippableClock()
    const settings = { 'kafka.message_timeout_ms': 3_600_000 }
    const { cluster, proxy } = await lab.setup({ brokers: 3 }, settings, clock)
    const held = cluster.control('Produce', fault.hang(), { brokerId: 1, keep: true })

    const pushed = proxy.push(record('a'))
    await held.applied
    cluster.moveLeader('t', 0, 2)
    clock.skip(3_000)

    expect(await pushed).toMatchObject(OK)
    await proxy.logged({ msg: 'batch will be sent again', error_code: -195 })
    expect(await proxy.figures()).toEqual(DELIVERED_ONCE)
    expect(
      await proxy.signs('kprf_produce_retries_total', 'kprf_kafka_connections_lost_total'),
    ).toEqual({
      'kprf_produce_retries_total{reason="broker_transport_failure"}': 1,
      'kprf_kafka_connections_lost_total{reason="timeout"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })

  it('P8 metadata never answered by one broker: another is asked, 200', async ({ lab }) => {
    const clock = new SkippableClock()
    const settings = { 'kafka.message_timeout_ms': 60_000 }
    const { cluster, proxy } = await lab.setup({ brokers: 3 }, settings, clock)
    const held = cluster.control('Metadata', fault.hang())

    const pushed = proxy.push(record('a'))
    await held.applied
    clock.skip(1_000)

    expect(await pushed).toMatchObject(OK)
    await proxy.logged({ msg: 'connection to a broker failed', reason: 'no answer within 1000 ms' })
    expect(await proxy.figures()).toEqual(DELIVERED_ONCE)
    expect(await proxy.signs('kprf_kafka_connections_lost_total')).toEqual({
      'kprf_kafka_connections_lost_total{reason="timeout"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })
})

describe('a connection that breaks within an answer', () => {
  it('P10 reset before storing: 200, and the record is there once', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Produce', fault.cutBefore({ withReset: true }))

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    await proxy.logged({ msg: 'batch will be sent again', error_code: -195 })
    expect(await proxy.figures()).toEqual(DELIVERED_ONCE)
    expect(
      await proxy.signs(
        'kprf_produce_retries_total',
        'kprf_possible_duplicates_total',
        'kprf_kafka_connections_lost_total',
      ),
    ).toEqual({
      'kprf_produce_retries_total{reason="broker_transport_failure"}': 1,
      kprf_possible_duplicates_total: 1,
      'kprf_kafka_connections_lost_total{reason="reset"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })

  it.for([
    ['reset after storing', fault.cutAfter({ withReset: true })],
    ['cut within the length of the answer', fault.cutWithin(2)],
    ['cut within the answer', fault.cutWithin(9)],
  ] as const)('P10 %s: 200, and the record is there at most twice', async ([, cut], { lab }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Produce', cut)

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    await proxy.logged({ msg: 'batch will be sent again', error_code: -195 })
    expect(await proxy.figures()).toEqual(DELIVERED_ONCE)
    expect(
      await proxy.signs('kprf_produce_retries_total', 'kprf_possible_duplicates_total'),
    ).toEqual({
      'kprf_produce_retries_total{reason="broker_transport_failure"}': 1,
      kprf_possible_duplicates_total: 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, doubled: ['a'] }))
  })

  it('P10 answers that come byte by byte: 200, and the record is there once', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Metadata', fault.slice(1))
    cluster.control('Produce', fault.slice(1))

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    expect(await proxy.figures()).toEqual(DELIVERED_ONCE)
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })
})
