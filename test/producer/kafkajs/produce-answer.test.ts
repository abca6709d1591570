import { produceApi, type ProduceResponse, Writer } from '@kprf/embedded-broker/testing'
import { describe, expect, test } from 'vitest'
import {
  decodeProduce,
  PRODUCE_VERSIONS,
  type ProduceAnswer,
} from '../../../src/producer/kafkajs/produce-answer.ts'
import { toOutcomes } from '../../../src/producer/kafkajs/produce-request.ts'
import { ProduceCall } from '../../../src/producer/kafkajs/produce-call.ts'
import { decodeProduceWithKafkajs } from '../../support/kafkajs-internals.ts'

const OK = { errorCode: 0, baseOffset: 2n ** 40n, logAppendTimeMs: -1n, logStartOffset: 5n }
const REFUSED = { errorCode: 87, baseOffset: -1n, logAppendTimeMs: -1n, logStartOffset: -1n }
const NOTHING_MORE = { recordErrors: [], errorMessage: null }

const ANSWER = {
  throttleTimeMs: 77,
  topics: [
    {
      name: 'тема',
      partitions: [
        { index: 0, ...OK, ...NOTHING_MORE },
        { index: 9, ...OK, logAppendTimeMs: 1_700_000_000_000n, ...NOTHING_MORE },
      ],
    },
    {
      name: 't',
      partitions: [
        {
          ...{ index: 3, ...REFUSED, errorMessage: 'the batch' },
          recordErrors: [
            { batchIndex: 1, message: 'no key' },
            { batchIndex: 4, message: null },
          ],
        },
      ],
    },
  ],
}

describe('decodeProduce', () => {
  test.each(PRODUCE_VERSIONS.filter((version) => version < 8))(
    'reads version %i as kafkajs does',
    async (version) => {
      const payload = encodeProduceAnswer(ANSWER, version)

      const decoded = decodeProduce(payload, version)

      expect(inWordsOfKafkajs(decoded)).toEqual(
        withoutLogStart(await decodeProduceWithKafkajs(payload, version)),
      )
    },
  )

  test('reads of version 8 why a batch was refused, and the records at fault', () => {
    const call = new ProduceCall({
      leader: 1,
      batches: [
        { topic: 't', partition: 3, pieces: [], sizeBytes: 0 },
        { topic: 'тема', partition: 9, pieces: [], sizeBytes: 0 },
      ],
    })

    const answer = decodeProduce(encodeProduceAnswer(ANSWER, 8), 8)

    expect(answer.clientThrottleMs).toBe(77)
    expect(toOutcomes(call, answer)).toEqual([
      {
        ...{ status: 'refused', errorNumber: 87, reason: 'the batch' },
        faults: [
          { position: 1, reason: 'no key' },
          { position: 4, reason: undefined },
        ],
      },
      { status: 'acknowledged', baseOffset: 2n ** 40n, logAppendTimeMs: 1_700_000_000_000 },
    ])
  })

  test('reads an offset of more than 53 bits exactly', () => {
    const partitions = [{ index: 3, ...OK, baseOffset: 2n ** 62n + 1n, ...NOTHING_MORE }]
    const payload = encodeProduceAnswer(
      { throttleTimeMs: 0, topics: [{ name: 't', partitions }] },
      7,
    )

    const { topics } = decodeProduce(payload, 7)

    expect(topics[0]?.partitions[0]?.baseOffset).toBe(2n ** 62n + 1n)
  })

  test('fails on a string that ends behind the answer', () => {
    const cut = Buffer.from('000000010009', 'hex')

    expect(() => decodeProduce(cut, 7)).toThrow(RangeError)
  })

  test.each([
    ['an array of fewer than no elements', 'fffffff0 7fffffff'],
    ['an array of -1 elements', 'ffffffff 7fffffff'],
    ['no topic at all', '00000000 7fffffff'],
  ])('fails on %s, and throttles nothing', (_, hex) => {
    expect(() => decodeProduce(Buffer.from(hex.replace(' ', ''), 'hex'), 7)).toThrow(RangeError)
  })

  test('fails on an answer that is cut short anywhere', () => {
    const payload = encodeProduceAnswer(ANSWER, 8)

    for (let end = 0; end < payload.length; end += 1) {
      expect(() => decodeProduce(payload.subarray(0, end), 8)).toThrow(RangeError)
    }
  })
})

