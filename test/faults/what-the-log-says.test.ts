/** Rows P1, P14 and P23: what the log says of brokers that cannot be used, and that it says nothing else. */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect } from 'vitest'
import type { TestClusterOptions } from '@kprf/embedded-broker/testing'
import { createAuthority } from '../support/certificates.ts'
import type { KprfSettings, LogLine } from '../support/kprf-process.ts'
import { failure, it, OK, record } from './support/fault-test.ts'
import type { Proxy } from './support/proxy.ts'

const SHORT = { 'kafka.message_timeout_ms': 500 }
const FAILED = 'connection to a broker failed'

/** What the log says of brokers above level debug, but for the advice at the start: level and message, each once. */
function saidOfBrokers(proxy: Proxy): string[] {
  const lines = proxy.log
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogLine & { level: string; msg: string })
  const said = lines
    .filter(
      ({ level, msg }) =>
        level !== 'debug' &&
        /broker|kafka|connect/i.test(msg) &&
        !msg.includes('message_timeout_ms'),
    )
    .map(({ level, msg }) => `${level} ${msg}`)
  return [...new Set(said)].sort()
}

describe('the log about brokers that cannot be used', () => {
  const CLUSTERS: readonly [string, TestClusterOptions, KprfSettings, object][] = [
    [
      'P14 with SASL, for a kprf without: the cause, and not what the client library says of it',
      { sasl: { users: { kprf: 'password' } } },
      {},
      { msg: FAILED, level: 'warn' },
    ],
    [
      'P14 with TLS, for a kprf without: the cause, and not what the client library says of it',
      { tls: createAuthority().issue('localhost') },
      {},
      { msg: FAILED, level: 'warn' },
    ],
    [
      'P14 without TLS, for a kprf with: the cause, and not what the client library says of it',
      {},
      { 'kafka.security_protocol': 'ssl' },
      { msg: 'TLS with a broker failed', level: 'error' },
    ],
    [
      'P14 without SASL, for a kprf with user and password: which keys to remove',
      {},
      { 'kafka.user': 'kprf', 'kafka.password': 'canary-password' },
      { msg: 'Kafka refuses the credentials', level: 'error' },
    ],
  ]

  for (const [title, options, settings, cause] of CLUSTERS) {
    it(title, async ({ lab }) => {
      const cluster = await lab.cluster(options)
      const proxy = await lab.proxy(cluster, { ...SHORT, ...settings })

      const { status, retryAfter } = await proxy.push(record('a'))
      const line = await proxy.logged({ ...cause })

      expect([status, retryAfter]).toEqual([503, '1'])
      expect(line).toMatchObject({ broker: cluster.bootstrap, retry_in_ms: expect.any(Number) })
      const { msg, level } = line as unknown as { msg: string; level: string }
      expect(saidOfBrokers(proxy)).toEqual(
        ['error Kafka is not reachable', `${level} ${msg}`].sort(),
      )
      if ('kafka.user' in settings) {
        expect(line['check']).toMatch(/kafka\.user and kafka\.password are set: remove both/)
      }
    })
  }

  it('P14 that begin to require SASL while kprf runs: the cause, although the broker has answered before, and 503 for what is not sent for that', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({}, SHORT)
    expect(await proxy.push(record('a'))).toMatchObject(OK)
    const port = Number(cluster.bootstrap.split(':')[1])
    await cluster.close()
    await lab.cluster({ port, sasl: { users: { kprf: 'password' } } })

    // This one is in doubt: nobody knows whether the broker read it before it closed the connection.
    await proxy.pushAsync(record('b'))
    await proxy.logged({
      msg: FAILED,
      reason: `127.0.0.1:${port} closed the connection at once; check kafka.security_protocol: it may need SASL, or no SASL`,
    })
    const replies = await Promise.all(['c', 'd', 'e'].map((value) => proxy.push(record(value))))

    expect(replies.map(({ status }) => status)).toEqual([503, 503, 503])
    expect(replies.flatMap(({ body }) => body.errors)).toMatchObject(
      replies.map(() => ({ outcome: 'not_persisted' })),
    )
  })

  it('P1 three down, one of them known by name only: each is named with what to check, and one line when it is back', async ({
    lab,
  }) => {
    const cluster = await lab.cluster({ brokers: 3 })
    const [first = '', second = '', third = ''] = cluster.bootstrap.split(',')
    const proxy = await lab.proxy(cluster, { ...SHORT, 'kafka.brokers': `${first},${second}` })
    let pushes = 0
    const pushEverywhere = async (): Promise<object> => {
      pushes += 1
      return await proxy.push(
        ...[0, 1, 2].map((partition) => record(`${pushes}.${partition}`, { partition })),
      )
    }
    expect(await pushEverywhere()).toMatchObject(OK)

    for (const id of [1, 2, 3]) await cluster.stopBroker(id)
    expect(await pushEverywhere()).toMatchObject(failure(503, 50301, -192, -192, -192))
    const checks: unknown[] = []
    for (const broker of [first, second, third]) {
      checks.push((await proxy.logged({ msg: FAILED, broker, level: 'warn' }))['check'])
    }
    for (const id of [1, 2, 3]) await cluster.startBroker(id)
    await expect.poll(pushEverywhere).toMatchObject(OK)

    await proxy.logged({ msg: 'connected to a broker again', broker: first, level: 'info' })
    expect(checks).toEqual([
      expect.stringContaining('kafka.brokers'),
      expect.stringContaining('kafka.brokers'),
      expect.stringContaining("the brokers' advertised.listeners"),
    ])
    expect(saidOfBrokers(proxy)).toEqual([
      'error Kafka is not reachable',
      'info Kafka is reachable',
      'info connected to a broker again',
      `warn ${FAILED}`,
    ])
  })

  it('P1 an HTTP server in place of a broker: it is called so', async ({ lab }) => {
    const server = http.createServer((_, reply) => reply.end('hello'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    lab.atEnd(() => server.close())
    const { port } = server.address() as AddressInfo
    const cluster = await lab.cluster()
    const proxy = await lab.proxy(cluster, { ...SHORT, 'kafka.brokers': `127.0.0.1:${port}` })

    expect(await proxy.push(record('a'))).toMatchObject(failure(503, 50301, -192))
    const { check } = await proxy.logged({
      msg: FAILED,
      reason: 'it answers like an HTTP server, not like Kafka',
    })

    expect(check).toMatch(/port in kafka\.brokers/)
  })

  it('P23 a connection that the broker closes while it is idle: nothing, and the next push is 200', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup()
    expect(await proxy.push(record('a'))).toMatchObject(OK)

    cluster.cutConnections()

    expect(await proxy.push(record('b'))).toMatchObject(OK)
    expect(saidOfBrokers(proxy)).toEqual(['info Kafka is reachable'])
  })
})
