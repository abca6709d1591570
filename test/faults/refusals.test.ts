/** Rows P11, P12, P13, P15, P16, P18 and P20: brokers answer with errors. */
import { describe, expect } from 'vitest'
import { fault } from '@kprf/embedded-broker/testing'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { failure, it, OK, record } from './support/fault-test.ts'
import { balanced } from './support/figures.ts'

/** Far more than the second it should take, far less than the message timeout in these tests. */
const WELL_BEFORE_TIMEOUT_MS = 8_000
const PATIENT = { 'kafka.message_timeout_ms': 15_000 }
const IMPATIENT = { 'kafka.retries': 1 }

describe('a push of which part fails', () => {
  it('P11 one partition can be tried again: 200, and the other is not sent twice', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Produce', fault.error(19, { partition: 1 }), { partition: 1 })

    const reply = await proxy.push(record('a'), record('b', { partition: 1 }))

    const produced = cluster.requests.filter(({ api }) => api === 'Produce')
    expect(reply).toMatchObject(OK)
    expect(
      produced.flatMap(({ targets }) => targets.map(({ partition }) => partition)).sort(),
    ).toEqual([0, 1, 1])
    await proxy.logged({ msg: 'batch will be sent again', error_code: 19, partition: 1 })
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 2, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_produce_errors_total', 'kprf_produce_retries_total')).toEqual({
      'kprf_produce_errors_total{reason="not_enough_replicas"}': 1,
      'kprf_produce_retries_total{reason="not_enough_replicas"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 2 }))
  })

  it('P12 one partition fails for good: 502, each record told apart, offsets of the others', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Produce', fault.error(42, { partition: 1 }), { partition: 1 })

    const reply = await proxy.push(record('a'), record('b', { partition: 1 }))

    expect(reply).toMatchObject(failure(502, 50201, 0, 42))
    expect(reply.body.offsets).toMatchObject([{ topic: 't', partition: 0, offset: '0' }, null])
    await proxy.logged({ msg: 'records not delivered', error_code: 42, partition: 1, records: 1 })
    expect(await proxy.figures()).toEqual({
      kafka_sent_messages: 1,
      kafka_internal_queue_size: 0,
      kafka_errors_count: { '42': 1 },
      http_requests_duration: { 'push/sync 502': 1 },
    })
    expect(await proxy.signs('kprf_produce_errors_total', 'kprf_records_failed_total')).toEqual({
      'kprf_produce_errors_total{reason="invalid_request"}': 1,
      'kprf_records_failed_total{reason="broker_rejected"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: 1 }))
  })
})

describe('a push whose records end in different ways', () => {
  it('P12 one partition fails for good, one is in doubt, one arrives: 504, and outcomes tell them apart', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({ brokers: 2 }, IMPATIENT)
    for (const [partition, leader] of [1, 2, 1].entries())
      cluster.moveLeader('t', partition, leader)
    cluster.control('Produce', fault.error(42, { partition: 0 }), { partition: 0 })
    cluster.control('Produce', fault.cutAfter(), { partition: 1, keep: true })

    const records = [0, 1, 2].map((partition) => record(`r${partition}`, { partition }))
    const reply = await proxy.push(...records)

    expect(reply).toMatchObject({
      status: 504,
      body: {
        error_code: 50401,
        errors: [
          { status: 'error', error_code: 42, outcome: 'not_persisted' },
          { status: 'error', error_code: -195, outcome: 'unknown' },
          { status: 'ok', error: '' },
        ],
      },
    })
    expect(reply.body.message).toMatch(/^records\[1\]: /)
    await proxy.logged({ msg: 'records not delivered', error_code: -195 })
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 1,
      kafka_errors_count: { '42': 1, '-195': 1 },
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: 2, doubled: ['r1'] }))
  })

  it('P9 one waits until the message timeout, one finds the queue full: 503, and neither is in doubt', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup(
      {},
      {
        'kafka.message_timeout_ms': 500,
        'kafka.queue_buffering_max_messages': 1,
        'kafka.queue_full_wait_ms': 0,
      },
    )
    cluster.moveLeader('t', 0, -1)

    const reply = await proxy.push(record('waits'), record('too many', { partition: 1 }))

    expect(reply).toMatchObject(failure(503, 50307, -192, -184))
    expect(reply.retryAfter).toBe('1')
    expect(reply.body.errors).toMatchObject([
      { outcome: 'not_persisted' },
      { outcome: 'not_persisted' },
    ])
    await proxy.logged({ msg: 'records not delivered', error_code: -192, outcome: 'not_persisted' })
    expect(await proxy.figures()).toMatchObject({ kafka_errors_count: { '-192': 1, '-184': 1 } })
    expect(await proxy.balance()).toEqual(balanced({ failed: 1, rejected: 1 }))
  })
})

