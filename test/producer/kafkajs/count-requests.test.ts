import { afterEach, describe, expect, it } from 'vitest'
import { TestCluster, type TestClusterOptions, fault } from '@kprf/embedded-broker/testing'
import type {
  BrokerData,
  StatisticsData,
} from '../../../src/producer/statistics/statistics-data.ts'
import { createAuthority } from '../../support/certificates.ts'
import { CountingProxies } from '../../support/counting-proxy.ts'
import { MeasuredProducer, type MeasuredProducerOptions } from '../../support/measured-producer.ts'
import { until } from '../../support/until.ts'
import type { DeliveryReport } from '../../../src/producer/types.ts'
import { record } from '../../support/producer-harness.ts'
import { sendAll } from '../../support/send-all.ts'

const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Running {
  readonly cluster: TestCluster
  readonly proxies: CountingProxies
  readonly measured: MeasuredProducer
  /** Closes the producer and returns its last statistics. */
  readonly finish: () => Promise<StatisticsData>
}

async function start(
  clusterOptions: TestClusterOptions = {},
  options: Partial<MeasuredProducerOptions> = {},
): Promise<Running> {
  const topics = { t: { partitions: 4 }, u: { partitions: 2 } }
  const cluster = await TestCluster.start({ topics, ...clusterOptions })
  closers.push(() => cluster.close())
  const proxies = await CountingProxies.start(cluster.bootstrap)
  closers.push(() => proxies.close())
  const measured = new MeasuredProducer({ bootstrap: cluster.bootstrap, proxies, ...options })
  closers.push(() => measured.producer.close())
  const finish = async (): Promise<StatisticsData> => {
    const last = await measured.close()
    await proxies.drained()
    return last
  }
  return { cluster, proxies, measured, finish }
}

const some = (count: number, bytes = 100) =>
  Array.from({ length: count }, (_, index) =>
    record('x'.repeat(bytes), { topic: index % 3 === 0 ? 'u' : 't', partition: index % 2 }),
  )

/** How many requests of each kind a cluster received. */
function received({ requests }: TestCluster, brokerId?: number): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const request of requests) {
    if (brokerId !== undefined && request.brokerId !== brokerId) continue
    counts[request.api] = (counts[request.api] ?? 0) + 1
  }
  return counts
}

const brokersOf = ({ brokers }: StatisticsData): BrokerData[] => Object.values(brokers)

const only = (data: StatisticsData): BrokerData => {
  const [broker, ...others] = brokersOf(data)
  if (!broker || others.length > 0) throw new Error(`brokers: ${Object.keys(data.brokers).join()}`)
  return broker
}

const tls = (() => {
  const authority = createAuthority()
  return { ca: authority.cert, ...authority.issue('localhost') }
})()
const users = { alice: 'secret' }
const sasl = { mechanism: 'scram-sha-256', username: 'alice', password: 'secret' } as const
const plain = { ...sasl, mechanism: 'plain' } as const

