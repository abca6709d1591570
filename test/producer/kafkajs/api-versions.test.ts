import { afterEach, describe, expect, it } from 'vitest'
import {
  TestCluster,
  fault,
  type Fault,
  type RequestBody,
  type ResponseBody,
} from '@kprf/embedded-broker/testing'
import { KprfOnCluster, transportOn, valuesOf } from '../../support/kafkajs-harness.ts'
import { record } from '../../support/producer-harness.ts'

type ApiVersionsFault = Fault<RequestBody<'ApiVersions'>, ResponseBody<'ApiVersions'>>

const PRODUCE = 0
const METADATA = 3
const SASL_HANDSHAKE = 17
const INIT_PRODUCER_ID = 22

const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function startCluster(
  options: Parameters<typeof TestCluster.start>[0] = {},
): Promise<TestCluster> {
  const cluster = await TestCluster.start({ topics: { t: { partitions: 1 } }, ...options })
  closers.push(() => cluster.close())
  return cluster
}

/** Leaves a request out of the answer. */
function without(apiKey: number): ApiVersionsFault {
  return fault.rewrite((answer) => ({
    ...answer,
    apis: answer.apis.filter(({ key }) => key !== apiKey),
  }))
}

/** An answer with other versions of one request. */
function ranging(apiKey: number, minVersion: number, maxVersion: number): ApiVersionsFault {
  return fault.rewrite((answer) => ({
    ...answer,
    apis: answer.apis.map((api) => (api.key === apiKey ? { ...api, minVersion, maxVersion } : api)),
  }))
}

describe('the API versions of a broker', () => {
  it('are asked for on each connection', async () => {
    const cluster = await startCluster()
    const transport = transportOn(cluster)
    closers.push(() => transport.close())
    await transport.fetchMetadata(['t'])
    cluster.cutConnections()
    const next = cluster.nextRequest('Metadata')
    while ((await transport.fetchMetadata(['t']).catch(() => undefined)) === undefined);
    await next

    const connectionsOf = (api: string): ReadonlySet<number> =>
      new Set(
        cluster.requests
          .filter((received) => received.api === api)
          .map(({ connectionId }) => connectionId),
      )
    expect(connectionsOf('Metadata').size).toBe(2)
    expect([...connectionsOf('ApiVersions')]).toEqual(
      expect.arrayContaining([...connectionsOf('Metadata')]),
    )
  })

  it.each([
    ['Produce', PRODUCE, {}],
    ['Metadata', METADATA, {}],
    ['InitProducerId', INIT_PRODUCER_ID, { enableIdempotence: true, requiredAcks: -1 }],
  ] as const)(
    'without %s counts for one connection: records go when it is asked again',
    async (_, apiKey, settings) => {
      const cluster = await startCluster()
      const lie = cluster.control('ApiVersions', without(apiKey))
      const kprf = new KprfOnCluster(cluster, settings)
      closers.push(() => kprf.producer.close())

      const reports = await kprf.deliver(record('a'))

      expect(lie.appliedCount).toBe(1)
      expect(reports).toMatchObject([{ status: 'persisted' }])
      expect(valuesOf(cluster, 't')).toEqual(['a'])
    },
  )

  it('without Produce, on the connection for produce requests alone, counts for that connection', async () => {
    const cluster = await startCluster()
    const kprf = new KprfOnCluster(cluster)
    closers.push(() => kprf.producer.close())
    await kprf.deliver(record('a'))
    const lie = cluster.control('ApiVersions', without(PRODUCE), { times: 2 })
    cluster.cutConnections()

    const reports = await kprf.deliver(record('b'))

    expect(lie.appliedCount).toBe(2)
    expect(reports).toMatchObject([{ status: 'persisted' }])
  })

  it('without SaslHandshake counts for that connection alone', async () => {
    const cluster = await startCluster({ sasl: { users: { kprf: 'secret' } } })
    const sasl = { mechanism: 'plain', username: 'kprf', password: 'secret' } as const
    const transport = transportOn(cluster, { sasl, reconnectBackoffMs: 0 })
    closers.push(() => transport.close())
    cluster.control('ApiVersions', without(SASL_HANDSHAKE))

    await expect(transport.fetchMetadata(['t'])).rejects.toThrow(
      'does not support SaslHandshake requests',
    )
    expect((await transport.fetchMetadata(['t'])).topics).toHaveLength(1)
  })

  it('are its own, not those of the broker that was asked first', async () => {
    const cluster = await startCluster({ brokers: 2, topics: { t: { partitions: 2 } } })
    cluster.control('ApiVersions', ranging(PRODUCE, 0, 3), { brokerId: 1, keep: true })
    const kprf = new KprfOnCluster(cluster)
    closers.push(() => kprf.producer.close())

    await kprf.deliver(record('a', { partition: 0 }), record('b', { partition: 1 }))

    const versions = cluster.requests
      .filter(({ api }) => api === 'Produce')
      .map(({ brokerId, version }) => [brokerId, version])
    expect(new Map(versions.map(([id, version]) => [id, version]))).toEqual(
      new Map([
        [1, 3],
        [2, 8],
      ]),
    )
  })

  it.each([
    [
      without(PRODUCE),
      'reports that it does not support Produce requests; kprf asks again on another connection. If this lasts, check that the address is a broker and not a KRaft controller, and check the proxies in between',
    ],
    [
      ranging(PRODUCE, 0, 2),
      'supports versions 0 to 2 of Produce requests, and kprf sends 3 to 8: upgrade the broker to Kafka 0.11 or later',
    ],
    [
      ranging(METADATA, 9, 13),
      'supports versions 9 to 13 of Metadata requests, and kprf sends 0 to 6: upgrade kprf',
    ],
  ])('that kprf cannot use are an error that says what to do', async (lie, words) => {
    const cluster = await startCluster()
    cluster.control('ApiVersions', lie, { keep: true })
    const transport = transportOn(cluster)
    closers.push(() => transport.close())

    await expect(transport.fetchMetadata(['t'])).rejects.toMatchObject({
      errorNumber: -195,
      message: `${cluster.bootstrap} ${words}`,
    })
  })
})
