/** What librdkafka's properties do, seen from the broker. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import {
  TestCluster,
  type TestClusterOptions,
  type ReceivedRequest,
  fault,
  type ProduceRequest,
} from '@kprf/embedded-broker/testing'
import { Evidence } from '../faults/support/evidence.ts'
import { failure, OK, record } from '../faults/support/fault-test.ts'
import { Proxy } from '../faults/support/proxy.ts'
import { SkippableClock } from '../faults/support/skippable-clock.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function start(
  properties: Readonly<Record<string, string | number | boolean>>,
  options: TestClusterOptions = {},
  clock?: Clock,
): Promise<{ readonly cluster: TestCluster; readonly proxy: Proxy }> {
  const cluster = await TestCluster.start({ topics: { t: { partitions: 3 } }, ...options })
  closers.push(() => cluster.close())
  const settings = Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [`kafka.properties.${name}`, String(value)]),
  )
  const proxy = await Proxy.start({
    cluster,
    settings,
    evidence: new Evidence(),
    ...(clock && { clock }),
  })
  closers.push(() => proxy.stop())
  return { cluster, proxy }
}

/** Notes every Produce request, which then goes on. */
function watchProduce(cluster: TestCluster): readonly ProduceRequest[] {
  const requests: ProduceRequest[] = []
  cluster.control(
    'Produce',
    (exchange) => {
      requests.push(exchange.request)
      return exchange.proceed()
    },
    { keep: true },
  )
  return requests
}

const MANY = Array.from({ length: 10 }, (_, index) => record(`record ${index}`))

