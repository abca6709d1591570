import { once } from 'node:events'
import { connect } from 'node:net'
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EmbeddedCluster } from '../src/cluster.ts'
import { TestCluster } from '../src/test-cluster.ts'
import { fetchApi } from '../src/protocol/apis/fetch.ts'
import { metadataApi } from '../src/protocol/apis/metadata.ts'
import { produceApi } from '../src/protocol/apis/produce.ts'
import { recordBatch } from './support/batch-builder.ts'
import { fetchRequest, firstFetched } from './support/requests.ts'
import { firstPartition, produceRequest } from './support/produce.ts'
import { WireClient } from './support/wire-client.ts'

const metadataOf = (...names: string[]) => ({
  topics: names.map((name) => ({ id: '0'.repeat(32), name })),
  allowAutoTopicCreation: true,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
})

describe('EmbeddedCluster', () => {
  test('has the topics that it is started with, and nothing of it listens once it is closed', async () => {
    const cluster = await EmbeddedCluster.start({ topics: { orders: { partitions: 2 } } })
    const [host = '', port = ''] = cluster.bootstrap.split(':')
    const kafka = new Kafka({ brokers: [cluster.bootstrap], logLevel: logLevel.NOTHING })
    const admin = kafka.admin({ retry: { retries: 0 } })
    await admin.connect()

    const { topics } = await admin.fetchTopicMetadata({ topics: ['orders'] })
    await admin.disconnect()
    await cluster.close()
    const [error] = await once(connect(Number(port), host), 'error')

    expect(topics).toMatchObject([{ name: 'orders', partitions: [{}, {}] }])
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('TestCluster', () => {
  let cluster: TestCluster

  beforeEach(async () => {
    cluster = await TestCluster.start({ brokers: 3, topics: { orders: { partitions: 3 } } })
  })

  afterEach(async () => {
    await cluster.close()
  })

  test('stores what a kafkajs producer sends, with keys, headers and timestamps', async () => {
    const kafka = new Kafka({ brokers: cluster.bootstrap.split(','), logLevel: logLevel.NOTHING })
    const producer = kafka.producer({ retry: { retries: 0 } })
    await producer.connect()

    const results = await producer.send({
      topic: 'orders',
      messages: [
        { partition: 1, key: 'k', value: 'one', headers: { a: 'b' }, timestamp: '1700000000001' },
        { partition: 1, value: null, timestamp: '1700000000002' },
      ],
    })
    await producer.disconnect()

    expect(results).toMatchObject([{ topicName: 'orders', partition: 1, baseOffset: '0' }])
    expect(cluster.records('orders')).toEqual([
      {
        partition: 1,
        offset: 0n,
        key: Buffer.from('k'),
        value: Buffer.from('one'),
        headers: [{ key: 'a', value: Buffer.from('b') }],
        timestampMs: 1_700_000_000_001,
        compression: 'none',
      },
      {
        partition: 1,
        offset: 1n,
        key: null,
        value: null,
        headers: [],
        timestampMs: 1_700_000_000_002,
        compression: 'none',
      },
    ])
  })

  test('spreads leaders over the brokers and names them in metadata', async () => {
    const client = await WireClient.connect(cluster.bootstrap, 2)

    const metadata = await client.send(metadataApi, 6, metadataOf('orders'))

    expect(metadata.brokers.map(({ nodeId }) => nodeId)).toEqual([1, 2, 3])
    expect(metadata.topics[0]?.partitions.map(({ leaderId }) => leaderId)).toEqual([1, 2, 3])
    await client.close()
  })

  test('refuses records for a partition that another broker leads', async () => {
    const client = await WireClient.connect(cluster.bootstrap, 1)

    const before = await client.send(produceApi, 7, produceRequest('orders', 1))
    cluster.moveLeader('orders', 1, 1)
    const after = await client.send(produceApi, 7, produceRequest('orders', 1))

    expect(firstPartition(before).errorCode).toBe(6)
    expect(firstPartition(after)).toMatchObject({ errorCode: 0, baseOffset: 0n })
    await client.close()
  })

  test('moves the partitions of a stopped broker, and takes it back on the same port', async () => {
    const bootstrap = cluster.bootstrap
    const client = await WireClient.connect(bootstrap, 2)

    await cluster.stopBroker(2)
    await client.closed

    expect(cluster.leaderOf('orders', 1)).toBe(3)
    await expect(WireClient.connect(bootstrap, 2)).rejects.toThrow('ECONNREFUSED')

    await cluster.startBroker(2)

    expect(cluster.bootstrap).toBe(bootstrap)
    const again = await WireClient.connect(bootstrap, 2)
    const metadata = await again.send(metadataApi, 6, metadataOf('orders'))
    expect(metadata.brokers).toHaveLength(3)
    await again.close()
  })

  test('leaves partitions without a leader while no broker is up', async () => {
    await cluster.stopBroker(1)
    await cluster.stopBroker(2)
    await cluster.stopBroker(3)

    expect(cluster.leaderOf('orders', 0)).toBe(-1)

    await cluster.startBroker(2)

    expect([0, 1, 2].map((partition) => cluster.leaderOf('orders', partition))).toEqual([2, 2, 2])
  })

  test('keeps the requests it received and announces the next', async () => {
    const client = await WireClient.connect(cluster.bootstrap, 1)
    const next = cluster.nextRequest('Produce', ({ brokerId }) => brokerId === 1)

    await client.send(metadataApi, 6, metadataOf('orders'))
    await client.send(produceApi, 7, produceRequest('orders', 0))

    expect(await next).toMatchObject({ version: 7, targets: [{ topic: 'orders', partition: 0 }] })
    expect(cluster.requests.map(({ api }) => api)).toEqual(['Metadata', 'Produce'])
    await client.close()
  })

  test('creates, grows and deletes topics, and says what cannot be done', () => {
    cluster.createTopic('new', { partitions: 1 })
    cluster.addPartitions('new', 3)

    expect(cluster.topicNames()).toEqual(['orders', 'new'])
    expect(cluster.leaderOf('new', 2)).toBe(3)
    expect(() => {
      cluster.createTopic('new')
    }).toThrow('cannot create topic new: Kafka error 36')

    cluster.deleteTopic('new')

    expect(cluster.topicNames()).toEqual(['orders'])
    expect(() => cluster.records('new')).toThrow('there is no topic new')
  })

  test('closes what it has started when a port is taken', async () => {
    const port = Number(cluster.bootstrap.split(':')[1]?.split(',')[0])

    await expect(TestCluster.start({ port })).rejects.toThrow('EADDRINUSE')
  })

  test('cuts the connections of one broker or of all, which may come back', async () => {
    const one = await WireClient.connect(cluster.bootstrap, 1)
    const other = await WireClient.connect(cluster.bootstrap, 2)

    cluster.cutConnections(1)
    await one.closed
    await other.send(metadataApi, 6, metadataOf('orders'))
    cluster.cutConnections()
    await other.closed

    await (await WireClient.connect(cluster.bootstrap, 1)).close()
  })

  test('can be closed and its brokers stopped and started more than once', async () => {
    await cluster.startBroker(1)
    await cluster.stopBroker(1)
    await cluster.stopBroker(1)
    await cluster.close()
    await cluster.close()

    await expect(WireClient.connect(cluster.bootstrap, 2)).rejects.toThrow('ECONNREFUSED')
  })

  test('takes ports in a row from the one given', async () => {
    const port = Number(cluster.bootstrap.split(':')[1]?.split(',')[0])
    await cluster.close()

    cluster = await TestCluster.start({ port, advertisedHost: 'localhost' })

    expect(cluster.bootstrap).toBe(`localhost:${port}`)
    expect(cluster.brokerIds).toEqual([1])
  })

  test('knows neither brokers nor partitions that are not there', () => {
    expect(() => {
      cluster.moveLeader('orders', 0, 9)
    }).toThrow('there is no broker 9')
    expect(() => {
      cluster.moveLeader('orders', 9, 1)
    }).toThrow('there is no partition orders/9')
  })

  test('forgets requests when it is told to', async () => {
    const client = await WireClient.connect(cluster.bootstrap)
    await client.send(metadataApi, 6, metadataOf('orders'))

    cluster.clearRequests()

    expect(cluster.requests).toEqual([])
    await client.close()
  })

  test('sends a large answer to a client that reads slowly', async () => {
    const client = await WireClient.connect(cluster.bootstrap, 1)
    const batch = recordBatch({ body: Buffer.alloc(1_000_000), attributes: 1 })
    for (let count = 0; count < 10; count += 1) {
      await client.send(produceApi, 7, produceRequest('orders', 0, batch))
    }
    const everything = { maxBytes: 20_000_000, partitionMaxBytes: 20_000_000 }
    const response = client.send(fetchApi, 11, fetchRequest('orders', 0n, everything))
    client.socket.pause()
    await cluster.nextRequest('Fetch')
    client.socket.resume()

    expect(firstFetched(await response).records).toHaveLength(10 * batch.length)
    await client.close()
  })

  test('warns of a defect of its own, unless told where to report it', async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const client = await WireClient.connect(cluster.bootstrap, 1)
    cluster.control('Metadata', () => Promise.reject(new Error('a defect')))

    await expect(client.send(metadataApi, 6, metadataOf('orders'))).rejects.toThrow('closed')

    expect(emitWarning).toHaveBeenCalledWith(expect.objectContaining({ message: 'a defect' }))
    emitWarning.mockRestore()
  })
})
