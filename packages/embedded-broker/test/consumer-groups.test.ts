import type { Consumer } from 'kafkajs'
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestCluster } from '../src/test-cluster.ts'
import { findCoordinatorApi } from '../src/protocol/apis/find-coordinator.ts'
import {
  deleteGroupsApi,
  describeGroupsApi,
  listGroupsApi,
} from '../src/protocol/apis/group-administration.ts'
import {
  heartbeatApi,
  joinGroupApi,
  leaveGroupApi,
  syncGroupApi,
} from '../src/protocol/apis/group-membership.ts'
import { offsetCommitApi, offsetFetchApi } from '../src/protocol/apis/group-offsets.ts'
import { WireClient } from './support/wire-client.ts'

/** Resolves when enough values were seen. */
class Collector {
  readonly #values: string[] = []
  #wanted = { count: 0, resolve: (): void => undefined }

  add(value: Buffer | null): void {
    this.#values.push(String(value))
    if (this.#values.length >= this.#wanted.count) this.#wanted.resolve()
  }

  async take(count: number): Promise<readonly string[]> {
    if (this.#values.length < count) {
      await new Promise<void>((resolve) => {
        this.#wanted = { count, resolve }
      })
    }
    return this.#values.splice(0, count).sort()
  }
}

describe('consumer groups', () => {
  let cluster: TestCluster
  let kafka: Kafka
  const consumers: Consumer[] = []

  beforeEach(async () => {
    cluster = await TestCluster.start({ brokers: 2, topics: { orders: { partitions: 4 } } })
    kafka = new Kafka({
      brokers: cluster.bootstrap.split(','),
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 20 },
    })
  })

  afterEach(async () => {
    for (const consumer of consumers.splice(0)) await consumer.disconnect()
    await cluster.close()
  })

  const produce = async (...values: readonly string[]): Promise<void> => {
    const producer = kafka.producer()
    await producer.connect()
    const messages = values.map((value, index) => ({ value, partition: index % 4 }))
    await producer.send({ topic: 'orders', messages })
    await producer.disconnect()
  }

  /** Starts a consumer and waits until it has its partitions. */
  const consume = async (collector: Collector, groupId = 'g'): Promise<Consumer> => {
    const consumer = kafka.consumer({ groupId, heartbeatInterval: 20, maxWaitTimeInMs: 20 })
    consumers.push(consumer)
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
    await consumer.connect()
    await consumer.subscribe({ topic: 'orders', fromBeginning: true })
    await consumer.run({
      eachMessage: ({ message }) => {
        collector.add(message.value)
        return Promise.resolve()
      },
    })
    await joined
    return consumer
  }

  test('give a kafkajs consumer all records from the beginning', async () => {
    const collector = new Collector()
    await produce('a', 'b', 'c', 'd', 'e')

    await consume(collector)

    expect(await collector.take(5)).toEqual(['a', 'b', 'c', 'd', 'e'])
    await produce('f')
    expect(await collector.take(1)).toEqual(['f'])
  })

  test('go on where they stopped', async () => {
    const collector = new Collector()
    await produce('a', 'b', 'c', 'd')
    const first = await consume(collector)
    await collector.take(4)
    await first.disconnect()
    await produce('e', 'f')

    await consume(collector)

    expect(await collector.take(2)).toEqual(['e', 'f'])
  })

  test('share the partitions between their members', async () => {
    const [one, other] = [new Collector(), new Collector()]
    const first = await consume(one)
    const rebalanced = new Promise<unknown>((resolve) =>
      first.on(first.events.GROUP_JOIN, ({ payload }) => {
        resolve(payload.memberAssignment)
      }),
    )
    await consume(other)

    expect(await rebalanced).toMatchObject({ orders: { length: 2 } })
    await produce('a', 'b', 'c', 'd')
    const seen = [...(await one.take(2)), ...(await other.take(2))]
    expect(seen.sort()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('give the partitions of a member that left to the others', async () => {
    const [one, other] = [new Collector(), new Collector()]
    const first = await consume(one)
    const second = await consume(other)
    const rebalanced = new Promise((resolve) => {
      second.on(second.events.GROUP_JOIN, ({ payload }) => {
        if (payload.memberAssignment['orders']?.length === 4) resolve(payload)
      })
    })

    await first.disconnect()
    await rebalanced
    await produce('a', 'b', 'c', 'd')

    expect(await other.take(4)).toEqual(['a', 'b', 'c', 'd'])
  })

  describe('on the wire', () => {
    const identity = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null }
    const join = {
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: -1,
      memberId: '',
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('x') }],
      reason: null,
    }
    const commitOf = (topic: string, metadata: string | null) => ({
      ...identity,
      generationId: -1,
      memberId: '',
      retentionTimeMs: -1n,
      topics: [{ name: topic, partitions: [{ index: 0, offset: 7n, leaderEpoch: 2, metadata }] }],
    })
    let own: WireClient
    let other: WireClient

    beforeEach(async () => {
      const client = await WireClient.connect(cluster.bootstrap)
      const request = { key: 'g', keyType: 0, keys: [] }
      const { nodeId } = await client.send(findCoordinatorApi, 1, request)
      await client.close()
      own = await WireClient.connect(cluster.bootstrap, nodeId)
      other = await WireClient.connect(cluster.bootstrap, 3 - nodeId)
    })

    afterEach(async () => {
      await Promise.all([own.close(), other.close()])
    })

    test('are found under several keys at once, transactions excepted', async () => {
      const groups = await own.send(findCoordinatorApi, 4, {
        key: '',
        keyType: 0,
        keys: ['g', 'h'],
      })
      const transactions = await own.send(findCoordinatorApi, 1, { key: 't', keyType: 1, keys: [] })

      expect(groups.coordinators.map(({ key, errorCode }) => [key, errorCode])).toEqual([
        ['g', 0],
        ['h', 0],
      ])
      expect(transactions).toMatchObject({ errorCode: 42, nodeId: -1 })
    })

    test('are served by their own broker only', async () => {
      const codes = [
        (await other.send(joinGroupApi, 5, join)).errorCode,
        (await other.send(heartbeatApi, 3, identity)).errorCode,
        (
          await other.send(syncGroupApi, 3, {
            ...identity,
            protocolType: null,
            protocolName: null,
            assignments: [],
          })
        ).errorCode,
        (await other.send(leaveGroupApi, 3, { ...identity, members: [] })).errorCode,
        (await other.send(offsetCommitApi, 7, commitOf('orders', null))).topics[0]?.partitions[0]
          ?.errorCode,
        (
          await other.send(offsetFetchApi, 5, {
            groupId: 'g',
            topics: null,
            groups: [],
            requireStable: false,
          })
        ).errorCode,
        (await other.send(deleteGroupsApi, 1, { groupIds: ['g'] })).groups[0]?.errorCode,
      ]

      expect(codes).toEqual(Array(7).fill(16))
    })

    test('are looked after by another broker when theirs is lost', async () => {
      const { memberId, generationId } = await own.send(joinGroupApi, 3, join)
      const coordinator = cluster.requests.at(-1)?.brokerId ?? 0

      await cluster.stopBroker(coordinator)
      const found = await other.send(findCoordinatorApi, 4, { key: '', keyType: 0, keys: ['g'] })
      const beat = await other.send(heartbeatApi, 3, { ...identity, memberId, generationId })

      expect(found.coordinators).toMatchObject([{ nodeId: 3 - coordinator, errorCode: 0 }])
      expect(beat.errorCode).toBe(0)
    })

    test.each([
      ['no group id', { groupId: '' }, 24],
      ['too short a session', { sessionTimeoutMs: 5_999 }, 26],
      ['too long a session', { sessionTimeoutMs: 1_800_001 }, 26],
      ['an id that nobody was given', { memberId: 'made up' }, 25],
    ])('refuse a member with %s', async (_, changes, errorCode) => {
      expect((await own.send(joinGroupApi, 5, { ...join, ...changes })).errorCode).toBe(errorCode)
    })

    test.each([
      ['without a leader epoch in old versions', 2, -1],
      ['with one in new versions', 8, 2],
    ])('keep committed offsets, %s', async (_, version, leaderEpoch) => {
      await own.send(offsetCommitApi, version, commitOf('orders', 'note'))
      const topics = [{ name: 'orders', partitions: [0, 1] }]

      const all = { groupId: '', topics: null, requireStable: true }
      const batched = await own.send(offsetFetchApi, 8, {
        ...all,
        groups: [
          { groupId: 'g', topics },
          { groupId: 'g', topics: null },
        ],
      })

      const committed = { index: 0, offset: 7n, leaderEpoch, metadata: 'note', errorCode: 0 }
      const nothing = { index: 1, offset: -1n, leaderEpoch: -1, metadata: '', errorCode: 0 }
      expect(batched.groups.map((group) => group.topics)).toEqual([
        [{ name: 'orders', partitions: [committed, nothing] }],
        [{ name: 'orders', partitions: [committed] }],
      ])
    })

    test.each([
      ['an unknown topic', commitOf('nothing', null), 3],
      ['a note that is too long', commitOf('orders', 'x'.repeat(4_097)), 12],
      ['a longest note', commitOf('orders', 'x'.repeat(4_096)), 0],
      [
        'a member of a group that is not there',
        { ...commitOf('orders', null), generationId: 1 },
        22,
      ],
    ])('answer a commit of %s', async (_, request, errorCode) => {
      const response = await own.send(offsetCommitApi, 7, request)

      expect(response.topics[0]?.partitions[0]?.errorCode).toBe(errorCode)
    })

    test('forget the offsets of a topic that was deleted', async () => {
      await own.send(offsetCommitApi, 7, commitOf('orders', null))
      cluster.deleteTopic('orders')

      const all = { groupId: 'g', topics: null, groups: [], requireStable: false }
      expect((await own.send(offsetFetchApi, 5, all)).topics).toEqual([])
    })

    test('are listed, described and deleted', async () => {
      const { memberId } = await own.send(joinGroupApi, 3, join)
      const listed = await own.send(listGroupsApi, 4, { states: ['CompletingRebalance'] })
      const elsewhere = await other.send(listGroupsApi, 4, { states: [] })
      const described = await own.send(describeGroupsApi, 5, {
        groupIds: ['g', 'nobody'],
        includeAuthorizedOperations: false,
      })
      const refused = await own.send(deleteGroupsApi, 2, { groupIds: ['g'] })
      await own.send(leaveGroupApi, 0, { groupId: 'g', memberId, members: [] })
      const deleted = await own.send(deleteGroupsApi, 2, { groupIds: ['g'] })
      const again = await own.send(deleteGroupsApi, 2, { groupIds: ['g'] })

      expect(listed.groups).toEqual([
        { groupId: 'g', protocolType: 'consumer', state: 'CompletingRebalance' },
      ])
      expect(elsewhere.groups).toEqual([])
      expect(described.groups[0]).toMatchObject({
        state: 'CompletingRebalance',
        protocolName: 'range',
        members: [{ memberId, clientId: 'wire-client', metadata: Buffer.from('x') }],
      })
      expect([refused, deleted, again].map(({ groups }) => groups[0]?.errorCode)).toEqual([
        68, 0, 69,
      ])
    })
  })
})