describe('toOutcomes', () => {
  const BATCHES = [
    { topic: 'a', partition: 0 },
    { topic: 'b', partition: 0 },
    { topic: 'a', partition: 1 },
    { topic: 'b', partition: 7 },
  ]
  const call = new ProduceCall({
    leader: 1,
    batches: BATCHES.map((batch) => ({ ...batch, pieces: [], sizeBytes: 0 })),
  })
  const FORGOTTEN = {
    ...{ status: 'failed', wasSent: true },
    ...{ errorNumber: -195, reason: 'the answer does not mention the partition' },
  }

  /** An answer with these partitions, whose offsets are all different. */
  function answerOf(...topics: readonly [name: string, ...partitions: number[]][]): ProduceAnswer {
    return {
      ...{ throttleMs: 0, clientThrottleMs: undefined },
      topics: topics.map(([topicName, ...partitions]) => ({
        topicName,
        partitions: partitions.map((partition) => ({
          ...{ partition, errorCode: 0, logAppendTimeMs: -1, recordErrors: [], errorMessage: null },
          baseOffset: offsetOf(topicName, partition),
        })),
      })),
    }
  }

  function offsetOf(topic: string, partition: number): bigint {
    return BigInt(100 * topic.charCodeAt(0) + partition)
  }

  function acknowledged({ topic, partition }: { topic: string; partition: number }): object {
    const baseOffset = offsetOf(topic, partition)
    return { status: 'acknowledged', baseOffset, logAppendTimeMs: undefined }
  }

  test.each([
    ['topic by topic', answerOf(['a', 0, 1], ['b', 0, 7])],
    ['backwards', answerOf(['b', 7, 0], ['a', 1, 0])],
    ['a topic in several parts', answerOf(['a', 0], ['b', 0], ['a', 1], ['b', 7])],
  ])('finds the result of each batch in an answer that is written %s', (_, answer) => {
    expect(toOutcomes(call, answer)).toEqual(BATCHES.map(acknowledged))
  })

  test('fails the batches that the answer leaves out, and ignores partitions that were not asked for', () => {
    const answer = answerOf(['x', 0], ['a', 5, 1], ['b', 1])

    expect(toOutcomes(call, answer)).toEqual([
      FORGOTTEN,
      FORGOTTEN,
      acknowledged({ topic: 'a', partition: 1 }),
      FORGOTTEN,
    ])
  })
})

/** The answer as the embedded broker writes it. */
function encodeProduceAnswer(answer: ProduceResponse, version: number): Buffer {
  const writer = new Writer()
  produceApi.response.write(writer, answer, { version, isFlexible: false })
  return writer.bytes()
}

/** The answer with the names and types of kafkajs. */
function inWordsOfKafkajs({ topics, throttleMs, clientThrottleMs }: ProduceAnswer): object {
  return {
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partition, errorCode, baseOffset, logAppendTimeMs }) => ({
        ...{ partition, errorCode },
        ...{ baseOffset: String(baseOffset), logAppendTime: String(logAppendTimeMs) },
      })),
    })),
    ...(clientThrottleMs === undefined
      ? { throttleTime: throttleMs }
      : { throttleTime: 0, clientSideThrottleTime: clientThrottleMs }),
  }
}

/** The answer without the field that kprf does not read. */
function withoutLogStart(answer: unknown): object {
  const text = JSON.stringify(answer, (key, value: unknown) =>
    key === 'logStartOffset' ? undefined : value,
  )
  return JSON.parse(text) as object
}
