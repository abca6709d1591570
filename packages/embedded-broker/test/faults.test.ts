import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestCluster } from '../src/test-cluster.ts'
import * as fault from '../src/faults.ts'
import { describeGroupsApi } from '../src/protocol/apis/group-administration.ts'
import { joinGroupApi, syncGroupApi } from '../src/protocol/apis/group-membership.ts'
import { metadataApi } from '../src/protocol/apis/metadata.ts'
import { produceApi } from '../src/protocol/apis/produce.ts'
import { recordBatch } from './support/batch-builder.ts'
import { firstPartition, produceRequest } from './support/produce.ts'
import { requestFrame, WireClient } from './support/wire-client.ts'

const allTopics = {
  topics: null,
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
}

const twoPartitions = {
  ...produceRequest('orders', 0),
  topics: [
    {
      name: 'orders',
      partitions: [
        { index: 0, records: recordBatch() },
        { index: 1, records: recordBatch() },
      ],
    },
  ],
}

const joinRequest = {
  groupId: 'g',
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 10_000,
  memberId: '',
  groupInstanceId: null,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.from('x') }],
  reason: null,
}

const syncRequest = {
  groupId: 'g',
  generationId: 1,
  memberId: 'm',
  groupInstanceId: null,
  protocolType: null,
  protocolName: null,
  assignments: [],
}

