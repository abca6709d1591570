/** Rows P9 and P23: brokers are slower than the pushes, and kprf is told to stop while they are. */
import { describe, expect } from 'vitest'
import { fault } from '@kprf/embedded-broker/testing'
import { rawPush } from '../support/http-edge.ts'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { RawClient, type RawResponse } from '../support/raw-client.ts'
import { failure, it, OK, record } from './support/fault-test.ts'
import { balanced } from './support/figures.ts'

describe('brokers that are slow', () => {
  it('P9 a full queue: 503 with Retry-After for what has no room, late 200 for the rest', async ({
    lab,
  }) => {
    const settings = { 'kafka.queue_buffering_max_messages': 3, 'kafka.queue_full_wait_ms': 0 }
    const { cluster, proxy } = await lab.setup(
      {},
      { ...settings, 'kafka.message_timeout_ms': 15_000 },
    )
    const latch = Promise.withResolvers<undefined>()
    const held = cluster.control('Produce', fault.delay(latch.promise))
    const late = proxy.push(record('a'))
    await held.applied

    const accepted = await proxy.pushAsync(record('b'))
    const half = await proxy.pushAsync(record('c'), record('d'))
    const refused = await proxy.push(record('e'))
    const during = await proxy.figures()
    const readiness = await proxy.health()
    latch.resolve(undefined)

    expect(accepted).toMatchObject(OK)
    expect(half).toMatchObject(failure(503, 50302, 0, -184))
    expect(refused).toMatchObject(failure(503, 50302, -184))
    expect(refused.retryAfter).toBe('1')
    expect(during).toMatchObject({
      kafka_internal_queue_size: 3,
      kafka_errors_count: { '-184': 2 },
    })
    expect(readiness).toEqual({ livez: 200, readyz: 503 })
    expect(await late).toMatchObject(OK)
    await proxy.logged({ msg: 'push failed', status: 503 })
    await proxy.queued(0)
    expect(valuesOf(cluster, 't', 0)).toEqual(['a', 'b', 'c'])
    expect(await proxy.push(record('f'))).toMatchObject(OK)
    expect(await proxy.signs('kprf_records_rejected_total')).toEqual({
      'kprf_records_rejected_total{reason="buffer_full"}': 2,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 4, rejected: 2 }))
  })

  it('P9 slower than the message timeout: 504 for what was sent, and the queue empties itself', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, { 'kafka.message_timeout_ms': 400 })
    const latch = Promise.withResolvers<undefined>()
    const held = cluster.control('Produce', fault.delayAnswer(latch.promise), { keep: true })
    const sent = proxy.push(record('a'))
    await held.applied
    const behind = proxy.push(record('b'))

    expect(await sent).toMatchObject(failure(504, 50401, -192))
    // Whether the second was sent too depends on how soon there is another connection.
    const { status, body } = await behind
    expect(`${status} ${body.errors[0]?.outcome}`).toMatch(/^(503 not_persisted|504 unknown)$/)
    await proxy.logged({
      msg: 'records not delivered',
      error_code: -192,
      outcome: 'unknown',
    })
    latch.resolve(undefined)
    cluster.clearControls()
    expect(await proxy.push(record('c'))).toMatchObject(OK)
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 1,
      kafka_internal_queue_size: 0,
      kafka_errors_count: { '-192': 2 },
    })
    expect(await proxy.signs('kprf_records_failed_total')).toEqual({
      'kprf_records_failed_total{reason="delivery_timed_out"}': 2,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: 2 }))
  })
})

