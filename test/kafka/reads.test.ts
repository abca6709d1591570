/** What kprf tells of the topics and brokers of a real Kafka. */
import { afterEach, expect, it } from 'vitest'
import { startCluster } from './cluster/cluster.ts'
import { startKprf } from '../support/kprf-process.ts'

const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

it('topics, replicas and brokers are told as Kafka has them, while a broker is gone too', async () => {
  const cluster = await startCluster({ brokers: 3, autoCreate: true })
  closers.push(() => cluster.stop())
  await cluster.createTopic('orders', { partitions: 3, replicationFactor: 3 })
  const kprf = await startKprf(cluster.bootstrap)
  closers.push(() => kprf.destroy())
  const read = async (path: string) => {
    const reply = await fetch(`http://127.0.0.1:${kprf.pushPort}${path}`)
    return { status: reply.status, body: await reply.json() }
  }
  const partitions = async () => {
    const { body } = await read('/topics/orders/partitions')
    const told = body as {
      leader: number
      replicas: { broker: number; in_sync: boolean }[]
    }[]
    return told.map(({ leader, replicas }) => ({
      leader,
      replicas: replicas.map(({ broker }) => broker),
      inSync: replicas.filter((one) => one.in_sync).map(({ broker }) => broker),
    }))
  }
  const ids = cluster.brokers.map(({ id }) => id)

  expect(await read('/topics')).toEqual({ status: 200, body: ['orders'] })
  expect(await read('/brokers')).toEqual({ status: 200, body: { brokers: ids } })
  const before = await partitions()
  expect(before.map(({ inSync }) => inSync.toSorted())).toEqual([ids, ids, ids])
  expect(await read('/topics/missing')).toMatchObject({ status: 404 })
  expect(await read('/topics')).toMatchObject({ body: ['orders'] })
  const [gone = 0] = ids
  await cluster.kill(gone)

  await expect
    .poll(async () => (await partitions()).flatMap(({ leader, inSync }) => [leader, ...inSync]), {
      timeout: 60_000,
    })
    .not.toContain(gone)
  expect((await partitions()).map(({ replicas }) => replicas)).toEqual(
    before.map(({ replicas }) => replicas),
  )
})
