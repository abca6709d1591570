/** Row P22, and the half-open connections of P10: answers that violate the protocol. */
import { describe, expect } from 'vitest'
import { type AnyFault, fault, type ResponseBody } from '@kprf/embedded-broker/testing'
import { failure, it, OK, record } from './support/fault-test.ts'
import { balanced } from './support/figures.ts'
import { SkippableClock } from './support/skippable-clock.ts'

const SETTINGS = { 'kafka.message_timeout_ms': 400 }

/** Sends the first bytes of the answer and nothing more, on a connection that stays open. */
const halfAnAnswer: AnyFault = async (exchange) => {
  const reply = await exchange.proceed()
  return reply.kind === 'answer' ? { ...reply, distort: (frame) => [frame.subarray(0, 9)] } : reply
}

/** Says in its length prefix that it is of 1001 bytes. */
const longAnswer: AnyFault = async (exchange) => {
  const reply = await exchange.proceed()
  const lengthen = (frame: Buffer): Buffer[] => {
    const longer = Buffer.from(frame)
    longer.writeInt32BE(1_001)
    return [longer]
  }
  return reply.kind === 'answer' ? { ...reply, distort: lengthen } : reply
}

describe('an answer whose frame is right and whose body is not', () => {
  it.for([
    ['a body that is no answer', fault.garbageBody(Buffer.alloc(7, 0xff))],
    ['an empty body', fault.garbageBody(Buffer.alloc(0))],
    [
      'no topic, and a throttle of 24 days',
      fault.garbageBody(Buffer.from('000000007fffffff', 'hex')),
    ],
    ['-16 topics', fault.garbageBody(Buffer.from('fffffff07fffffff', 'hex'))],
  ] as const)('P22 Produce: %s: sent again, 200', async ([, nonsense], { lab }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Produce', nonsense)

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    await proxy.logged({ msg: 'batch will be sent again', error_code: -195 })
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 1, kafka_errors_count: {} })
    expect(
      await proxy.signs('kprf_produce_retries_total', 'kprf_kafka_connections_lost_total'),
    ).toEqual({
      'kprf_produce_retries_total{reason="broker_transport_failure"}': 1,
      'kprf_kafka_connections_lost_total{reason="malformed"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, doubled: ['a'] }))
  })

  it.for([
    ['a body that is no answer', fault.garbageBody(Buffer.alloc(7, 0xff))],
    ['an empty body', fault.garbageBody(Buffer.alloc(0))],
  ] as const)('P22 Metadata: %s: asked again, 200', async ([, nonsense], { lab }) => {
    const { cluster, proxy } = await lab.setup()
    cluster.control('Metadata', nonsense)

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 1, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_kafka_connections_lost_total')).toEqual({
      'kprf_kafka_connections_lost_total{reason="malformed"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })

  it('P22 Metadata: longer than receive.message.max.bytes: the connection is dropped, asked again', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup(
      {},
      { ...SETTINGS, 'kafka.properties.receive.message.max.bytes': 1_000 },
    )
    cluster.control('Metadata', longAnswer)

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    await proxy.logged({ msg: LOST, reason: 'malformed answer: length 1001' })
    expect(await proxy.signs('kprf_kafka_connections_lost_total')).toEqual({
      'kprf_kafka_connections_lost_total{reason="malformed"}': 1,
    })
  })

  it('P22 Produce under another correlation id: the connection is dropped, sent again, 200', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, SETTINGS)
    cluster.control('Produce', fault.wrongCorrelationId(2 ** 30))

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    await proxy.logged({ msg: LOST, reason: `malformed answer: ${FOREIGN_ID}` })
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 1, kafka_errors_count: {} })
  })

  it('P22 Metadata under another correlation id: the connection is dropped, asked again, 200', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, SETTINGS)
    cluster.control('Metadata', fault.wrongCorrelationId(2 ** 30))

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    await proxy.logged({ msg: LOST, reason: `malformed answer: ${FOREIGN_ID}` })
    expect(await proxy.signs('kprf_kafka_connections_lost_total')).toEqual({
      'kprf_kafka_connections_lost_total{reason="malformed"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })
})

const LOST = 'connection to a broker failed'
const FOREIGN_ID = `correlation id ${2 ** 30} was never sent`

const BROKEN_FRAMES = [
  ['a length of 2 GiB', fault.wrongLength(2 ** 31 - 1)],
  ['a negative length', fault.wrongLength(-1)],
  ['bytes that are no frame', fault.garbage(Buffer.alloc(64, 0xff))],
] as const

