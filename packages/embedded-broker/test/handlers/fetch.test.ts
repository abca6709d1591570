import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestCluster } from '../../src/test-cluster.ts'
import { fetchApi } from '../../src/protocol/apis/fetch.ts'
import { produceApi } from '../../src/protocol/apis/produce.ts'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { recordBatch } from '../support/batch-builder.ts'
import { produceRequest } from '../support/produce.ts'
import { fetchRequest, firstFetched } from '../support/requests.ts'
import { WireClient } from '../support/wire-client.ts'

const batch = recordBatch({ records: [{ value: 'a' }, { value: 'b' }] })

describe('Fetch', () => {
  let clock: FakeClock
  let cluster: TestCluster
  let client: WireClient
  let producer: WireClient

  beforeEach(async () => {
    clock = new FakeClock()
    cluster = await TestCluster.start({ clock, topics: { orders: { partitions: 2 } } })
    client = await WireClient.connect(cluster.bootstrap)
    producer = await WireClient.connect(cluster.bootstrap)
  })

  afterEach(async () => {
    await Promise.all([client.close(), producer.close()])
    await cluster.close()
  })

  const produce = async (partition = 0): Promise<void> => {
    await producer.send(produceApi, 7, produceRequest('orders', partition, batch))
  }

  test.each([4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'gives the stored batches in version %i',
    async (version) => {
      await produce()
      await produce()

      const response = firstFetched(
        await client.send(fetchApi, version, fetchRequest('orders', 2n)),
      )

      expect(response).toMatchObject({ errorCode: 0, highWatermark: 4n, lastStableOffset: 4n })
      expect(response.records?.readBigInt64BE(0)).toBe(2n)
      expect(response.records?.subarray(16)).toEqual(batch.subarray(16))
    },
  )

  test.each([
    ['an unknown topic', fetchRequest('nothing', 0n), 3],
    ['an unknown partition', fetchRequest('orders', 0n, { partition: 2 }), 3],
    ['an offset after the end', fetchRequest('orders', 1n), 1],
    ['an offset before the start', fetchRequest('orders', -1n), 1],
    ['a later leader epoch', fetchRequest('orders', 0n, { currentLeaderEpoch: 9 }), 75],
  ])('answers at once for %s', async (_, request, errorCode) => {
    const response = await client.send(fetchApi, 11, { ...request, maxWaitMs: 1_000_000 })

    expect(firstFetched(response).errorCode).toBe(errorCode)
  })

  test('refuses the leader epoch of the past, and a broker that does not lead', async () => {
    cluster.moveLeader('orders', 0, 1)
    const fenced = await client.send(
      fetchApi,
      11,
      fetchRequest('orders', 0n, { currentLeaderEpoch: 0 }),
    )
    cluster.moveLeader('orders', 0, -1)
    const moved = await client.send(fetchApi, 11, fetchRequest('orders', 0n))

    expect([fenced, moved].map((one) => firstFetched(one).errorCode)).toEqual([74, 6])
  })

  test('refuses a fetch session, since it gives none', async () => {
    const request = fetchRequest('orders', 0n, { sessionId: 5, sessionEpoch: 1 })

    expect(await client.send(fetchApi, 7, request)).toMatchObject({ errorCode: 70, topics: [] })
  })

  test('waits for enough bytes', async () => {
    const fetching = client.send(
      fetchApi,
      11,
      fetchRequest('orders', 0n, { maxWaitMs: 500, minBytes: batch.length * 2 }),
    )
    await cluster.nextRequest('Fetch')
    await produce()
    await produce()

    expect(firstFetched(await fetching).records).toHaveLength(batch.length * 2)
    expect(clock.timers).toBe(0)
  })

  test('gives what there is when the time is up', async () => {
    const request = fetchRequest('orders', 0n, { maxWaitMs: 500, minBytes: 1_000 })
    const fetching = client.send(fetchApi, 11, request)
    await cluster.nextRequest('Fetch')
    await produce()

    await clock.advance(500)

    expect(firstFetched(await fetching).records).toHaveLength(batch.length)
  })

  test('stops waiting when the leader moves away', async () => {
    const fetching = client.send(fetchApi, 11, fetchRequest('orders', 0n, { maxWaitMs: 500 }))
    await cluster.nextRequest('Fetch')

    cluster.moveLeader('orders', 0, -1)

    expect(firstFetched(await fetching).errorCode).toBe(6)
  })

  test('stops waiting when the topic is deleted', async () => {
    const fetching = client.send(fetchApi, 11, fetchRequest('orders', 0n, { maxWaitMs: 500 }))
    await cluster.nextRequest('Fetch')

    cluster.deleteTopic('orders')

    expect(firstFetched(await fetching).errorCode).toBe(3)
  })

  test('leaves no timer behind when the client goes away', async () => {
    const fetching = client.send(fetchApi, 11, fetchRequest('orders', 0n, { maxWaitMs: 500 }))
    const rejected = expect(fetching).rejects.toThrow('connection closed')
    await cluster.nextRequest('Fetch')
    await client.close()
    await rejected
    await cluster.close()

    expect(clock.timers).toBe(0)
  })

  test('gives a first batch that is over every limit, and nothing else', async () => {
    await produce(0)
    await produce(1)
    const [partition] =
      fetchRequest('orders', 0n, { partitionMaxBytes: 1 }).topics[0]?.partitions ?? []
    const partitions = partition ? [partition, { ...partition, index: 1 }] : []
    const request = { ...fetchRequest('orders', 0n), topics: [{ name: 'orders', partitions }] }

    const response = await client.send(fetchApi, 11, request)

    const sizes = response.topics[0]?.partitions.map(({ records }) => records?.length)
    expect(sizes).toEqual([batch.length, 0])
  })
})
