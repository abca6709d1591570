/**
 * Defects of kafkajs 2.2.4 without kprf's corrections: each defect, and the behaviour of kprf with the same fault.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { TestCluster, type ResponseBody, fault } from '@kprf/embedded-broker/testing'
import {
  KprfOnCluster,
  stockProducer,
  transportOn,
  valuesOf,
} from '../../support/kafkajs-harness.ts'
import { record } from '../../support/producer-harness.ts'
import { unsignedToken } from '../../support/unsigned-token.ts'

const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function startCluster(
  options: Parameters<typeof TestCluster.start>[0],
): Promise<TestCluster> {
  const cluster = await TestCluster.start({ autoCreateTopics: false, ...options })
  closers.push(() => cluster.close())
  return cluster
}

async function stock(
  ...parameters: Parameters<typeof stockProducer>
): ReturnType<typeof stockProducer> {
  const producer = await stockProducer(...parameters)
  closers.push(() => producer.disconnect())
  return producer
}

function kprf(...parameters: ConstructorParameters<typeof KprfOnCluster>): KprfOnCluster {
  const ours = new KprfOnCluster(...parameters)
  closers.push(() => ours.producer.close())
  return ours
}

/** What kafkajs's default partitioner does for records without a key, from partition 0 on. */
function roundRobin(): () => number {
  let next = 0
  return () => next++ % 2
}

describe('a record for a partition that does not exist', () => {
  it('is lost in silence by kafkajs: send resolves', async () => {
    const cluster = await startCluster({ topics: { t: { partitions: 4 } } })
    const producer = await stock(cluster, { createPartitioner: () => () => 99 })

    const result = await producer.send({ topic: 't', messages: [{ value: 'a' }] })

    expect(result).toEqual([])
    expect(valuesOf(cluster, 't')).toEqual([])
  })

  it('is reported by kprf as UnknownPartition', async () => {
    const cluster = await startCluster({ topics: { t: { partitions: 4 } } })

    const reports = await kprf(cluster).deliver(record('a', { partition: 99 }))

    expect(reports).toMatchObject([{ status: 'notPersisted', error: { number: -190 } }])
  })
})

describe('records without a key, of which one broker refuses some at first', () => {
  const options = { brokers: 2, topics: { t: { partitions: 2 } } }

  it('are lost or doubled by kafkajs: the partitioner runs again, brokers that answered are skipped', async () => {
    const cluster = await startCluster(options)
    const producer = await stock(cluster, { createPartitioner: roundRobin })
    cluster.control('Produce', fault.error(6), { brokerId: cluster.leaderOf('t', 1) })
    const messages = ['a', 'b', 'c'].map((value) => ({ value }))

    await producer.send({ topic: 't', messages })

    expect(valuesOf(cluster, 't').toSorted()).toEqual(['a', 'a', 'c', 'c'])
  })

  it('are all stored by kprf, each once', async () => {
    const cluster = await startCluster(options)
    cluster.control('Produce', fault.error(6), { brokerId: cluster.leaderOf('t', 1) })
    const ours = kprf(cluster, { stickyPartitioningLingerMs: 0 })
    const records = ['a', 'b', 'c'].map((value, index) => record(value, { partition: index % 2 }))

    const reports = await ours.deliver(...records)

    expect(reports.map(({ status }) => status)).toEqual(['persisted', 'persisted', 'persisted'])
    expect(valuesOf(cluster, 't').toSorted()).toEqual(['a', 'b', 'c'])
    expect(ours.retried).toEqual([6])
  })
})

