/** Rows P1, P2, P14, P17 and P19: no broker can be reached, or all refuse kprf; and recovery. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { createAuthority } from '../support/certificates.ts'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { failure, it, OK, record } from './support/fault-test.ts'
import { balanced } from './support/figures.ts'
import { forwarder, silence } from './support/listeners.ts'

const ALL_BROKERS = [1, 2, 3] as const

describe('all brokers down', () => {
  it('P1 at start: alive, not ready, pushes are answered 503 with Retry-After', async ({ lab }) => {
    const cluster = await lab.cluster()
    await cluster.stopBroker(1)
    const proxy = await lab.proxy(cluster, { 'kafka.message_timeout_ms': 300 })

    const reply = await proxy.push(record('a'))

    expect(reply).toMatchObject(failure(503, 50301, -192))
    expect(reply.retryAfter).toBe('1')
    expect(await proxy.health()).toEqual({ livez: 200, readyz: 503 })
    await proxy.logged({ msg: 'Kafka is not reachable', level: 'error' })
    await proxy.logged({ msg: 'records not delivered', error_code: -192, outcome: 'not_persisted' })
    expect(await proxy.figures()).toEqual({
      kafka_sent_messages: 0,
      kafka_internal_queue_size: 0,
      kafka_errors_count: { '-192': 1 },
      http_requests_duration: { 'push/sync 503': 1 },
    })
    expect(
      await proxy.signs(
        'kprf_kafka_up',
        'kprf_kafka_connect_failures_total',
        'kprf_records_failed_total',
      ),
    ).toEqual({
      kprf_kafka_connect_failures_total: expect.any(Number),
      'kprf_records_failed_total{reason="broker_unavailable"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ failed: 1 }))
  })

  it('P2 at start and up later: what was queued is delivered, ready, 200 without a restart', async ({
    lab,
  }) => {
    const cluster = await lab.cluster()
    await cluster.stopBroker(1)
    const proxy = await lab.proxy(cluster, { 'kafka.message_timeout_ms': 15_000 })
    await proxy.pushAsync(record('a'), record('b'))
    await proxy.logged({ msg: 'Kafka is not reachable' })
    const before = await proxy.figures()

    await cluster.startBroker(1)

    expect(before).toMatchObject({ kafka_internal_queue_size: 2, kafka_errors_count: {} })
    expect(await proxy.push(record('c'))).toMatchObject(OK)
    await proxy.logged({ msg: 'Kafka is reachable' })
    expect(await proxy.health()).toEqual({ livez: 200, readyz: 200 })
    expect(valuesOf(cluster, 't', 0)).toEqual(['a', 'b', 'c'])
    expect(await proxy.figures()).toEqual({
      kafka_sent_messages: 3,
      kafka_internal_queue_size: 0,
      kafka_errors_count: {},
      http_requests_duration: { 'push/async 200': 1, 'push/sync 200': 1 },
    })
    expect(await proxy.signs('kprf_kafka_up')).toEqual({ kprf_kafka_up: 1 })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 3 }))
  })

  it('P19 in the middle: 503 while it lasts, and 200 after it without a restart', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({ brokers: 3 }, { 'kafka.message_timeout_ms': 400 })
    const before = await proxy.push(record('a'))
    for (const id of ALL_BROKERS) await cluster.stopBroker(id)

    const during = await proxy.push(record('b'))
    const health = await proxy.health()
    for (const id of ALL_BROKERS) await cluster.startBroker(id)
    await proxy.logged({ msg: 'Kafka is reachable' })

    expect(before).toMatchObject(OK)
    expect(during).toMatchObject(failure(503, 50301, -192))
    expect(during.retryAfter).toBe('1')
    expect(health).toEqual({ livez: 200, readyz: 503 })
    await proxy.logged({ msg: 'Kafka is not reachable' })
    await expect.poll(async () => (await proxy.health()).readyz).toBe(200)
    expect(await proxy.push(record('c'))).toMatchObject(OK)
    expect(await proxy.figures()).toEqual({
      kafka_sent_messages: 2,
      kafka_internal_queue_size: 0,
      kafka_errors_count: { '-192': 1 },
      http_requests_duration: { 'push/sync 200': 2, 'push/sync 503': 1 },
    })
    expect(
      await proxy.signs(
        'kprf_kafka_up',
        'kprf_kafka_connect_failures_total',
        'kprf_records_failed_total',
      ),
    ).toEqual({
      kprf_kafka_up: 1,
      kprf_kafka_connect_failures_total: expect.any(Number),
      'kprf_records_failed_total{reason="broker_unavailable"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 2, failed: 1 }))
  })

  it('P19 in the middle: what was queued is delivered in order after it', async ({ lab }) => {
    const settings = { 'kafka.message_timeout_ms': 15_000 }
    const { cluster, proxy } = await lab.setup({ brokers: 3 }, settings)
    await proxy.push(record('a'))
    for (const id of ALL_BROKERS) await cluster.stopBroker(id)
    await proxy.pushAsync(record('b'))
    await proxy.logged({ msg: 'Kafka is not reachable' })
    await proxy.pushAsync(record('c'), record('d'))
    const during = await proxy.figures()

    for (const id of ALL_BROKERS) await cluster.startBroker(id)

    expect(await proxy.push(record('e'))).toMatchObject(OK)
    expect(during).toMatchObject({ kafka_internal_queue_size: 3, kafka_errors_count: {} })
    expect(valuesOf(cluster, 't', 0)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 5,
      kafka_internal_queue_size: 0,
      kafka_errors_count: {},
    })
    expect(await proxy.signs('kprf_kafka_up', 'kprf_kafka_connect_failures_total')).toEqual({
      kprf_kafka_up: 1,
      kprf_kafka_connect_failures_total: expect.any(Number),
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 5 }))
  })
})

describe('a cluster that has moved', () => {
  it('P17 behind the bootstrap address, while its old addresses take connections and say nothing: 200 within 10 s', async ({
    lab,
  }) => {
    const cluster = await lab.cluster({ brokers: 3 })
    const ports = (): readonly number[] =>
      cluster.bootstrap.split(',').map((address) => Number(address.split(':')[1]))
    const old = ports()
    const front = await forwarder(() => ports()[0] ?? 0)
    lab.atEnd(() => {
      front.close()
    })
    const proxy = await lab.proxy(cluster, {
      'kafka.brokers': `127.0.0.1:${front.port}`,
      'kafka.message_timeout_ms': 10_000,
    })
    const before = await proxy.push(
      ...[0, 1, 2].map((partition) => record(`${partition}`, { partition })),
    )
    for (const id of ALL_BROKERS) await cluster.stopBroker(id)
    for (const port of old) {
      const listener = await silence(port)
      lab.atEnd(() => {
        listener.close()
      })
    }
    for (const id of ALL_BROKERS) await cluster.startBroker(id, 0)

    const after = await proxy.push(
      ...[0, 1, 2].map((partition) => record(`${partition}'`, { partition })),
    )

    expect(before).toMatchObject(OK)
    expect(after).toMatchObject(OK)
    expect(ports().filter((port) => old.includes(port))).toEqual([])
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 6, kafka_errors_count: {} })
    expect(await proxy.signs('kprf_kafka_up')).toEqual({ kprf_kafka_up: 1 })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 6 }))
  })
})

describe('brokers that do not let us in', () => {
  it('P14 wrong password: not ready, 503, the password is not logged, and not tried in a tight loop', async ({
    lab,
  }) => {
    const cluster = await lab.cluster({ sasl: { users: { kprf: 'another' } } })
    const proxy = await lab.proxy(cluster, {
      'kafka.user': 'kprf',
      'kafka.password': 'canary-password',
      'kafka.message_timeout_ms': 1_000,
      log_level: 'debug',
    })

    const reply = await proxy.push(record('a'))
    const attempts = cluster.requests.filter(({ api }) => api === 'SaslAuthenticate')

    expect(reply).toMatchObject(failure(503, 50303, -192))
    expect(reply.retryAfter).toBe('1')
    expect(await proxy.health()).toEqual({ livez: 200, readyz: 503 })
    expect(attempts.length).toBeLessThan(10)
    await proxy.logged({ msg: 'Kafka refuses the credentials', mechanism: 'plain' })
    await proxy.logged({ msg: 'Kafka is not reachable', error_code: -169 })
    expect(proxy.log).not.toContain('canary-password')
    expect(await proxy.figures()).toMatchObject({ kafka_errors_count: { '-192': 1 } })
    expect(
      await proxy.signs(
        'kprf_kafka_up',
        'kprf_kafka_auth_failures_total',
        'kprf_records_failed_total',
      ),
    ).toEqual({
      kprf_kafka_auth_failures_total: expect.any(Number),
      'kprf_records_failed_total{reason="authentication_failed"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ failed: 1 }))
  })

  it('P14 wrong password, set right at the brokers: pushes are answered 200 without a restart', async ({
    lab,
  }) => {
    const before = await lab.cluster({ sasl: { users: { kprf: 'another' } } })
    const proxy = await lab.proxy(before, {
      'kafka.user': 'kprf',
      'kafka.password': 'canary-password',
      'kafka.message_timeout_ms': 15_000,
    })
    await proxy.logged({ msg: 'Kafka refuses the credentials' })
    const port = Number(before.bootstrap.split(':')[1])
    await before.close()

    const after = await lab.cluster({ port, sasl: { users: { kprf: 'canary-password' } } })

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    expect(await proxy.health()).toEqual({ livez: 200, readyz: 200 })
    expect(valuesOf(after, 't', 0)).toEqual(['a'])
    expect(proxy.log).not.toContain('canary-password')
    expect(await proxy.signs('kprf_kafka_up')).toEqual({ kprf_kafka_up: 1 })
  })

  it('P14 brokers whose certificate is signed by a stranger: not ready, 503, nothing is sent', async ({
    lab,
  }) => {
    const caFile = join(lab.directory(), 'ca.pem')
    writeFileSync(caFile, createAuthority().cert)
    const cluster = await lab.cluster({ tls: createAuthority().issue('localhost') })
    const proxy = await lab.proxy(cluster, {
      'kafka.security_protocol': 'ssl',
      'kafka.ssl.ca_file': caFile,
      'kafka.message_timeout_ms': 300,
    })

    expect(await proxy.push(record('a'))).toMatchObject(failure(503, 50301, -192))
    expect(await proxy.health()).toEqual({ livez: 200, readyz: 503 })
    const { reason } = await proxy.logged({ msg: 'Kafka is not reachable', error_code: -181 })
    expect(reason).toContain('certificate')
    await proxy.logged({ msg: 'TLS with a broker failed' })
    expect(cluster.requests).toEqual([])
    expect(await proxy.figures()).toMatchObject({ kafka_errors_count: { '-192': 1 } })
    expect(
      await proxy.signs(
        'kprf_kafka_up',
        'kprf_kafka_connect_failures_total',
        'kprf_records_failed_total',
      ),
    ).toEqual({
      kprf_kafka_connect_failures_total: expect.any(Number),
      'kprf_records_failed_total{reason="broker_unavailable"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ failed: 1 }))
  })
})
