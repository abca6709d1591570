import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { tokenHash } from '../../src/http/access/token-table.ts'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { HttpClient } from '../support/http-client.ts'
import { startKprf, type KprfSettings } from '../support/kprf-process.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const TOKENS = JSON.stringify([{ principal: 'shop', sha256: tokenHash('token-of-shop') }])
const ACL = JSON.stringify([
  { principals: ['shop'], topics: ['orders.*'], allow: ['produce'] },
  { principals: ['billing'], topics: ['*'], allow: ['produce'] },
])

/** A file of tokens with one of `billing`. */
function tokensFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-access-'))
  closers.push(() => {
    rmSync(folder, { recursive: true })
  })
  const path = join(folder, 'tokens.yaml')
  writeFileSync(path, `- principal: billing\n  sha256: ${tokenHash('token-of-billing')}\n`)
  return path
}

async function start(settings: KprfSettings) {
  const topics = { 'orders.new': { partitions: 1 }, bills: { partitions: 1 } }
  const cluster = await TestCluster.start({ topics })
  closers.push(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, {
    'http.auth.tokens': TOKENS,
    'http.auth.tokens_file': tokensFile(),
    ...settings,
  })
  closers.push(() => kprf.destroy())
  const push = async (token: string | undefined, ...topics: readonly string[]) => {
    const records = topics.map((topic) => ({ topic, data: `of ${token ?? 'nobody'}` }))
    const reply = await fetch(`http://127.0.0.1:${kprf.pushPort}/push`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ records, wait_for_send: true }),
    })
    return { status: reply.status, body: await reply.json() }
  }
  return { cluster, kprf, push }
}

describe.each([1, 2])('with %i workers', (workers) => {
  it('a push beyond the quota of its client is refused as a whole', async () => {
    const quotas = [{ principals: ['shop'], bytes_per_second: 1 }]
    const { cluster, kprf, push } = await start({ workers, 'http.quotas': JSON.stringify(quotas) })

    expect(await push('token-of-shop', 'orders.new')).toMatchObject({ status: 200 })
    expect(await push('token-of-shop', 'orders.new', 'bills')).toMatchObject({
      status: 429,
      body: { error_code: 42903 },
    })
    expect(await push('token-of-billing', 'bills')).toMatchObject({ status: 200 })

    expect(valuesOf(cluster, 'orders.new')).toEqual(['of token-of-shop'])
    expect(valuesOf(cluster, 'bills')).toEqual(['of token-of-billing'])
    expect((await kprf.metrics()).sum('kprf_http_denied_total', { reason: 'quota' })).toBe(2)
  })

  it('a push is refused while its client has as many in progress as its quota allows', async () => {
    const quotas = [{ principals: ['shop'], requests_in_flight: 1 }]
    const { cluster, kprf, push } = await start({
      ...{ workers, 'http.quotas': JSON.stringify(quotas) },
      ...{ 'kafka.message_timeout_ms': 120_000, 'wal.enabled': 'false' },
    })
    const shop = () => push('token-of-shop', 'orders.new')
    await cluster.stopBroker(1)

    // One of them waits until the broker is back.
    const pushes = [shop(), shop()]
    const other = push('token-of-billing', 'bills')
    expect(await Promise.race(pushes)).toMatchObject({ status: 429, body: { error_code: 42904 } })
    await cluster.startBroker(1)

    const statuses = (await Promise.all(pushes)).map(({ status }) => status)
    expect(statuses.sort()).toEqual([200, 429])
    expect(await other).toMatchObject({ status: 200 })
    await expect.poll(async () => (await shop()).status).toBe(200)
    const denied = (await kprf.metrics()).sum('kprf_http_denied_total', { reason: 'in_flight' })
    expect(denied).toBeGreaterThan(0)
  })

  it('only those with a token may push, each to its topics', async () => {
    const { cluster, kprf, push } = await start({ workers, 'http.acl': ACL })

    expect(await push(undefined, 'orders.new')).toMatchObject({
      status: 401,
      body: { error_code: 40101 },
    })
    expect(await push('nonsense', 'orders.new')).toMatchObject({ status: 401 })
    expect(await push('token-of-shop', 'orders.new')).toMatchObject({ status: 200 })
    expect(await push('token-of-billing', 'bills', '__internal')).toMatchObject({
      status: 403,
      body: { error_code: 40301, errors: [{ status: 'ok' }, { error_code: 40301 }] },
    })
    expect(await push('token-of-shop', 'bills', 'orders.new', 'no-such-topic')).toMatchObject({
      status: 403,
      body: {
        errors: [
          { error: 'the client may not write to the topic (http.acl)', outcome: 'not_persisted' },
          { status: 'ok' },
          { error: 'the client may not write to the topic (http.acl)', outcome: 'not_persisted' },
        ],
      },
    })

    expect(valuesOf(cluster, 'orders.new')).toEqual(['of token-of-shop', 'of token-of-shop'])
    expect(valuesOf(cluster, 'bills')).toEqual(['of token-of-billing'])
    const metrics = await kprf.metrics()
    const denied = (reason: string): number => metrics.sum('kprf_http_denied_total', { reason })
    expect(['no_credentials', 'unknown_token', 'topic_acl', 'topic_internal'].map(denied)).toEqual([
      1, 1, 2, 1,
    ])
    await kprf.stop()
    expect(JSON.stringify(kprf.log)).not.toMatch(/token-of-|nonsense/)
    expect(kprf.log).toContainEqual(
      expect.objectContaining({ msg: 'push refused', principal: 'shop', topic: 'bills' }),
    )
  })
})