describe('one call for two brokers, one failing while the other is slow', () => {
  const options = { brokers: 2, topics: { t: { partitions: 2 } } }

  it('stores records twice with kafkajs: it sends again what is still in flight', async () => {
    const cluster = await startCluster(options)
    // Its metadata request may queue behind the slow one, on the same connection.
    const producer = await stock(cluster, {
      createPartitioner: roundRobin,
      requestTimeoutMs: 300,
    })
    const slow = Promise.withResolvers<undefined>()
    cluster.control('Produce', fault.error(7), { brokerId: cluster.leaderOf('t', 0) })
    cluster.control('Produce', fault.delay(slow.promise), { brokerId: cluster.leaderOf('t', 1) })
    const isFailing = ({ brokerId }: { brokerId: number }) => brokerId === cluster.leaderOf('t', 0)
    const firstTry = cluster.nextRequest('Produce', isFailing)

    const sent = producer.send({ topic: 't', messages: [{ value: 'a' }, { value: 'b' }] })
    await firstTry
    await cluster.nextRequest('Produce', isFailing)
    slow.resolve(undefined)
    await sent

    expect(valuesOf(cluster, 't').length).toBeGreaterThan(2)
  })

  it('stores every record once with kprf', async () => {
    const cluster = await startCluster(options)
    const slow = Promise.withResolvers<undefined>()
    cluster.control('Produce', fault.error(7), { brokerId: cluster.leaderOf('t', 0) })
    cluster.control('Produce', fault.delay(slow.promise), { brokerId: cluster.leaderOf('t', 1) })
    const isFailing = ({ brokerId }: { brokerId: number }) => brokerId === cluster.leaderOf('t', 0)
    const firstTry = cluster.nextRequest('Produce', isFailing)

    const delivered = kprf(cluster).deliver(
      record('a', { partition: 0 }),
      record('b', { partition: 1 }),
    )
    await firstTry
    await cluster.nextRequest('Produce', isFailing)
    slow.resolve(undefined)

    expect((await delivered).map(({ status }) => status)).toEqual(['persisted', 'persisted'])
    expect(valuesOf(cluster, 't').toSorted()).toEqual(['a', 'b'])
  })
})

describe('an answer that is good for one partition and bad for another', () => {
  it('stores the good one twice with kafkajs when the error is retried', async () => {
    const cluster = await startCluster({ topics: { t: { partitions: 2 } } })
    const producer = await stock(cluster, { createPartitioner: roundRobin })
    cluster.control('Produce', fault.error(7, { partition: 1 }))

    await producer.send({ topic: 't', messages: [{ value: 'a' }, { value: 'b' }] })

    expect(valuesOf(cluster, 't', 0)).toEqual(['a', 'a'])
  })

  it('fails the good one with kafkajs when the error is final, though it is stored', async () => {
    const cluster = await startCluster({ topics: { t: { partitions: 2 } } })
    const producer = await stock(cluster, { createPartitioner: roundRobin })
    cluster.control('Produce', fault.error(29, { partition: 1 }))

    const sent = producer.send({ topic: 't', messages: [{ value: 'a' }, { value: 'b' }] })

    await expect(sent).rejects.toMatchObject({ code: 29 })
    expect(valuesOf(cluster, 't', 0)).toEqual(['a'])
  })

  it.each([7, 29])('is told apart by kprf (error %i)', async (errorNumber) => {
    const cluster = await startCluster({ topics: { t: { partitions: 2 } } })
    cluster.control('Produce', fault.error(errorNumber, { partition: 1 }), {
      when: ({ targets }) => targets.some(({ partition }) => partition === 1),
    })

    const reports = await kprf(cluster).deliver(
      record('a', { partition: 0 }),
      record('b', { partition: 1 }),
    )

    expect(reports[0]).toMatchObject({ status: 'persisted', partition: 0, offset: 0n })
    expect(reports[1]?.status).toBe(errorNumber === 7 ? 'persisted' : 'notPersisted')
    expect(valuesOf(cluster, 't', 0)).toEqual(['a'])
  })
})

describe('a topic that was deleted, or whose partition lost its leader', () => {
  const topics = { good: { partitions: 1 }, doomed: { partitions: 1 }, fresh: { partitions: 1 } }
  const poisons = [
    {
      title: 'deleted',
      poison: (cluster: TestCluster) => {
        cluster.deleteTopic('doomed')
      },
    },
    {
      title: 'forbidden',
      poison: (cluster: TestCluster) => {
        const lie = fault.metadataLie({ topic: 'doomed', topicErrorCode: 29 })
        cluster.control('Metadata', lie, { keep: true })
      },
    },
    {
      title: 'leaderless',
      poison: (cluster: TestCluster) => {
        const lie = fault.metadataLie({
          topic: 'doomed',
          partition: 0,
          partitionErrorCode: 5,
          leaderId: -1,
        })
        cluster.control('Metadata', lie, { keep: true })
      },
    },
  ]

  it.each(poisons)('poisons other topics with kafkajs ($title)', async ({ poison }) => {
    const cluster = await startCluster({ topics })
    const producer = await stock(cluster, { retries: 0 })
    await producer.send({ topic: 'good', messages: [{ value: 'a' }] })
    await producer.send({ topic: 'doomed', messages: [{ value: 'b' }] })
    poison(cluster)

    const sent = producer.send({ topic: 'fresh', messages: [{ value: 'c' }] })

    await expect(sent).rejects.toThrow()
    expect(valuesOf(cluster, 'fresh')).toEqual([])
  })

  it.each(poisons)('does not affect other topics with kprf ($title)', async ({ poison }) => {
    const cluster = await startCluster({ topics })
    const ours = kprf(cluster)
    await ours.deliver(record('a', { topic: 'good' }), record('b', { topic: 'doomed' }))
    poison(cluster)

    const reports = await ours.deliver(
      record('c', { topic: 'fresh' }),
      record('d', { topic: 'good' }),
    )

    expect(reports.map(({ status }) => status)).toEqual(['persisted', 'persisted'])
  })
})

