import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestCluster } from '../../src/test-cluster.ts'
import { initProducerIdApi } from '../../src/protocol/apis/init-producer-id.ts'
import { produceApi } from '../../src/protocol/apis/produce.ts'
import type { BatchFields } from '../support/batch-builder.ts'
import { encodeRecords, recordBatch } from '../support/batch-builder.ts'
import { firstPartition, produceRequest } from '../support/produce.ts'
import { WireClient } from '../support/wire-client.ts'

describe('Produce', () => {
  let cluster: TestCluster
  let client: WireClient

  beforeEach(async () => {
    cluster = await TestCluster.start({
      topics: {
        orders: { partitions: 2 },
        small: { maxMessageBytes: 80 },
        compacted: { configs: { 'cleanup.policy': 'compact,delete' } },
        punctual: { configs: { 'message.timestamp.after.max.ms': '1000' } },
        __consumer_offsets: {},
      },
      partitionMaxBytes: 200,
    })
    client = await WireClient.connect(cluster.bootstrap)
  })

  afterEach(async () => {
    await client.close()
    await cluster.close()
  })

  const produce = async (fields: BatchFields, topic = 'orders', version = 9) =>
    firstPartition(
      await client.send(produceApi, version, produceRequest(topic, 0, recordBatch(fields))),
    )

  test('answers the offset of the first record and the start of the log', async () => {
    const answers = [await produce({}), await produce({}), await produce({}), await produce({})]

    expect(answers.map(({ baseOffset }) => baseOffset)).toEqual([0n, 1n, 2n, 3n])
    expect(answers.at(-1)).toMatchObject({ logStartOffset: 2n, logAppendTimeMs: -1n })
  })

  test.each([
    ['an unknown topic', produceRequest('nothing', 0), 3],
    ['an unknown partition', produceRequest('orders', 2), 3],
    ['no records', produceRequest('orders', 0, null), 87],
    ['acks that Kafka does not know', produceRequest('orders', 0, recordBatch(), 2), 21],
    [
      'a batch over the limit of its topic',
      produceRequest('small', 0, recordBatch({ records: [{ value: 'x'.repeat(30) }] })),
      10,
    ],
  ])('refuses %s, and says why where the version allows', async (_, request, errorCode) => {
    const old = firstPartition(await client.send(produceApi, 7, request))
    const modern = firstPartition(await client.send(produceApi, 9, request))

    expect([old.errorCode, modern.errorCode]).toEqual([errorCode, errorCode])
    expect(cluster.records('orders')).toEqual([])
  })

  test('refuses timestamps an hour and more ahead', async () => {
    const hourMs = 3_600_000

    const far = await produce({ baseTimestampMs: Date.now() + hourMs + 60_000 })
    const near = await produce({ baseTimestampMs: Date.now() + hourMs - 60_000 })

    expect([far.errorCode, near.errorCode]).toEqual([32, 0])
    expect(far.errorMessage).toBe('One or more records have been rejected due to invalid timestamp')
  })

  // The words are those of Kafka 4.
  const NO_KEY = 'Compacted topic cannot accept message without key in topic partition compacted-0'

  test.each([0, 1])(
    'names the records without a key that a compacted topic refuses, with codec %i',
    async (codec) => {
      const records = [{ key: 'a' }, { value: '1' }, { key: 'b' }, { value: '2' }]
      const encoded = encodeRecords(records)
      const body = codec === 1 ? gzipSync(encoded) : encoded

      const answer = await produce({ records, body, attributes: codec }, 'compacted')

      expect(answer).toMatchObject({
        errorCode: 87,
        recordErrors: [
          { batchIndex: 1, message: NO_KEY },
          { batchIndex: 3, message: NO_KEY },
        ],
      })
      expect(answer.errorMessage).toBe(
        'One or more records have been rejected due to 2 record errors in total, and only showing the first three ' +
          `errors at most: [RecordError(batchIndex=1, message='${NO_KEY}'), RecordError(batchIndex=3, message='${NO_KEY}')]`,
      )
      expect(cluster.records('compacted')).toEqual([])
    },
  )

  test('names the records that a topic finds too far ahead', async () => {
    const now = Date.now()
    const records = [{ timestampDeltaMs: 0 }, { timestampDeltaMs: 60_000 }]

    const answer = await produce({ records, baseTimestampMs: now }, 'punctual')

    expect(answer).toMatchObject({ errorCode: 32, recordErrors: [{ batchIndex: 1 }] })
    expect(answer.recordErrors[0]?.message).toContain(`Timestamp ${now + 60_000} of message`)
    expect(await produce({ baseTimestampMs: now }, 'punctual')).toMatchObject({ errorCode: 0 })
  })

  test('calls a batch that breaks two rules one with invalid timestamps, as Kafka does', async () => {
    const records = [{ value: 'no key' }, { key: 'k', timestampDeltaMs: 7_200_000 }]

    const answer = await produce({ records, baseTimestampMs: Date.now() }, 'compacted')

    expect(answer.errorCode).toBe(32)
    expect(answer.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([0, 1])
  })

  test('refuses compressed records that it cannot open', async () => {
    const fields = { body: Buffer.from('no gzip'), recordCount: 1, attributes: 1 }

    expect(await produce(fields, 'compacted')).toMatchObject({ errorCode: 2 })
  })

  test('lets no client write to the topics of Kafka itself', async () => {
    expect(await produce({}, '__consumer_offsets')).toMatchObject({
      ...{ errorCode: 17, recordErrors: [], errorMessage: null },
    })
  })

  test('does not name records before version 8', async () => {
    const answer = await produce({ records: [{ value: 'no key' }] }, 'compacted', 7)

    expect(answer).toMatchObject({ errorCode: 87, recordErrors: [], errorMessage: null })
  })

  test('stores the good partitions of a request and refuses the bad', async () => {
    const broken = recordBatch()
    broken.writeUInt8(9, 67)
    const response = await client.send(produceApi, 9, {
      ...produceRequest('orders', 0),
      topics: [
        {
          name: 'orders',
          partitions: [
            { index: 0, records: broken },
            { index: 1, records: recordBatch() },
          ],
        },
      ],
    })

    expect(response.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([2, 0])
    expect(cluster.records('orders').map(({ partition }) => partition)).toEqual([1])
  })

  test('stores what an idempotent producer repeats once, and answers the same offset', async () => {
    const { producerId, producerEpoch } = await client.send(initProducerIdApi, 4, {
      transactionalId: null,
      transactionTimeoutMs: 0,
      producerId: -1n,
      producerEpoch: -1,
    })
    const send = (baseSequence: number) => produce({ producerId, producerEpoch, baseSequence })

    const [first, second, again, gap] = [await send(0), await send(1), await send(1), await send(3)]

    expect([first.baseOffset, second.baseOffset, again.baseOffset]).toEqual([0n, 1n, 1n])
    expect(gap).toMatchObject({ errorCode: 45, baseOffset: -1n })
    expect(cluster.records('orders')).toHaveLength(2)
  })

  test('gives every producer another id, and none for transactions', async () => {
    const ask = (transactionalId: string | null) =>
      client.send(initProducerIdApi, 0, {
        transactionalId,
        transactionTimeoutMs: 0,
        producerId: -1n,
        producerEpoch: -1,
      })

    const [one, other, transactional] = [await ask(null), await ask(null), await ask('t')]

    expect(one.producerId).not.toBe(other.producerId)
    expect(transactional).toMatchObject({ errorCode: 42, producerId: -1n })
  })
})