describe('SIGTERM under load', () => {
  it('P23 busy clients: whatever has arrived is answered, each connection ends with its reply, none is reset', async ({
    lab,
  }) => {
    const cluster = await lab.cluster()
    const kprf = await lab.process(cluster, { 'kafka.message_timeout_ms': 15_000 })
    const request = rawPush(JSON.stringify({ records: [record('a')], wait_for_send: true }))
    const clients = Array.from({ length: 20 }, () => new RawClient(kprf.pushPort))
    const first = await Promise.all(clients.map((client) => client.write(request).response()))
    const latch = Promise.withResolvers<undefined>()
    cluster.control('Produce', fault.delay(latch.promise), { keep: true })
    const waiting = clients.slice(0, 10)
    for (const client of waiting) client.write(request)
    await expect.poll(async () => (await kprf.metrics()).sum('kafka_internal_queue_size')).toBe(10)

    const ending = kprf.stop('SIGTERM')
    await kprf.logged('draining')
    const late = clients.slice(10)
    const refused = await Promise.all(late.map((client) => client.write(request).response()))
    latch.resolve(undefined)
    const delivered = await Promise.all(waiting.map((client) => client.response()))

    expect(first.map(summary)).toEqual(first.map(() => '200 keep-alive'))
    expect(refused.map(summary)).toEqual(late.map(() => '503 close'))
    expect(delivered.map(summary)).toEqual(waiting.map(() => '200 close'))
    await Promise.all(clients.map((client) => client.closed()))
    expect(clients.map(({ errorCode }) => errorCode)).toEqual(clients.map(() => undefined))
    expect((await ending).exitCode).toBe(0)
    expect(valuesOf(cluster, 't', 0)).toHaveLength(30)
  })

  it('P23 brokers answer in time: everything accepted is delivered, new pushes get 503, exit code 0', async ({
    lab,
  }) => {
    const cluster = await lab.cluster()
    const kprf = await lab.process(cluster, { 'kafka.message_timeout_ms': 15_000 })
    const latch = Promise.withResolvers<undefined>()
    const held = cluster.control('Produce', fault.delay(latch.promise))
    const waiting = kprf.push({ records: [record('a')], wait_for_send: true })
    await held.applied
    const accepted = await kprf.push({ records: [record('b'), record('c')] })

    const ending = kprf.stop('SIGTERM')
    await kprf.logged('draining')
    const refused = await kprf.push({ records: [record('d')], wait_for_send: true })
    latch.resolve(undefined)

    expect(accepted).toMatchObject(OK)
    expect(refused).toMatchObject({ status: 503, body: { error_code: 50304 } })
    expect(await waiting).toMatchObject(OK)
    const { exitCode, log } = await ending
    expect(exitCode).toBe(0)
    expect(log.at(-1)).toMatchObject({ msg: 'stopped', records_not_delivered: 0 })
    expect(valuesOf(cluster, 't', 0)).toEqual(['a', 'b', 'c'])
  })

  it('P23 brokers do not answer in time: 504 for what was sent, 503 for what was not, each record reported, exit code 1', async ({
    lab,
  }) => {
    const cluster = await lab.cluster()
    const kprf = await lab.process(cluster, {
      'kafka.message_timeout_ms': 15_000,
      'shutdown.timeout_ms': 300,
    })
    const held = cluster.control('Produce', fault.hangAfterHandling(), { keep: true })
    const sent = kprf.push({ records: [record('a')], wait_for_send: true })
    await held.applied
    await kprf.push({ records: [record('b'), record('c')] })
    const unsent = kprf.push({ records: [record('d')], wait_for_send: true })
    await expect.poll(async () => (await kprf.metrics()).sum('kafka_internal_queue_size')).toBe(4)

    const { exitCode, log } = await kprf.stop('SIGTERM')

    expect(await sent).toMatchObject(failure(504, 50401, -151))
    expect(await unsent).toMatchObject(failure(503, 50304, -152))
    expect(exitCode).toBe(1)
    expect(log.at(-1)).toMatchObject({ msg: 'stopped', records_not_delivered: 2 })
    // Of the four records received none is delivered, and each is reported once.
    const reported = log.filter(({ msg }) => msg === 'records not delivered')
    expect(reported).toMatchObject([
      { error_code: -151, outcome: 'unknown', records: 1 },
      { error_code: -152, outcome: 'not_persisted', records: 3 },
    ])
    expect(valuesOf(cluster, 't', 0)).toEqual(['a'])
  })
})

function summary({ status, headers }: RawResponse): string {
  return `${status} ${headers.get('connection')}`
}
