import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestCluster } from '../../src/test-cluster.ts'
import { listOffsetsApi } from '../../src/protocol/apis/list-offsets.ts'
import { produceApi } from '../../src/protocol/apis/produce.ts'
import type { BatchFields } from '../support/batch-builder.ts'
import { encodeRecords, recordBatch } from '../support/batch-builder.ts'
import { produceRequest } from '../support/produce.ts'
import { listOffsetsRequest } from '../support/requests.ts'
import { WireClient } from '../support/wire-client.ts'

const records = [{ value: 'a' }, { value: 'b', timestampDeltaMs: 50 }]

describe('ListOffsets', () => {
  let cluster: TestCluster
  let client: WireClient

  beforeEach(async () => {
    cluster = await TestCluster.start({ topics: { orders: { partitions: 1 } } })
    client = await WireClient.connect(cluster.bootstrap)
    await produce({ records, baseTimestampMs: 1_000, maxTimestampMs: 1_050 })
    await produce({ records, baseTimestampMs: 2_000, maxTimestampMs: 2_050 })
  })

  afterEach(async () => {
    await client.close()
    await cluster.close()
  })

  const produce = async (fields: BatchFields): Promise<void> => {
    await client.send(produceApi, 9, produceRequest('orders', 0, recordBatch(fields)))
  }

  const list = async (timestampMs: bigint, topic = 'orders', epoch = -1) => {
    const response = await client.send(
      listOffsetsApi,
      7,
      listOffsetsRequest(topic, timestampMs, epoch),
    )
    return response.topics[0]?.partitions[0]
  }

  test.each([
    ['the end', -1n, { offset: 4n, timestampMs: -1n }],
    ['the start', -2n, { offset: 0n, timestampMs: -1n }],
    ['the latest timestamp', -3n, { offset: 3n, timestampMs: 2_050n }],
    ['a time before all records', 0n, { offset: 0n, timestampMs: 1_000n }],
    ['the time of a record', 1_050n, { offset: 1n, timestampMs: 1_050n }],
    ['a time between batches', 1_051n, { offset: 2n, timestampMs: 2_000n }],
    ['a time after all records', 2_051n, { offset: -1n, timestampMs: -1n }],
    ['a time that means nothing', -9n, { offset: -1n, timestampMs: -1n }],
  ])('finds %s', async (_, timestampMs, expected) => {
    expect(await list(timestampMs)).toMatchObject({ errorCode: 0, leaderEpoch: 0, ...expected })
  })

  test('looks into compressed batches, and takes those that nobody can open as a whole', async () => {
    const compressed = { attributes: 1, recordCount: 2, maxTimestampMs: 3_050 }
    await produce({ ...compressed, body: gzipSync(encodeRecords(records)), baseTimestampMs: 3_000 })
    await produce({ ...compressed, body: Buffer.from('no gzip'), maxTimestampMs: 4_000 })

    expect(await list(3_001n)).toMatchObject({ offset: 5n, timestampMs: 3_050n })
    expect(await list(3_999n)).toMatchObject({ offset: 6n, timestampMs: 4_000n })
  })

  test('refuses what it does not know', async () => {
    expect(await list(-1n, 'nothing')).toMatchObject({ errorCode: 3, offset: -1n })
    expect(await list(-1n, 'orders', 7)).toMatchObject({ errorCode: 75 })
  })

  test('starts at the oldest record kept', async () => {
    await cluster.close()
    cluster = await TestCluster.start({
      topics: { orders: { partitions: 1 } },
      partitionMaxBytes: 1,
    })
    client = await WireClient.connect(cluster.bootstrap)
    await produce({ records })
    await produce({ records })

    expect(await list(-2n)).toMatchObject({ offset: 2n })
  })
})
