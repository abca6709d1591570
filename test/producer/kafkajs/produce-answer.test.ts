import { produceApi, type ProduceResponse, Writer } from '@kprf/embedded-broker/testing'
import { describe, expect, test } from 'vitest'
import { decodeProduce, PRODUCE_VERSIONS } from '../../../src/producer/kafkajs/produce-answer.ts'
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

      expect(decoded).toMatchObject(
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

    const { topics, clientSideThrottleTime } = decodeProduce(encodeProduceAnswer(ANSWER, 8), 8)
    const results = topics.flatMap(({ topicName, partitions }) =>
      partitions.map((partition) => ({ topicName, ...partition })),
    )

    expect(clientSideThrottleTime).toBe(77)
    expect(toOutcomes(call, results)).toEqual([
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

  test('fails on an answer that is cut short anywhere', () => {
    const payload = encodeProduceAnswer(ANSWER, 8)

    for (let end = 0; end < payload.length; end += 1) {
      expect(() => decodeProduce(payload.subarray(0, end), 8)).toThrow(RangeError)
    }
  })
})

/** The answer as the embedded broker writes it. */
function encodeProduceAnswer(answer: ProduceResponse, version: number): Buffer {
  const writer = new Writer()
  produceApi.response.write(writer, answer, { version, isFlexible: false })
  return writer.bytes()
}

/** The answer without the field that kprf does not read. */
function withoutLogStart(answer: unknown): object {
  const text = JSON.stringify(answer, (key, value: unknown) =>
    key === 'logStartOffset' ? undefined : value,
  )
  return JSON.parse(text) as object
}