describe('an answer whose frame is wrong', () => {
  it('P10 Produce: half an answer, then silence: 504, and the next push is answered 200', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, SETTINGS)
    cluster.control('Produce', halfAnAnswer)

    expect(await proxy.push(record('a'))).toMatchObject(failure(504, 50401, -192))
    expect(await proxy.push(record('b'))).toMatchObject(OK)
    await proxy.logged({
      msg: 'records not delivered',
      error_code: -192,
      outcome: 'unknown',
    })
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 1,
      kafka_errors_count: { '-192': 1 },
    })
    expect(
      await proxy.signs('kprf_produce_errors_total', 'kprf_kafka_connections_lost_total'),
    ).toEqual({
      'kprf_produce_errors_total{reason="operation_timed_out"}': 1,
      'kprf_kafka_connections_lost_total{reason="timeout"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: 1 }))
  })

  it.for(BROKEN_FRAMES)(
    'P22 Produce: %s: the connection is dropped and the batch sent again, 200',
    async ([, nonsense], { lab }) => {
      const { cluster, proxy } = await lab.setup()
      cluster.control('Produce', nonsense)

      expect(await proxy.push(record('a'))).toMatchObject(OK)
      expect(await proxy.push(record('b'))).toMatchObject(OK)
      await proxy.logged({ msg: 'batch will be sent again', error_code: -195 })
      expect(await proxy.figures()).toMatchObject({
        kafka_sent_messages: 2,
        kafka_errors_count: {},
      })
      expect(
        await proxy.signs('kprf_produce_retries_total', 'kprf_kafka_connections_lost_total'),
      ).toEqual({
        'kprf_produce_retries_total{reason="broker_transport_failure"}': 1,
        'kprf_kafka_connections_lost_total{reason="malformed"}': 1,
      })
      expect(await proxy.balance()).toEqual(balanced({ delivered: 2, doubled: ['a'] }))
    },
  )

  it.for([['half an answer, then silence', halfAnAnswer], ...BROKEN_FRAMES] as const)(
    'P22 Metadata: %s: asked again, 200',
    async ([, nonsense], { lab }) => {
      const clock = new SkippableClock()
      const { cluster, proxy } = await lab.setup({}, { 'kafka.message_timeout_ms': 4_500 }, clock)
      const distorted = cluster.control('Metadata', nonsense)
      const pushed = proxy.push(record('a'))
      await distorted.applied
      // A round trip, so that the answer is there before its time is over.
      await proxy.figures()
      clock.skip(3_000)

      expect(await pushed).toMatchObject(OK)
      expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
    },
  )

  it('P22 the process goes on', async ({ lab }) => {
    const cluster = await lab.cluster()
    const kprf = await lab.process(cluster, SETTINGS)
    cluster.control('Produce', fault.wrongLength(-1))

    await kprf.push({ records: [record('a')], wait_for_send: true })

    expect(kprf.isRunning).toBe(true)
    expect(await kprf.livez()).toBe(200)
  })
})

describe('an answer to ApiVersions without Produce', () => {
  const withoutProduce = fault.rewrite<ResponseBody<'ApiVersions'>>((answer) => ({
    ...answer,
    apis: answer.apis.filter(({ key }) => key !== 0),
  }))
  const PLAIN_WORDS =
    /reports that it does not support Produce requests; kprf asks again on another connection/

  it('P22 once: the broker is asked again on another connection, 200', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup()
    const lie = cluster.control('ApiVersions', withoutProduce)
    cluster.cutConnections()

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    expect(lie.appliedCount).toBe(1)
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 1, kafka_errors_count: {} })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })

  it('P22 for a while: 503 and a log that says what to look at, then 200 without a restart', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, SETTINGS)
    const lie = cluster.control('ApiVersions', withoutProduce, { keep: true })
    cluster.cutConnections()

    const during = await proxy.push(record('a'))
    const { reason } = await proxy.logged({ msg: 'Kafka is not reachable', error_code: -195 })
    lie.remove()
    await proxy.logged({ msg: 'Kafka is reachable' })

    expect(during).toMatchObject(failure(503, 50301, -192))
    expect(reason).toMatch(PLAIN_WORDS)
    await expect.poll(async () => (await proxy.health()).readyz).toBe(200)
    expect(await proxy.push(record('b'))).toMatchObject(OK)
    expect(await proxy.signs('kprf_kafka_up', 'kprf_records_failed_total')).toEqual({
      kprf_kafka_up: 1,
      'kprf_records_failed_total{reason="broker_unavailable"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: 1 }))
  })
})
