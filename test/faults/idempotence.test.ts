/** Row P21, and P4 once more: an idempotent producer whose broker stores, forgets or miscounts. */
import { describe, expect } from 'vitest'
import { fault } from '@kprf/embedded-broker/testing'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { failure, it, OK, record } from './support/fault-test.ts'
import { balanced } from './support/figures.ts'

const IDEMPOTENT = { 'kafka.enable_idempotence': 'true' }
const RECYCLES = 'kprf_producer_recycles_total'
const DUPLICATES = 'kprf_possible_duplicates_total'

describe('idempotence', () => {
  it('P4 stored before the connection broke, twice: 200, and the record is there once', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, IDEMPOTENT)
    cluster.control('Produce', fault.cutAfter(), { times: 2 })

    const reply = await proxy.push(record('a'))

    expect(reply).toMatchObject(OK)
    expect(reply.body.offsets).toMatchObject([{ partition: 0, offset: '0' }])
    await proxy.logged({ msg: 'batch will be sent again', error_code: -195 })
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 1, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_produce_retries_total', DUPLICATES)).toEqual({
      'kprf_produce_retries_total{reason="broker_transport_failure"}': 2,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1 }))
  })

  it('P21 a batch given up that was stored: 504, and the next record is not taken for it', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, { ...IDEMPOTENT, 'kafka.retries': 1 })
    cluster.control('Produce', fault.cutAfter(), { times: 2 })

    expect(await proxy.push(record('a'))).toMatchObject(failure(504, 50401, -195))
    expect(await proxy.push(record('b'))).toMatchObject(OK)

    expect(valuesOf(cluster, 't', 0)).toEqual(['a', 'b'])
    await proxy.logged({ msg: 'records not delivered', outcome: 'unknown' })
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 1,
      kafka_errors_count: { '-195': 1 },
    })
    expect(await proxy.signs(RECYCLES)).toEqual({ [RECYCLES]: 1 })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: 1 }))
  })

  it('P21 a batch given up that was not stored: 504, and the next record is not held for a gap', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, { ...IDEMPOTENT, 'kafka.retries': 1 })
    cluster.control('Produce', fault.cutBefore(), { times: 2 })

    expect(await proxy.push(record('a'))).toMatchObject(failure(504, 50401, -195))
    expect(await proxy.push(record('b'))).toMatchObject(OK)

    expect(valuesOf(cluster, 't', 0)).toEqual(['b'])
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 1 })
    expect(await proxy.signs(RECYCLES)).toEqual({ [RECYCLES]: 1 })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: 1 }))
  })

  it.for([
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 45],
    ['UNKNOWN_PRODUCER_ID', 59],
    ['INVALID_PRODUCER_EPOCH', 47],
  ] as const)('P21 %s: begun anew, 200, nothing is dropped', async ([, code], { lab }) => {
    const { cluster, proxy } = await lab.setup({}, IDEMPOTENT)
    await proxy.push(record('a'))
    cluster.control('Produce', fault.error(code))

    expect(await proxy.push(record('b'))).toMatchObject(OK)
    expect(await proxy.push(record('c'))).toMatchObject(OK)

    expect(valuesOf(cluster, 't', 0)).toEqual(['a', 'b', 'c'])
    await proxy.logged({ msg: 'batch will be sent again', error_code: code })
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 3, kafka_errors_count: {} })
    expect(await proxy.signs(RECYCLES)).toEqual({ [RECYCLES]: 1 })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 3 }))
  })

  it('P21 no right to write to the cluster: 403, and 200 once it is granted', async ({ lab }) => {
    const cluster = await lab.cluster()
    const refusing = cluster.control('InitProducerId', fault.error(31), { keep: true })
    const proxy = await lab.proxy(cluster, IDEMPOTENT)

    const refused = await proxy.push(record('a'))
    refusing.remove()
    let attempts = 0
    const again = async (): Promise<number> => {
      return (await proxy.push(record(`again ${(attempts += 1)}`))).status
    }
    await expect.poll(again).toBe(200)

    expect(refused).toMatchObject(failure(403, 40301, 31))
    await proxy.logged({ msg: 'Kafka refused to give kprf a producer id', error_code: 31 })
    expect(await proxy.signs('kprf_records_failed_total')).toMatchObject({
      'kprf_records_failed_total{reason="topic_forbidden"}': expect.any(Number) as number,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: attempts }))
  })

  it.for([
    ['without idempotence: 504, and the record is stored behind a later one', 'false', ['b', 'a']],
    ['with it: 504, and what comes too late is refused', 'true', ['b']],
  ] as const)(
    'P8 a request that is handled after its time is over, %s',
    async ([, isIdempotent, stored], { lab }) => {
      const { cluster, proxy } = await lab.setup(
        {},
        { 'kafka.enable_idempotence': isIdempotent, 'kafka.message_timeout_ms': 500 },
      )
      const late = Promise.withResolvers<undefined>()
      const handled = Promise.withResolvers<undefined>()
      cluster.control('Produce', async (exchange) => {
        await late.promise
        const reply = await exchange.proceed()
        handled.resolve(undefined)
        return reply
      })

      const inDoubt = await proxy.push(record('a'))
      const next = await proxy.push(record('b'))
      late.resolve(undefined)
      await handled.promise

      expect(inDoubt).toMatchObject(failure(504, 50401, -192))
      expect(inDoubt.body.errors).toMatchObject([{ outcome: 'unknown' }])
      expect(next).toMatchObject(OK)
      expect(valuesOf(cluster, 't', 0)).toEqual(stored)
      await proxy.logged({ msg: 'records not delivered', outcome: 'unknown' })
      expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: 1 }))
    },
  )
})
