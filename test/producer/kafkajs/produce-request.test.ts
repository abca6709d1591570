import { describe, expect, test } from 'vitest'
import { encodeProduce } from '../../../src/producer/kafkajs/produce-request.ts'
import type { EncodedBatch } from '../../../src/producer/transport.ts'
import {
  encodeProduceWithKafkajs,
  encodeWithKafkajs,
  type KafkajsMessage,
} from '../../support/kafkajs-internals.ts'

const SENDER = { correlationId: 77, clientId: 'kprf-\u{1f680}' }

function message(value: string): KafkajsMessage {
  return { key: null, value, headers: {}, timestamp: 1_700_000_000_000 }
}

async function batchOf(
  topic: string,
  partition: number,
  ...values: string[]
): Promise<EncodedBatch> {
  const bytes = await encodeWithKafkajs(values.map(message))
  // Cut somewhere, as batches of many chunks are.
  const pieces = [bytes.subarray(0, 61), bytes.subarray(61)]
  return { topic, partition, pieces, sizeBytes: bytes.length }
}

describe('encodeProduce', () => {
  test.each([3, 4, 5, 6, 7])(
    'writes version %i byte for byte as kafkajs does',
    async (apiVersion) => {
      const batches = [
        await batchOf('t', 0, 'a', 'b'),
        await batchOf('тема', 4, 'c'),
        await batchOf('t', 7, 'd'),
      ]

      const pieces = encodeProduce(batches, { ...SENDER, apiVersion, acks: -1, timeout: 4_321 })

      const topicData = [
        {
          topic: 't',
          partitions: [
            { partition: 0, messages: [message('a'), message('b')] },
            { partition: 7, messages: [message('d')] },
          ],
        },
        { topic: 'тема', partitions: [{ partition: 4, messages: [message('c')] }] },
      ]
      const produce = { acks: -1, timeout: 4_321, topicData }
      expect(Buffer.concat(pieces)).toEqual(
        await encodeProduceWithKafkajs(apiVersion, produce, SENDER),
      )
    },
  )

  test('writes a large request byte for byte as kafkajs does, around the very buffers it was given', async () => {
    const values = ['x'.repeat(50_000), 'y'.repeat(50_000)]
    const batches = [await batchOf('t', 0, ...values), await batchOf('t', 1, ...values)]

    const pieces = encodeProduce(batches, { ...SENDER, apiVersion: 7, acks: 1, timeout: 1 })

    const messages = values.map(message)
    const partitions = [0, 1].map((partition) => ({ partition, messages }))
    const produce = { acks: 1, timeout: 1, topicData: [{ topic: 't', partitions }] }
    expect(Buffer.concat(pieces)).toEqual(await encodeProduceWithKafkajs(7, produce, SENDER))
    for (const batch of batches) for (const piece of batch.pieces) expect(pieces).toContain(piece)
  })

  test('copies a request of up to 64 KiB, and not one byte more', async () => {
    const options = { ...SENDER, apiVersion: 7, acks: 1, timeout: 1 }
    const empty = await batchOf('t', 0, '')
    const bytesOf = (batch: EncodedBatch): number =>
      Buffer.concat(encodeProduce([batch], options)).length
    // The length of a value of this size takes three bytes, and so does that of its record.
    const fill = 65_536 - bytesOf(empty) - 4

    const [largest, larger] = await Promise.all([
      batchOf('t', 0, 'x'.repeat(fill)),
      batchOf('t', 0, 'x'.repeat(fill + 1)),
    ])

    expect(bytesOf(largest)).toBe(65_536)
    expect(encodeProduce([largest], options)).toHaveLength(1)
    expect(encodeProduce([larger], options)).toEqual(expect.arrayContaining([...larger.pieces]))
  })

  test('writes a small request as one buffer', async () => {
    const pieces = encodeProduce([await batchOf('t', 0, 'a')], {
      ...SENDER,
      ...{ apiVersion: 7, acks: 0, timeout: 1 },
    })

    expect(pieces).toHaveLength(1)
  })
})
