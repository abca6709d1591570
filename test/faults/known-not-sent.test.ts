/** Rows P7 and P9: records that were never sent, because no leader can be reached or a quota holds them back. */
import { describe, expect } from 'vitest'
import { fault } from '@kprf/embedded-broker/testing'
import { failure, it, OK, record } from './support/fault-test.ts'
import { balanced } from './support/figures.ts'
import { forwarder } from './support/listeners.ts'

const SHORT = { 'kafka.message_timeout_ms': 500 }

describe('brokers that cannot be reached where they say they are', () => {
  it('P7 an advertised host name that cannot be resolved: not ready before the first push, 503, and the log names the address', async ({
    lab,
  }) => {
    const cluster = await lab.cluster({ advertisedHost: 'kafka.invalid' })
    const port = cluster.bootstrap.split(':')[1] ?? ''
    const proxy = await lab.proxy(cluster, { ...SHORT, 'kafka.brokers': `127.0.0.1:${port}` })

    const line = await proxy.logged({ msg: 'Kafka is not reachable', error_code: -193 })
    const health = await proxy.health()
    const reply = await proxy.push(record('a'))

    expect(line).toMatchObject({
      advertised: [`kafka.invalid:${port}`],
      check: expect.stringContaining('advertised.listeners') as string,
    })
    expect(health).toEqual({ livez: 200, readyz: 503 })
    expect(reply).toMatchObject(failure(503, 50301, -192))
    expect(reply.retryAfter).toBe('1')
    expect(reply.body.errors[0]).toMatchObject({ outcome: 'not_persisted' })
    const failed = { msg: 'connection to a broker failed', broker: `kafka.invalid:${port}` }
    const { check } = await proxy.logged(failed)
    expect(check).toContain('cannot resolve')
    expect(await proxy.signs('kprf_kafka_up', 'kprf_possible_duplicates_total')).toEqual({})
    expect(await proxy.balance()).toEqual(balanced({ failed: 1 }))
  })

  it('P7 an advertised port that refuses, behind a bootstrap address that answers: not ready, 503, and ready once it takes connections', async ({
    lab,
  }) => {
    const cluster = await lab.cluster({ advertisedHost: '127.0.0.2' })
    const port = Number(cluster.bootstrap.split(':')[1])
    const proxy = await lab.proxy(cluster, { ...SHORT, 'kafka.brokers': `127.0.0.1:${port}` })

    await proxy.logged({ msg: 'Kafka is not reachable', error_code: -195 })
    const before = [await proxy.push(record('a')), await proxy.health()]
    const listener = await forwarder(() => port, { host: '127.0.0.2', port })
    lab.atEnd(() => {
      listener.close()
    })
    await proxy.logged({ msg: 'Kafka is reachable' })

    expect(before).toMatchObject([failure(503, 50301, -192), { readyz: 503 }])
    expect(await proxy.push(record('b'))).toMatchObject(OK)
    expect(await proxy.health()).toEqual({ livez: 200, readyz: 200 })
    expect(await proxy.signs('kprf_kafka_up')).toEqual({ kprf_kafka_up: 1 })
  })
})

describe('a producer quota', () => {
  it('P9 that holds records back for longer than they may take: 503, Kafka does not have them, and the log names the quota', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, SHORT)
    cluster.control('Produce', fault.throttle(60_000))
    expect(await proxy.push(record('a'))).toMatchObject(OK)

    const reply = await proxy.push(record('b'))

    expect(reply).toMatchObject(failure(503, 50307, -192))
    expect(reply.retryAfter).toBe('1')
    expect(reply.body.errors[0]).toMatchObject({ outcome: 'not_persisted' })
    const { check } = await proxy.logged({ msg: 'a broker throttles kprf', throttle_ms: 60_000 })
    expect(check).toContain('producer_byte_rate')
    expect(await proxy.signs('kprf_kafka_up', 'kprf_possible_duplicates_total')).toEqual({
      kprf_kafka_up: 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: 1 }))
  })
})