describe('records that are too large', () => {
  it('P13 for the topic: 413, and those that shared its batch are delivered', async ({ lab }) => {
    const topics = { t: { partitions: 1, maxMessageBytes: 2_000 } }
    const { proxy } = await lab.setup({ topics })

    const reply = await proxy.push(record('a'), record('x'.repeat(5_000)), record('c'))

    expect(reply).toMatchObject(failure(413, 41302, 0, 10, 0))
    await proxy.logged({ msg: 'records not delivered', error_code: 10, records: 1 })
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 2,
      kafka_errors_count: { '10': 1 },
    })
    expect(await proxy.signs('kprf_batch_splits_total', 'kprf_records_failed_total')).toEqual({
      kprf_batch_splits_total: expect.any(Number),
      'kprf_records_failed_total{reason="record_too_large"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 2, failed: 1 }))
  })

  it('P13 for kafka.message_max_bytes: 413 without asking a broker', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup({}, { 'kafka.message_max_bytes': 1_000 })

    expect(await proxy.push(record('x'.repeat(1_000)))).toMatchObject(failure(413, 41302, 10))
    expect(cluster.requests.filter(({ api }) => api === 'Produce')).toEqual([])
    expect(await proxy.figures()).toMatchObject({ kafka_errors_count: { '10': 1 } })
    expect(await proxy.signs('kprf_records_rejected_total')).toEqual({
      'kprf_records_rejected_total{reason="record_too_large"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ rejected: 1 }))
  })

  it('P13 batch larger than the segments of the broker: cut in two, 200', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Produce', fault.error(18))

    expect(await proxy.push(record('a'), record('b'), record('c'))).toMatchObject(OK)
    expect(valuesOf(cluster, 't', 0)).toEqual(['a', 'b', 'c'])
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 3, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_batch_splits_total', 'kprf_produce_errors_total')).toEqual({
      kprf_batch_splits_total: 1,
      'kprf_produce_errors_total{reason="message_batch_too_large"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 3 }))
  })
})