it('a quota is one amount for all workers, within 10 %', async () => {
  const perSecond = 200
  const quotas = [{ principals: ['shop'], records_per_second: perSecond }]
  const { kprf } = await start({ workers: 3, 'http.quotas': JSON.stringify(quotas) })
  // Each push has a connection of its own, which any of the workers may get.
  const client = new HttpClient(kprf.pushPort, { keepAlive: false })
  const records = Array.from({ length: 10 }, () => ({ topic: 'orders.new', data: 'd' }))
  const body = JSON.stringify({ records })
  const headers = { Authorization: 'Bearer token-of-shop' }
  let admitted = 0
  const startedMs = performance.now()
  let lastMs = startedMs
  /** How long nothing came of any push, beyond what a bucket saves up: a machine may stand still. */
  let stillMs = 0
  const pushUntil = async (count: number): Promise<void> => {
    while (admitted < count) {
      const { status } = await client.post('/push', body, headers)
      if (status === 200) admitted += records.length
      stillMs += Math.max(0, performance.now() - lastMs - 1000)
      lastMs = performance.now()
    }
  }

  await Promise.all(Array.from({ length: 6 }, () => pushUntil(perSecond * 4)))

  const seconds = (performance.now() - startedMs) / 1000
  // What one second saves up comes on top.
  expect(admitted).toBeLessThanOrEqual(perSecond * (seconds + 1) * 1.1)
  expect(admitted).toBeGreaterThanOrEqual(perSecond * (seconds - stillMs / 1000) * 0.9)
}, 60_000)

it('what a worker had in progress when it died does not count', async () => {
  const quotas = [{ principals: ['shop'], requests_in_flight: 1 }]
  const { cluster, kprf, push } = await start({
    ...{ workers: 2, 'http.quotas': JSON.stringify(quotas) },
    'kafka.message_timeout_ms': 120_000,
  })
  await cluster.stopBroker(1)
  // Whichever comes second is refused; the other one waits for the broker.
  const pushes = [1, 2].map(() => push('token-of-shop', 'orders.new').catch(() => 'lost'))
  expect(await Promise.race(pushes)).toMatchObject({ status: 429 })

  // One after the other, because the last one would take the port with it.
  for (const pid of kprf.workerPids) {
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => kprf.workerPids.includes(pid)).toBe(false)
    await expect
      .poll(async () => (await kprf.metrics()).sum('kprf_workers'), { timeout: 30_000 })
      .toBe(2)
  }
  expect(await Promise.all(pushes)).toContain('lost')
  await cluster.startBroker(1)

  await expect
    .poll(() => push('token-of-shop', 'bills').catch(() => undefined), { timeout: 30_000 })
    .toMatchObject({ status: 200 })
}, 60_000)

describe('without a token', () => {
  it('clients are served as anonymous where that is allowed, and rules apply to them', async () => {
    const { push } = await start({
      'http.auth.anonymous': 'allow',
      'http.topics.allow': 'orders.*',
    })

    expect(await push(undefined, 'orders.new')).toMatchObject({ status: 200 })
    expect(await push(undefined, 'bills')).toMatchObject({
      status: 403,
      body: {
        errors: [
          { error: 'the topic is not among those that can be written to (http.topics.allow)' },
        ],
      },
    })
    expect(await push('nonsense', 'orders.new')).toMatchObject({ status: 401 })
  })
})