describe('properties of librdkafka', () => {
  it('client.id names kprf in every request', async () => {
    const { cluster, proxy } = await start({ 'client.id': 'orders' })

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    expect(new Set(cluster.requests.map(({ clientId }) => clientId))).toEqual(new Set(['orders']))
  })

  it('acks and request.timeout.ms are what the broker is told', async () => {
    const { cluster, proxy } = await start({ acks: '1', 'request.timeout.ms': 1234 })
    const requests = watchProduce(cluster)

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    expect(requests).toMatchObject([{ acks: 1, timeoutMs: 1234 }])
  })

  it('batch.num.messages bounds a batch', async () => {
    const { cluster, proxy } = await start({ 'batch.num.messages': 4 })
    const requests = watchProduce(cluster)

    expect(await proxy.push(...MANY)).toMatchObject(OK)
    expect(requests).toHaveLength(3)
    expect(cluster.records('t').map(({ value }) => String(value))).toEqual(
      MANY.map(({ data }) => data),
    )
  })

  it('batch.size bounds a batch, whose first record always goes in', async () => {
    const { cluster, proxy } = await start({ 'batch.size': 1 })
    const requests = watchProduce(cluster)

    expect(await proxy.push(...MANY)).toMatchObject(OK)
    expect(requests).toHaveLength(MANY.length)
  })

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])('compression.codec %s', async (codec) => {
    const { cluster, proxy } = await start({ 'compression.codec': codec })
    const data = 'again and again '.repeat(100)

    expect(await proxy.push(record(data))).toMatchObject(OK)
    expect(
      cluster.records('t').map(({ value, compression }) => [String(value), compression]),
    ).toEqual([[data, codec]])
  })

  it('partitioner murmur2 puts records without a key into one partition', async () => {
    const { cluster, proxy } = await start({ partitioner: 'murmur2' })

    expect(await proxy.push(...MANY.map(({ topic, data }) => ({ topic, data })))).toMatchObject(OK)
    expect(new Set(cluster.records('t').map(({ partition }) => partition)).size).toBe(1)
  })

  it('max.in.flight 1 lets one request out at a time, with the order of each partition kept', async () => {
    const { cluster, proxy } = await start({ 'max.in.flight': 1 })
    let inFlight = 0
    let mostInFlight = 0
    cluster.control(
      'Produce',
      async (exchange) => {
        mostInFlight = Math.max(mostInFlight, (inFlight += 1))
        const reply = await exchange.proceed()
        await new Promise(setImmediate)
        inFlight -= 1
        return reply
      },
      { keep: true },
    )

    const pushes = MANY.map((pushed, index) => proxy.push({ ...pushed, partition: index % 3 }))
    await Promise.all(pushes)

    expect(mostInFlight).toBe(1)
    expect(cluster.records('t')).toHaveLength(MANY.length)
  })

  it('enable.idempotence stores a record once whose answer was lost', async () => {
    const { cluster, proxy } = await start({ 'enable.idempotence': true })
    cluster.control('Produce', fault.cutAfter())

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    expect(cluster.records('t')).toHaveLength(1)
  })

  it('allow.auto.create.topics false creates no topic', async () => {
    const { cluster, proxy } = await start({
      'allow.auto.create.topics': false,
      'topic.metadata.propagation.max.ms': 0,
    })

    expect(await proxy.push({ topic: 'new', data: 'a' })).toMatchObject({ status: 404 })
    expect(cluster.topicNames()).toEqual(['t'])
  })

  it('retries 0 gives a record up after one attempt', async () => {
    const { cluster, proxy } = await start({ retries: 0 })
    cluster.control('Produce', fault.error(7))

    expect(await proxy.push(record('a'))).toMatchObject(failure(504, 50401, 7))
  })

  it('socket.timeout.ms ends a connection that does not answer', async () => {
    const { cluster, proxy } = await start({ 'socket.timeout.ms': 50 })
    cluster.control('Produce', fault.hang())

    expect(await proxy.push(record('a'))).toMatchObject(OK)
    expect(await proxy.signs('kprf_kafka_connections_lost_total')).toEqual({
      'kprf_kafka_connections_lost_total{reason="timeout"}': 1,
    })
  })

  it('connections.max.idle.ms closes connections, and the next push opens one', async () => {
    const clock = new SkippableClock()
    const { cluster, proxy } = await start({ 'connections.max.idle.ms': 60_000 }, {}, clock)
    const connectionOf = (): number | undefined =>
      cluster.requests.findLast(({ api }) => api === 'Produce')?.connectionId
    await proxy.push(record('a'))
    const first = connectionOf()

    for (let quarters = 0; quarters < 6; quarters += 1) {
      clock.skip(15_000)
      await proxy.health() // long enough for the timers that are due by now
    }
    await proxy.push(record('b'))

    expect(connectionOf()).not.toBe(first)
    expect(await proxy.signs('kprf_kafka_connections_lost_total')).toEqual({})
  })

  it('topic.metadata.refresh.interval.ms asks about topics in use', async () => {
    const { cluster, proxy } = await start({
      'topic.metadata.refresh.interval.ms': 20,
      'metadata.max.age.ms': 60_000,
    })
    await proxy.push(record('a'))
    const isOfTopic = ({ targets }: ReceivedRequest): boolean => targets[0]?.topic === 't'

    for (let times = 0; times < 3; times += 1) await cluster.nextRequest('Metadata', isOfTopic)
  })

  it('message.timeout.ms 0 waits for as long as it takes', async () => {
    const { cluster, proxy } = await start({ 'message.timeout.ms': 0, 'retry.backoff.max.ms': 100 })
    const control = cluster.control('Produce', fault.error(6), { keep: true })
    const push = proxy.push(record('a'))
    await expect.poll(() => control.appliedCount).toBeGreaterThan(5)
    control.remove()

    expect(await push).toMatchObject(OK)
  })

  it('those without effect are named in the log', async () => {
    const { proxy } = await start({ 'client.rack': 'r1' })

    await proxy.logged({
      level: 'warn',
      msg: 'kafka.properties.client.rack: has no effect: only consumers use a rack, to read from the nearest replica (--kafka.properties.client.rack)',
    })
  })
})