describe('a broker that no longer answers on a connection', () => {
  it('stays unreachable for kafkajs, which goes on using the connection', async () => {
    const cluster = await startCluster({ topics: { t: { partitions: 1 } } })
    const producer = await stock(cluster, { retries: 0, requestTimeoutMs: 100 })
    cluster.control('Produce', fault.hang())

    const first = producer.send({ topic: 't', messages: [{ value: 'a' }] })
    await expect(first).rejects.toThrow(/timed out/)
    const second = producer.send({ topic: 't', messages: [{ value: 'b' }] })
    await expect(second).rejects.toThrow(/timed out/)

    const produced = cluster.requests.filter(({ api }) => api === 'Produce')
    expect(new Set(produced.map(({ connectionId }) => connectionId)).size).toBe(1)
    expect(valuesOf(cluster, 't')).toEqual([])
  })

  it('is reached by kprf on a new connection after one request timeout', async () => {
    const cluster = await startCluster({ topics: { t: { partitions: 1 } } })
    cluster.control('Produce', fault.hang())
    const ours = kprf(cluster, { socketTimeoutMs: 100 })

    const reports = await ours.deliver(record('a'))

    expect(reports).toMatchObject([{ status: 'persisted', offset: 0n }])
    // A busy machine may need more than the 100 ms to connect: then an attempt ends before it is sent (-166).
    expect(ours.retried.filter((number) => number !== -166)).toEqual([-185])
    const produced = cluster.requests.filter(({ api }) => api === 'Produce')
    expect(new Set(produced.map(({ connectionId }) => connectionId)).size).toBe(2)
  })
})

describe('a token that a broker refuses', () => {
  const expired = unsignedToken({ sub: 'kprf', exp: 1_600_000_000 })
  const options = { topics: { t: { partitions: 1 } }, sasl: { users: {} } }

  it('is taken for accepted by kafkajs, which then knows no brokers', async () => {
    const cluster = await startCluster(options)
    const sasl = {
      mechanism: 'oauthbearer',
      oauthBearerProvider: () => Promise.resolve({ value: expired }),
    } as const
    const producer = await stock(cluster, { retries: 0, sasl })

    await expect(producer.send({ topic: 't', messages: [{ value: 'a' }] })).rejects.toThrow(
      /^(?!.*(token|SASL|authenti)).*$/is,
    )
  })

  it('is reported by kprf as refused', async () => {
    const cluster = await startCluster(options)
    const transport = transportOn(cluster, {
      sasl: {
        mechanism: 'oauthbearer',
        source: { method: 'static', token: expired },
        extensions: {},
      },
    })
    closers.push(() => transport.close())

    await expect(transport.fetchMetadata(['t'])).rejects.toMatchObject({
      errorNumber: -169,
      message: 'SASL OAUTHBEARER authentication failed: {"status":"invalid_token"}',
    })
    expect(transport.availability).toBe('authenticationFailed')
  })
})

describe('a broker that once leaves Produce out of what it takes', () => {
  const withoutProduce = fault.rewrite(
    ({ apis, ...answer }: ResponseBody<'ApiVersions'>): ResponseBody<'ApiVersions'> => ({
      ...answer,
      apis: apis.filter(({ key }) => key !== 0),
    }),
  )

  it('gets no more records from kafkajs, not even on new connections', async () => {
    const cluster = await startCluster({ topics: { t: { partitions: 1 } } })
    cluster.control('ApiVersions', withoutProduce)
    const producer = await stock(cluster, { retries: 1 })
    const send = () => producer.send({ topic: 't', messages: [{ value: 'a', partition: 0 }] })

    await expect(send()).rejects.toThrow('does not support the requested API version')
    cluster.cutConnections()
    await expect(send()).rejects.toThrow('does not support the requested API version')
  })

  it('gets records from kprf on the next connection', async () => {
    const cluster = await startCluster({ topics: { t: { partitions: 1 } } })
    cluster.control('ApiVersions', withoutProduce)

    expect(await kprf(cluster).deliver(record('a'))).toMatchObject([{ status: 'persisted' }])
  })
})
