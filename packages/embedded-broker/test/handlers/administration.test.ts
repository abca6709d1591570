import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs'
import type { Admin } from 'kafkajs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestCluster } from '../../src/test-cluster.ts'
import { describeConfigsApi } from '../../src/protocol/apis/describe.ts'
import { metadataApi } from '../../src/protocol/apis/metadata.ts'
import {
  createPartitionsApi,
  createTopicsApi,
  deleteTopicsApi,
} from '../../src/protocol/apis/topic-administration.ts'
import { metadataRequest } from '../support/requests.ts'
import { WireClient } from '../support/wire-client.ts'

const newTopic = (name: string, changes: object = {}) => ({
  topics: [
    { name, partitionCount: 3, replicationFactor: 1, assignments: [], configs: [], ...changes },
  ],
  timeoutMs: 1000,
  validateOnly: false,
})

describe('administration', () => {
  let cluster: TestCluster
  let client: WireClient
  let admin: Admin

  beforeEach(async () => {
    cluster = await TestCluster.start({
      brokers: 2,
      defaultPartitions: 5,
      maxPartitions: 20,
      topics: { orders: { partitions: 2 } },
    })
    client = await WireClient.connect(cluster.bootstrap)
    const kafka = new Kafka({ brokers: cluster.bootstrap.split(','), logLevel: logLevel.NOTHING })
    admin = kafka.admin()
  })

  afterEach(async () => {
    await admin.disconnect()
    await client.close()
    await cluster.close()
  })

  test('creates, grows, describes and deletes topics for a kafkajs admin', async () => {
    await admin.connect()
    await admin.createTopics({
      topics: [{ topic: 'made', numPartitions: 2, replicationFactor: 2 }],
    })
    await admin.createPartitions({ topicPartitions: [{ topic: 'made', count: 3 }] })
    const { topics } = await admin.fetchTopicMetadata({ topics: ['made'] })
    await admin.deleteTopics({ topics: ['made'] })

    expect(topics[0]?.partitions.map(({ replicas }) => replicas)).toEqual([
      [1, 2],
      [2, 1],
      [1, 2],
    ])
    expect(cluster.topicNames()).toEqual(['orders'])
    expect(await admin.describeCluster()).toMatchObject({ controller: 1, brokers: { length: 2 } })
  })

  test('names what a topic was created with and what is the default', async () => {
    const configs = [{ name: 'max.message.bytes', value: '500' }]
    const created = await client.send(createTopicsApi, 7, newTopic('made', { configs }))
    await admin.connect()
    const described = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: 'made',
          configNames: ['max.message.bytes', 'retention.ms'],
        },
      ],
    })

    expect(created.topics[0]?.configs).toContainEqual(
      expect.objectContaining({ name: 'max.message.bytes', value: '500', source: 1 }),
    )
    expect(described.resources[0]?.configEntries).toMatchObject([
      { configName: 'max.message.bytes', configValue: '500', isDefault: false },
      { configName: 'retention.ms', configValue: '604800000' },
    ])
  })

  test('describes its brokers, and nothing that it does not know', async () => {
    const response = await client.send(describeConfigsApi, 4, {
      resources: [
        { type: 4, name: '1', keys: ['num.partitions', 'no.key'] },
        { type: 2, name: 'nothing', keys: null },
        { type: 99, name: 'x', keys: null },
      ],
      includeSynonyms: false,
      includeDocumentation: false,
    })

    const [broker, topic, other] = response.results
    expect(broker?.configs).toMatchObject([{ name: 'num.partitions', value: '5', source: 4 }])
    expect([topic?.errorCode, other?.errorCode]).toEqual([3, 42])
  })

  test.each([
    ['a topic that exists', newTopic('orders'), 36],
    ['a name with a slash', newTopic('a/b'), 17],
    ['the name of a directory', newTopic('..'), 17],
    ['a name of 250 characters', newTopic('x'.repeat(250)), 17],
    ['no partitions', newTopic('made', { partitionCount: 0 }), 37],
    ['more partitions than there is room for', newTopic('made', { partitionCount: 19 }), 37],
    ['more replicas than brokers', newTopic('made', { replicationFactor: 3 }), 38],
    [
      'a key that does not exist',
      newTopic('made', { configs: [{ name: 'no.key', value: '1' }] }),
      40,
    ],
    [
      'a size that is no number',
      newTopic('made', { configs: [{ name: 'max.message.bytes', value: 'x' }] }),
      40,
    ],
    ['the defaults', newTopic('made', { partitionCount: -1, replicationFactor: -1 }), 0],
    ['a name of 249 characters', newTopic('x'.repeat(249)), 0],
    ['as many partitions as there is room for', newTopic('made', { partitionCount: 18 }), 0],
  ])('answers the creation of %s', async (_, request, errorCode) => {
    const response = await client.send(createTopicsApi, 7, request)

    expect(response.topics[0]?.errorCode).toBe(errorCode)
    expect(cluster.topicNames()).toHaveLength(errorCode === 0 ? 2 : 1)
  })

  test('only says what would happen when that is asked', async () => {
    const topic = { ...newTopic('made'), validateOnly: true }
    const growth = { name: 'orders', count: 3, assignments: null }

    const created = await client.send(createTopicsApi, 7, topic)
    const grown = await client.send(createPartitionsApi, 3, {
      topics: [growth, { ...growth, count: 1 }],
      timeoutMs: 1,
      validateOnly: true,
    })

    expect(created.topics[0]?.errorCode).toBe(0)
    expect(grown.topics.map(({ errorCode }) => errorCode)).toEqual([0, 37])
    expect(cluster.topicNames()).toEqual(['orders'])
    expect(() => cluster.leaderOf('orders', 2)).toThrow('there is no partition')
  })

  test('counts the partitions that a client lists one by one', async () => {
    const assignments = [
      { index: 0, brokerIds: [1] },
      { index: 1, brokerIds: [2] },
    ]

    await client.send(createTopicsApi, 0, newTopic('made', { partitionCount: -1, assignments }))

    expect(cluster.leaderOf('made', 1)).toBe(2)
    expect(() => cluster.leaderOf('made', 2)).toThrow()
  })

  test('deletes by name or by id, and knows neither twice', async () => {
    const { topics } = await client.send(metadataApi, 12, metadataRequest(['orders']))
    const id = topics[0]?.id ?? ''
    const byId = { topics: [{ name: null, id }], names: [], timeoutMs: 1 }

    const first = await client.send(deleteTopicsApi, 6, byId)
    const again = await client.send(deleteTopicsApi, 6, byId)
    const byName = await client.send(deleteTopicsApi, 1, {
      topics: [],
      names: ['orders'],
      timeoutMs: 1,
    })

    expect(first.topics).toMatchObject([{ name: 'orders', errorCode: 0 }])
    expect(again.topics).toMatchObject([{ name: null, errorCode: 100 }])
    expect(byName.topics).toMatchObject([{ name: 'orders', errorCode: 3 }])
  })

  describe('Metadata', () => {
    const topicsOf = async (version: number, names: readonly string[] | null, mayCreate = true) =>
      (await client.send(metadataApi, version, metadataRequest(names, mayCreate))).topics

    test('creates topics that it is asked for, where client and cluster allow', async () => {
      expect(await topicsOf(6, ['new', 'a/b'], true)).toMatchObject([
        { name: 'new', errorCode: 0, partitions: { length: 5 } },
        { name: 'a/b', errorCode: 17 },
      ])
      expect(await topicsOf(6, ['other'], false)).toMatchObject([{ name: 'other', errorCode: 3 }])
      expect(cluster.topicNames()).toEqual(['orders', 'new'])
    })

    test('names all topics for null, and for nothing in version 0 only', async () => {
      expect(await topicsOf(1, null)).toHaveLength(1)
      expect(await topicsOf(1, [])).toHaveLength(0)
      expect(await topicsOf(0, [])).toHaveLength(1)
    })

    test('finds topics by id', async () => {
      const [orders] = await topicsOf(12, ['orders'])
      const find = (id: string) =>
        client.send(metadataApi, 12, { ...metadataRequest([]), topics: [{ id, name: null }] })

      expect((await find(orders?.id ?? '')).topics).toMatchObject([
        { name: 'orders', errorCode: 0 },
      ])
      expect((await find('1'.repeat(32))).topics).toMatchObject([{ name: null, errorCode: 100 }])
    })

    test('says what the client may do with a topic if it asks, with the numbers of Kafka', async () => {
      cluster.setDenials([{ principal: '*', topic: 'orders', operations: ['write'] }])
      const operationsOf = async (isAsked: boolean) => {
        const request = { ...metadataRequest(['orders', 'other']), allowAutoTopicCreation: false }
        const wanted = { ...request, includeTopicAuthorizedOperations: isAsked }
        const { topics } = await client.send(metadataApi, 8, wanted)
        return topics.map(({ authorizedOperations }) => authorizedOperations)
      }
      const unknown = -2147483648
      // Read, create, delete, alter, describe, describe and alter configurations; not write, which is bit 4.
      const allButWrite = 0b1101_1110_1000

      expect(await operationsOf(true)).toEqual([allButWrite, unknown])
      expect(await operationsOf(false)).toEqual([unknown, unknown])
      cluster.setDenials([])
      expect(await operationsOf(true)).toEqual([allButWrite | 0b1_0000, unknown])
    })

    test('tells replicas that are down from those in sync', async () => {
      await cluster.stopBroker(2)

      expect((await topicsOf(8, ['orders']))[0]?.partitions).toMatchObject([
        {
          leaderId: 1,
          leaderEpoch: 0,
          replicaIds: [1, 2],
          inSyncReplicaIds: [1],
          offlineReplicaIds: [2],
        },
        {
          leaderId: 1,
          leaderEpoch: 1,
          replicaIds: [2, 1],
          inSyncReplicaIds: [1],
          offlineReplicaIds: [2],
        },
      ])
    })

    test('hides what a client may not see', async () => {
      cluster.setDenials([{ principal: '*', topic: 'orders', operations: ['describe'] }])

      expect(await topicsOf(6, null)).toEqual([])
      expect(await topicsOf(6, ['orders'])).toMatchObject([{ errorCode: 29, partitions: [] }])
    })

    test('creates nothing on a cluster that does not', async () => {
      await cluster.close()
      cluster = await TestCluster.start({ autoCreateTopics: false })
      client = await WireClient.connect(cluster.bootstrap)

      expect(await topicsOf(6, ['new'])).toMatchObject([{ errorCode: 3 }])
    })
  })
})