describe('topics that may not be written to', () => {
  it.for([
    ['but described', ['write']],
    ['nor described', ['write', 'describe']],
  ] as const)(
    'P15 not written to, %s: 403 within seconds, other topics are untouched, 200 once it is allowed',
    async ([, operations], { lab }) => {
      const topics = { t: { partitions: 3 }, forbidden: { partitions: 1 } }
      const { cluster, proxy } = await lab.setup({ topics }, PATIENT)
      cluster.setDenials([{ principal: '*', topic: 'forbidden', operations }])
      const startedMs = performance.now()

      const reply = await proxy.push(record('a', { topic: 'forbidden' }), record('b'))
      const tookMs = performance.now() - startedMs
      cluster.setDenials([])

      expect(reply).toMatchObject(failure(403, 40301, 29, 0))
      expect(tookMs).toBeLessThan(WELL_BEFORE_TIMEOUT_MS)
      expect(await proxy.push(record('c'))).toMatchObject(OK)
      await proxy.logged({ msg: 'records not delivered', error_code: 29, topic: 'forbidden' })
      expect(await proxy.figures()).toMatchObject({
        kafka_sent_messages: 2,
        kafka_errors_count: { '29': 1 },
      })
      expect(await proxy.signs('kprf_records_failed_total')).toEqual({
        'kprf_records_failed_total{reason="topic_forbidden"}': 1,
      })
      expect(await proxy.balance()).toEqual(balanced({ delivered: 2, failed: 1 }))
    },
  )

  it('P16 unknown: 404 within seconds, then at once; other topics are untouched', async ({
    lab,
  }) => {
    const { proxy } = await lab.setup({}, PATIENT)
    const startedMs = performance.now()

    const [unknown, known] = await Promise.all([
      proxy.push(record('a', { topic: 'nowhere' })),
      proxy.push(record('b')),
    ])
    const tookMs = performance.now() - startedMs
    const again = await proxy.push(record('c', { topic: 'nowhere' }))

    expect(unknown).toMatchObject(failure(404, 40401, 3))
    expect(tookMs).toBeLessThan(WELL_BEFORE_TIMEOUT_MS)
    expect(known).toMatchObject(OK)
    expect(again).toMatchObject(failure(404, 40401, -188))
    await proxy.logged({ msg: 'records not delivered', error_code: 3, topic: 'nowhere' })
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 1,
      kafka_errors_count: { '3': 1, '-188': 1 },
    })
    expect(await proxy.signs('kprf_records_failed_total', 'kprf_records_rejected_total')).toEqual({
      'kprf_records_failed_total{reason="topic_unknown"}': 1,
      'kprf_records_rejected_total{reason="topic_unknown"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: 1, rejected: 1 }))
  })

  it('P16 deleted: 404 within seconds, other topics are untouched, 200 once it is there again', async ({
    lab,
  }) => {
    const topics = { t: { partitions: 3 }, shortLived: { partitions: 1 } }
    const { cluster, proxy } = await lab.setup({ topics }, PATIENT)
    const before = await proxy.push(record('a', { topic: 'shortLived' }))
    cluster.deleteTopic('shortLived')
    const startedMs = performance.now()

    const reply = await proxy.push(record('b', { topic: 'shortLived' }), record('c'))
    const tookMs = performance.now() - startedMs

    expect(before).toMatchObject(OK)
    expect(reply).toMatchObject(failure(404, 40401, 3, 0))
    expect(tookMs).toBeLessThan(WELL_BEFORE_TIMEOUT_MS)
    await proxy.logged({ msg: 'records not delivered', error_code: 3, topic: 'shortLived' })
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 2,
      kafka_errors_count: { '3': 1 },
    })
    // The first record was deleted with its topic.
    expect(await proxy.signs('kprf_records_failed_total')).toEqual({
      'kprf_records_failed_total{reason="topic_unknown"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 2, failed: 1, lost: ['a'] }))
    cluster.createTopic('shortLived', { partitions: 1 })
    let attempts = 0
    const again = async (): Promise<number> => {
      const data = `again ${(attempts += 1)}`
      return (await proxy.push(record(data, { topic: 'shortLived' }))).status
    }
    await expect.poll(again).toBe(200)
  })
})

describe('replicas that are not in sync', () => {
  it('P18 for a moment, before storing: 200, and the record is there once', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Produce', fault.error(19))

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    await proxy.logged({ msg: 'batch will be sent again', error_code: 19 })
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 1, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_produce_retries_total')).toEqual({
      'kprf_produce_retries_total{reason="not_enough_replicas"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })

  it('P18 for a moment, after storing: 200, and the record is there at most twice', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Produce', fault.errorAfterStoring(20))

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    await proxy.logged({ msg: 'batch will be sent again', error_code: 20 })
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 1, kafka_errors_count: {} })
    expect(
      await proxy.signs('kprf_produce_retries_total', 'kprf_possible_duplicates_total'),
    ).toEqual({
      'kprf_produce_retries_total{reason="not_enough_replicas_after_append"}': 1,
      kprf_possible_duplicates_total: 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, doubled: ['a'] }))
  })

  it('P18 until the retries are used up, before storing: 503, and the record is not there', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, IMPATIENT)
    cluster.control('Produce', fault.error(19), { keep: true })

    const reply = await proxy.push(record('a'))

    expect(reply).toMatchObject(failure(503, 50301, 19))
    expect(reply.retryAfter).toBe('1')
    await proxy.logged({ msg: 'records not delivered', error_code: 19, outcome: 'not_persisted' })
    expect(await proxy.figures()).toMatchObject({ kafka_errors_count: { '19': 1 } })
    expect(await proxy.signs('kprf_produce_errors_total', 'kprf_records_failed_total')).toEqual({
      'kprf_produce_errors_total{reason="not_enough_replicas"}': 2,
      'kprf_records_failed_total{reason="broker_unavailable"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ failed: 1 }))
  })

  it('P18 until the retries are used up, after storing: 504, because the record may be there', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, IMPATIENT)
    cluster.control('Produce', fault.errorAfterStoring(20), { keep: true })

    expect(await proxy.push(record('a'))).toMatchObject(failure(504, 50401, 20))
    await proxy.logged({
      msg: 'records not delivered',
      error_code: 20,
      outcome: 'unknown',
    })
    expect(await proxy.figures()).toMatchObject({ kafka_errors_count: { '20': 1 } })
    expect(await proxy.signs('kprf_produce_errors_total', 'kprf_records_failed_total')).toEqual({
      'kprf_produce_errors_total{reason="not_enough_replicas_after_append"}': 2,
      'kprf_records_failed_total{reason="delivery_timed_out"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ failed: 1, doubled: ['a'] }))
  })
})

