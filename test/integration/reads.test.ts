/** What a real process tells of the topics and brokers of a cluster, while brokers come and go. */
import { afterEach, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { tokenHash } from '../../src/http/access/token-table.ts'
import { startKprf, type KprfProcess, type KprfSettings } from '../support/kprf-process.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function start(settings: KprfSettings = {}) {
  const cluster = await TestCluster.start({
    ...{ brokers: 3, topics: { orders: { partitions: 2 }, carts: { partitions: 1 } } },
  })
  closers.push(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, settings)
  closers.push(() => kprf.destroy())
  return { cluster, kprf, read: readerOf(kprf) }
}

function readerOf({ pushPort }: KprfProcess) {
  return async (path: string, token?: string) => {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
    const reply = await fetch(`http://127.0.0.1:${pushPort}${path}`, { headers })
    return { status: reply.status, body: await reply.json() }
  }
}

function replica(broker: number, leader: boolean, inSync: boolean): object {
  return { broker, leader, in_sync: inSync }
}

it.each([1, 2])('what Kafka says is what is told, with %i workers', async (workers) => {
  const { read } = await start({ workers })

  expect(await read('/topics')).toEqual({ status: 200, body: ['carts', 'orders'] })
  expect(await read('/brokers')).toEqual({ status: 200, body: { brokers: [1, 2, 3] } })
  expect(await read('/topics/orders/partitions/1')).toEqual({
    status: 200,
    body: {
      ...{ partition: 1, leader: 2 },
      replicas: [replica(2, true, true), replica(3, false, true), replica(1, false, true)],
    },
  })
  const clusters = await read('/v3/clusters')
  const [{ cluster_id: id } = { cluster_id: '' }] = (
    clusters.body as { data: { cluster_id: string }[] }
  ).data
  expect(await read(`/v3/clusters/${id}/topics/orders`)).toMatchObject({
    body: { kind: 'KafkaTopic', partitions_count: 2, replication_factor: 3 },
  })
})

it('a broker that stops is no longer in sync, and leads nothing', async () => {
  const { cluster, read } = await start()
  await cluster.stopBroker(1)

  await expect
    .poll(() => read('/topics/orders/partitions/0'), { timeout: 10_000 })
    .toEqual({
      status: 200,
      body: {
        ...{ partition: 0, leader: 2 },
        replicas: [replica(1, false, false), replica(2, true, true), replica(3, false, true)],
      },
    })
  await expect
    .poll(() => read('/brokers'), { timeout: 10_000 })
    .toMatchObject({ body: { brokers: [2, 3] } })
})

it('without any broker the reply is 503, and with one again it is what that says', async () => {
  const { cluster, read } = await start()
  for (const broker of cluster.brokerIds) await cluster.stopBroker(broker)

  await expect
    .poll(() => read('/topics'), { timeout: 10_000 })
    .toMatchObject({
      ...{ status: 503, body: { error_code: 503 } },
    })
  expect(await read('/topics/orders')).toMatchObject({ status: 503 })
  expect(await read('/topics/missing')).toMatchObject({ status: 503 })

  await cluster.startBroker(2)
  await expect
    .poll(() => read('/brokers'), { timeout: 20_000 })
    .toEqual({ status: 200, body: { brokers: [2] } })
})

it('a topic that is asked for is not created, although pushes create topics', async () => {
  const { cluster, kprf, read } = await start()

  expect(await read('/topics/missing')).toEqual({
    ...{ status: 404, body: { error_code: 40_401, message: 'the topic does not exist' } },
  })
  expect(await read('/topics/missing/partitions/0')).toMatchObject({ status: 404 })
  expect(cluster.topicNames().toSorted()).toEqual(['carts', 'orders'])

  await kprf.push({ records: [{ topic: 'missing', data: '' }], wait_for_send: true })
  expect(await read('/topics/missing')).toMatchObject({ status: 200 })
})

it('http.acl says who is told of which topic', async () => {
  const tokens = ['shop', 'audit', 'other'].map((principal) => ({
    ...{ principal, sha256: tokenHash(`token-of-${principal}`) },
  }))
  const acl = [
    { principals: ['shop'], topics: ['orders'], allow: ['produce', 'describe'] },
    { principals: ['audit'], topics: ['*'], allow: ['describe'] },
    { principals: ['other'], topics: ['*'], allow: ['produce'] },
  ]
  const { read } = await start({
    ...{ 'http.auth.tokens': JSON.stringify(tokens), 'http.acl': JSON.stringify(acl) },
  })

  expect(await read('/topics')).toMatchObject({ status: 401 })
  expect(await read('/topics', 'token-of-shop')).toMatchObject({ body: ['orders'] })
  expect(await read('/topics', 'token-of-audit')).toMatchObject({ body: ['carts', 'orders'] })
  expect(await read('/topics', 'token-of-other')).toMatchObject({ status: 200, body: [] })
  expect(await read('/topics/carts', 'token-of-shop')).toMatchObject({ status: 404 })
  expect(await read('/topics/orders', 'token-of-other')).toMatchObject({ status: 404 })
})