describe('the statistics of a broker', () => {
  it.each<[string, TestClusterOptions, MeasuredProducerOptions['transport']]>([
    ['plain text', {}, {}],
    ['SASL PLAIN', { sasl: { users } }, { sasl: plain }],
    ['SCRAM', { sasl: { users } }, { sasl }],
    ['TLS', { tls }, { ssl: { ca: tls.ca } }],
    ['TLS and SCRAM', { tls, sasl: { users } }, { ssl: { ca: tls.ca }, sasl }],
  ])('have every request and every byte: %s', async (_, clusterOptions, transport = {}) => {
    const { cluster, proxies, measured, finish } = await start(clusterOptions, { transport })
    for (let wave = 0; wave < 5; wave += 1) await measured.deliver(some(200, 10 ** wave / 2))

    const data = await finish()

    const requests = received(cluster)
    const total = Object.values(requests).reduce((sum, count) => sum + count, 0)
    const broker = only(data)
    expect(broker.req).toEqual(requests)
    expect(broker).toMatchObject({ tx: total, rx: total, connects: 2, disconnects: 0, txerrs: 0 })
    expect(data).toMatchObject({ tx: total, rx: total, txmsgs: 1000 })
    expect(proxies.connections).toBe(2)
    expect(data.tx_bytes).toBe(proxies.toBrokers)
    // The end of a TLS connection is no longer read.
    expect(Math.abs(data.rx_bytes - proxies.fromBrokers)).toBeLessThanOrEqual(64)
  })

  it('are those of each broker of a cluster', async () => {
    const { cluster, measured, finish } = await start({ brokers: 3 })
    await measured.deliver(some(400))

    const data = await finish()

    for (const id of cluster.brokerIds) {
      const broker = brokersOf(data).find(({ nodeid }) => nodeid === id)
      expect(broker?.req ?? {}).toEqual(received(cluster, id))
    }
    expect(data.tx).toBe(brokersOf(data).reduce((sum, { tx }) => sum + tx, 0))
    expect(data.tx_bytes).toBe(brokersOf(data).reduce((sum, { txbytes }) => sum + txbytes, 0))
  })

  it('go on over connections that broke, and say what they cost', async () => {
    const { cluster, proxies, measured, finish } = await start()
    await measured.deliver(some(100))
    cluster.control('Produce', fault.cutAfter())
    await measured.deliver(some(100))
    const { connects } = only(await measured.collect())
    proxies.cut()
    // What is sent on a connection that is cut but not known to be would be counted, and never arrive.
    await until('the end of all connections', 10_000, async () => {
      const { disconnects } = only(await measured.collect())
      return disconnects >= connects || undefined
    })
    await measured.deliver(some(100))

    const data = await finish()

    const broker = only(data)
    expect(data.txmsgs).toBe(300)
    expect(broker.req['Produce']).toBe(received(cluster)['Produce'])
    expect(broker.tx - broker.rx).toBe(broker.txerrs)
    expect(broker.txerrs).toBeGreaterThanOrEqual(1)
    expect(broker.txretries).toBeGreaterThanOrEqual(1)
    expect(broker.connects).toBe(proxies.connections)
    expect(broker.disconnects).toBeGreaterThanOrEqual(2)
    expect(broker.rxerrs).toBe(broker.disconnects)
    expect(data.tx_bytes).toBe(proxies.toBrokers)
  })

  it.each([
    ['closes the connection before', fault.cutBefore()],
    ['resets it before', fault.cutBefore({ withReset: true })],
    ['closes it after', fault.cutAfter()],
    ['breaks it within the answer', fault.cutWithin(10)],
    ['answers garbage', fault.garbage(Buffer.alloc(64, 0xff))],
    ['answers what cannot be decoded', fault.garbageBody(Buffer.alloc(3))],
    ['answers at a wrong length', fault.wrongLength(-5)],
    ['answers somebody else', fault.wrongCorrelationId(99_999)],
    ['does not answer', fault.hang()],
    ['refuses', fault.error(6)],
  ])('lose no request when the broker %s', async (_, sabotage) => {
    const { cluster, measured, finish } = await start(
      {},
      { producer: { socketTimeoutMs: 200, retries: 10 } },
    )
    await measured.deliver(some(10))
    cluster.control('Produce', sabotage, { times: 2 })
    cluster.control('Metadata', sabotage)
    await measured.deliver(some(10))
    await measured.deliver(some(10))

    const data = await finish()

    const { tx, rx, txerrs, outbuf_cnt: unsent, waitresp_cnt: unanswered } = only(data)
    expect({ unsent, unanswered }).toEqual({ unsent: 0, unanswered: 0 })
    expect(tx - rx).toBe(txerrs)
    // A broker does not process requests sent after the one that ends the connection.
    expect(tx).toBeGreaterThanOrEqual(cluster.requests.length)
    expect(rx).toBeLessThanOrEqual(cluster.requests.length)
    expect(data.txmsgs).toBe(30)
  })

  it('count a request that is never answered as timed out, on the broker that owes the answer', async () => {
    const { cluster, measured, finish } = await start(
      {},
      { producer: { socketTimeoutMs: 300, retries: 5 } },
    )
    await measured.deliver(some(10))
    cluster.control('Produce', fault.hang())
    await measured.deliver(some(10))

    expect(only(await finish())).toMatchObject({ req_timeouts: 1, disconnects: 1, rxerrs: 0 })
  })

  it('count an answer that belongs to no request', async () => {
    const { cluster, measured, finish } = await start()
    await measured.deliver(some(10))
    cluster.control('Produce', fault.wrongCorrelationId(123_456))
    await measured.deliver(some(10))

    expect(only(await finish())).toMatchObject({ rxcorriderrs: 1, rxerrs: 1, disconnects: 1 })
  })

  it('count no answers where none are asked for', async () => {
    const { measured, finish } = await start({}, { producer: { requiredAcks: 0 } })
    await measured.deliver(some(10))

    const broker = only(await finish())

    const { Produce: produced = 0 } = broker.req
    expect(produced).toBeGreaterThan(0)
    expect(broker.tx - broker.rx).toBe(produced)
    expect(broker).toMatchObject({ txerrs: 0, waitresp_cnt: 0, outbuf_cnt: 0 })
  })

  it('have the time that brokers ask for', async () => {
    const { cluster, measured } = await start()
    await measured.deliver(some(2))
    await measured.collect()
    cluster.control('Produce', fault.throttle(25))
    await measured.deliver([record('a')])
    await measured.deliver([record('a')])

    const { throttle, rtt } = only(await measured.collect())

    expect(throttle).toMatchObject({ min: 0, max: 25, cnt: 2 })
    expect(rtt.cnt).toBe(2)
  })

  it('do not count a request that was given up while it was held back', async () => {
    const { cluster, measured, finish } = await start({}, { producer: { lingerMs: 0 } })
    const deliver = (value: string, deliveryTimeoutMs: number): Promise<DeliveryReport> => {
      const { promise, resolve } = Promise.withResolvers<DeliveryReport>()
      void sendAll(measured.producer, [record(value)], resolve, { deliveryTimeoutMs })
      return promise
    }
    await deliver('a', 60_000)
    cluster.control('Produce', fault.throttle(800))
    await deliver('b', 60_000)

    expect(await deliver('c', 150)).toMatchObject({ status: 'notPersisted' })
    // Given enough time: on a busy machine it might otherwise be given up after it was sent.
    expect(await deliver('d', 60_000)).toMatchObject({ status: 'persisted' })

    const broker = only(await finish())
    expect(broker).toMatchObject({ outbuf_cnt: 0, waitresp_cnt: 0, txerrs: 0 })
    expect(broker.req).toEqual(received(cluster))
  })

  it('show what waits for an answer, and the state of the broker', async () => {
    const { cluster, measured } = await start({}, { producer: { lingerMs: 0 } })
    expect(only(await measured.collect()).state).not.toBe('DOWN')
    await measured.deliver(some(4))
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const control = cluster.control('Produce', fault.delayAnswer(promise))
    const delivered = measured.deliver([record('a'), record('b')])
    await control.applied

    const during = only(await measured.collect())
    resolve(undefined)
    await delivered
    const after = only(await measured.collect())
    await cluster.close()

    expect(during).toMatchObject({ state: 'UP', waitresp_cnt: 1, waitresp_msg_cnt: 2 })
    expect(after).toMatchObject({ state: 'UP', waitresp_cnt: 0, waitresp_msg_cnt: 0 })
    await expect.poll(async () => only(await measured.collect()).state).toBe('DOWN')
  })

  it.each([
    ['ApiVersions', 'APIVERSION_QUERY'],
    ['SaslHandshake', 'AUTH_HANDSHAKE'],
    ['SaslAuthenticate', 'AUTH'],
    ['Metadata', 'UP'],
  ] as const)('show that it waits for %s', async (api, state) => {
    const cluster = await TestCluster.start({ topics: {}, sasl: { users } })
    closers.push(() => cluster.close())
    const control = cluster.control(api, fault.hang())
    const measured = new MeasuredProducer({ bootstrap: cluster.bootstrap, transport: { sasl } })
    closers.push(() => measured.producer.close())
    await control.applied

    expect(only(await measured.collect())).toMatchObject({ state, waitresp_cnt: 1 })
  })
})