describe('a broker in trouble', () => {
  it('P20 UNKNOWN_SERVER_ERROR after storing: 504, because it does not say that nothing was stored', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Produce', fault.errorAfterStoring(-1))

    const reply = await proxy.push(record('a'))

    expect(reply).toMatchObject(failure(504, 50401, -1))
    expect(reply.body.errors).toMatchObject([{ outcome: 'unknown' }])
    await proxy.logged({
      msg: 'records not delivered',
      error_code: -1,
      outcome: 'unknown',
    })
    expect(await proxy.figures()).toMatchObject({ kafka_errors_count: { '-1': 1 } })
    expect(await proxy.signs('kprf_records_failed_total')).toEqual({
      'kprf_records_failed_total{reason="delivery_timed_out"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ failed: 1 }))
  })

  it('P20 an error that no Kafka has, after storing: 504, because it does not say that nothing was stored', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Produce', fault.errorAfterStoring(12_345))

    expect(await proxy.push(record('a'))).toMatchObject(failure(504, 50401, 12_345))
    await proxy.logged({ msg: 'records not delivered', outcome: 'unknown' })
    expect(await proxy.balance()).toEqual(balanced({ failed: 1 }))
  })

  it('P20 throttled: the next request waits as long as it was told', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Produce', fault.throttle(400))
    await proxy.push(record('a'))
    const startedMs = performance.now()

    expect(await proxy.push(record('b'))).toMatchObject(OK)
    expect(performance.now() - startedMs).toBeGreaterThan(300)
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 2, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_kafka_throttle_seconds_total')).toEqual({
      kprf_kafka_throttle_seconds_total: 0.4,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 2 }))
  })

  it.for([
    ['KAFKA_STORAGE_ERROR', 56, 'kafka_storage_error'],
    ['CORRUPT_MESSAGE', 2, 'invalid_message'],
  ] as const)(
    'P20 %s once: 200, and the record is there once',
    async ([, code, reason], { lab }) => {
      const { cluster, proxy } = await lab.setup()
      cluster.control('Produce', fault.error(code))

      expect(await proxy.push(record('a'))).toMatchObject(OK)
      await proxy.logged({ msg: 'batch will be sent again', error_code: code })
      expect(await proxy.figures()).toMatchObject({
        kafka_sent_messages: 1,
        kafka_errors_count: {},
      })
      expect(await proxy.signs('kprf_produce_retries_total')).toEqual({
        [`kprf_produce_retries_total{reason="${reason}"}`]: 1,
      })
      expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
    },
  )

  it.for([
    ['KAFKA_STORAGE_ERROR', 56, 504, 50401, 'unknown', 'delivery_timed_out'],
    ['CORRUPT_MESSAGE', 2, 502, 50201, 'not_persisted', 'broker_rejected'],
  ] as const)(
    'P20 %s until the retries are used up: error %i is answered %i',
    async ([, code, status, errorCode, outcome, reason], { lab }) => {
      const { cluster, proxy } = await lab.setup({}, IMPATIENT)
      cluster.control('Produce', fault.error(code), { keep: true })

      expect(await proxy.push(record('a'))).toMatchObject(failure(status, errorCode, code))
      await proxy.logged({ msg: 'records not delivered', error_code: code, outcome })
      expect(await proxy.figures()).toMatchObject({ kafka_errors_count: { [code]: 1 } })
      expect(await proxy.signs('kprf_records_failed_total')).toEqual({
        [`kprf_records_failed_total{reason="${reason}"}`]: 1,
      })
      expect(await proxy.balance()).toEqual(balanced({ failed: 1 }))
    },
  )
})