describe('faults', () => {
  let cluster: TestCluster
  let client: WireClient

  beforeEach(async () => {
    cluster = await TestCluster.start({ topics: { orders: { partitions: 2 } } })
    client = await WireClient.connect(cluster.bootstrap)
  })

  afterEach(async () => {
    await client.close()
    await cluster.close()
  })

  const produce = () => client.send(produceApi, 7, produceRequest('orders', 0))
  const storedCount = () => cluster.records('orders').length

  test('an error is answered once, and nothing is stored', async () => {
    cluster.control('Produce', fault.error(6))

    const [first, second] = [await produce(), await produce()]

    expect(firstPartition(first)).toMatchObject({ errorCode: 6, baseOffset: -1n })
    expect(firstPartition(second)).toMatchObject({ errorCode: 0, baseOffset: 0n })
    expect(storedCount()).toBe(1)
  })

  test('an error for one partition lets the others be stored', async () => {
    cluster.control('Produce', fault.error(6, { topic: 'orders', partition: 0 }))

    const response = await client.send(produceApi, 7, twoPartitions)

    expect(response.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([6, 0])
    expect(cluster.records('orders').map(({ partition }) => partition)).toEqual([1])
  })

  test('an error for any other request is written into its answer', async () => {
    cluster.control('Metadata', fault.error(5))
    const [described] = (await client.send(metadataApi, 6, allTopics)).topics

    expect(described?.errorCode).toBe(5)
    expect(described?.partitions.map(({ errorCode }) => errorCode)).toEqual([5, 5])
  })

  test('an error for a join is answered, and nobody joins', async () => {
    cluster.control('JoinGroup', fault.error(15))
    cluster.control('SyncGroup', fault.error(27))
    const described = { groupIds: ['g'], includeAuthorizedOperations: false }

    const joined = await client.send(joinGroupApi, 9, joinRequest)
    const synced = await client.send(syncGroupApi, 5, syncRequest)
    const { groups } = await client.send(describeGroupsApi, 0, described)

    expect([joined.errorCode, synced.errorCode]).toEqual([15, 27])
    expect(groups[0]?.members).toEqual([])
  })

  test('an error is of no use to a request that gets no answer', async () => {
    cluster.control('Produce', fault.error(7))
    client.socket.write(requestFrame(produceApi, 7, produceRequest('orders', 0, recordBatch(), 0)))

    await client.closed
    expect(storedCount()).toBe(0)
  })

  test('all faults end at once when they are cleared', async () => {
    const kept = cluster.control('Produce', fault.error(7), { keep: true })
    cluster.control('Metadata', fault.cutBefore())

    cluster.clearControls()

    expect(firstPartition(await produce()).errorCode).toBe(0)
    await client.send(metadataApi, 6, allTopics)
    expect(kept.appliedCount).toBe(0)
  })

  test('a fault can be for one broker, and for requests of one’s own choice', async () => {
    cluster.control('Produce', fault.error(7), { brokerId: 2, keep: true })
    cluster.control('Produce', fault.error(6), { when: ({ clientId }) => clientId === 'somebody' })

    expect(firstPartition(await produce()).errorCode).toBe(0)
  })

  test('an error after storing is answered although the record is there', async () => {
    cluster.control('Produce', fault.errorAfterStoring(20, { partition: 0 }))

    expect(firstPartition(await produce()).errorCode).toBe(20)
    expect(storedCount()).toBe(1)
  })

  test('a kept fault applies until it is removed', async () => {
    const control = cluster.control('Produce', fault.error(7), { keep: true })
    const during = [await produce(), await produce()]

    control.remove()
    const after = await produce()

    expect(during.map((response) => firstPartition(response).errorCode)).toEqual([7, 7])
    expect(control.appliedCount).toBe(2)
    expect(firstPartition(after).errorCode).toBe(0)
  })

  test('a fault can skip requests, repeat, and be for one partition only', async () => {
    cluster.control('Produce', fault.error(7), { partition: 0, skip: 1, times: 2 })
    const codes: number[] = []

    await client.send(produceApi, 7, produceRequest('orders', 1))
    for (let count = 0; count < 4; count += 1) {
      codes.push(firstPartition(await produce()).errorCode)
    }

    expect(codes).toEqual([0, 7, 7, 0])
  })

  test('a delayed request is handled when the promise resolves', async () => {
    const latch = Promise.withResolvers<unknown>()
    const control = cluster.control('Produce', fault.delay(latch.promise))
    const response = produce()

    await control.applied
    const storedBefore = storedCount()
    latch.resolve(undefined)

    expect(firstPartition(await response).errorCode).toBe(0)
    expect([storedBefore, storedCount()]).toEqual([0, 1])
  })

  test('a delayed answer comes after the record was stored', async () => {
    const latch = Promise.withResolvers<unknown>()
    const control = cluster.control('Produce', fault.delayAnswer(latch.promise))
    const response = produce()

    await control.applied
    const storedBefore = storedCount()
    latch.resolve(undefined)

    expect(firstPartition(await response).errorCode).toBe(0)
    expect(storedBefore).toBe(1)
  })

  test.each([
    ['before handling', fault.hang(), 0],
    ['after handling', fault.hangAfterHandling(), 1],
  ])('a request that hangs %s blocks its connection only', async (_, hang, stored) => {
    const control = cluster.control('Produce', hang)
    client.socket.write(requestFrame(produceApi, 7, produceRequest('orders', 0)))
    client.socket.write(requestFrame(metadataApi, 6, allTopics))
    await control.applied

    const other = await WireClient.connect(cluster.bootstrap)
    await other.send(metadataApi, 6, allTopics)

    expect(storedCount()).toBe(stored)
    expect(cluster.requests.filter(({ api }) => api === 'Metadata')).toHaveLength(1)
    await other.close()
  })

  test.each([
    ['before handling', fault.cutBefore(), 0],
    ['before handling, by reset', fault.cutBefore({ withReset: true }), 0],
    ['after handling', fault.cutAfter(), 1],
    ['in the midst of the answer', fault.cutWithin(10), 1],
  ])('the connection is cut %s', async (_, cut, stored) => {
    cluster.control('Produce', cut)

    await expect(produce()).rejects.toThrow('connection closed')
    expect(storedCount()).toBe(stored)
  })

  test('a broker that falls silent within its answer keeps the connection, and serves nothing more', async () => {
    cluster.control('Produce', fault.silentWithin(10_000))
    client.socket.write(requestFrame(produceApi, 7, produceRequest('orders', 0)))
    const [beginning] = (await once(client.socket, 'data')) as [Buffer]
    client.socket.write(requestFrame(metadataApi, 6, allTopics))
    const other = await WireClient.connect(cluster.bootstrap)
    await other.send(metadataApi, 6, allTopics)

    expect(beginning.length).toBe(beginning.readInt32BE(0) + 3)
    expect(cluster.requests.filter(({ api }) => api === 'Metadata')).toHaveLength(1)
    expect(client.socket.destroyed).toBe(false)
    await other.close()
  })

  test('a sliced answer arrives whole, in many pieces', async () => {
    cluster.control('Produce', fault.slice(3))
    let pieces = 0
    client.socket.on('data', () => (pieces += 1))

    expect(firstPartition(await produce()).errorCode).toBe(0)
    expect(pieces).toBeGreaterThan(5)
  })

  test('an answer can carry another correlation id', async () => {
    cluster.control('Produce', fault.wrongCorrelationId(4711))

    await expect(produce()).rejects.toThrow('correlation id 4711')
  })

  test('an answer can be garbage, in a whole frame or not', async () => {
    cluster.control('Produce', fault.garbageBody(Buffer.from('nonsense')))
    cluster.control('Produce', fault.garbage(Buffer.from([0, 0, 0, 2, 7, 7])))

    client.socket.write(requestFrame(produceApi, 7, produceRequest('orders', 0), 9))
    const body = await client.nextFrame()
    client.socket.write(requestFrame(produceApi, 7, produceRequest('orders', 0), 9))
    const raw = await client.nextFrame()

    expect(body).toEqual(Buffer.concat([Buffer.from([0, 0, 0, 9]), Buffer.from('nonsense')]))
    expect(raw).toEqual(Buffer.from([7, 7]))
  })

  test('an answer can claim a wrong length', async () => {
    cluster.control('Produce', fault.wrongLength(2))

    await expect(produce()).rejects.toThrow()
  })

  test('a throttled answer says for how long', async () => {
    cluster.control('Produce', fault.throttle(500))

    expect((await produce()).throttleTimeMs).toBe(500)
  })

  test('a fault of one’s own sees the request and may change the answer', async () => {
    cluster.control('Produce', async (exchange) => {
      const changed = { ...exchange.request, topics: [] }
      return exchange.proceed(changed)
    })

    expect((await produce()).topics).toEqual([])
    expect(storedCount()).toBe(0)
  })

  test.each([
    ['omits the topic', { isOmitted: true }, { topics: [] }],
    ['gives the topic an error', { topicErrorCode: 29 }, { topics: [{ errorCode: 29 }] }],
    [
      'gives one partition another leader',
      { partition: 1, leaderId: 9 },
      { topics: [{ partitions: [{ leaderId: 1 }, { leaderId: 9 }] }] },
    ],
    [
      'gives all partitions an error',
      { leaderId: -1, partitionErrorCode: 5 },
      { topics: [{ partitions: [{ leaderId: -1, errorCode: 5 }, { errorCode: 5 }] }] },
    ],
  ])('a metadata lie %s', async (_, lie, expected) => {
    cluster.control('Metadata', fault.metadataLie({ topic: 'orders', ...lie }))

    const response = await client.send(metadataApi, 6, allTopics)

    expect(response).toMatchObject(expected)
  })
})
