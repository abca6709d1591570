import { describe, expect, test } from 'vitest'
import { ProducerStates } from '../src/producer-state.ts'
import type { BatchHeader } from '../src/record-batch.ts'
import { readBatchHeader } from '../src/record-batch.ts'
import { recordBatch } from './support/batch-builder.ts'

function header(
  baseSequence: number,
  { count = 1, producerEpoch = 0, producerId = 7n } = {},
): BatchHeader {
  const records = Array.from({ length: count }, () => ({}))
  return readBatchHeader(recordBatch({ records, producerId, producerEpoch, baseSequence }))
}

/** Judges a batch and, if it is to be appended, appends it at that offset. */
function offer(states: ProducerStates, batch: BatchHeader, offset = 0n): number | bigint {
  const verdict = states.judge(batch)
  if (verdict.kind === 'append') states.appended(batch, offset)
  if (verdict.kind === 'refuse') return verdict.errorCode
  return verdict.kind === 'duplicate' ? verdict.baseOffset : 0
}

describe('ProducerStates', () => {
  test('lets consecutive batches pass', () => {
    const states = new ProducerStates()

    const codes = [header(0, { count: 3 }), header(3), header(4)].map((one) => offer(states, one))

    expect(codes).toEqual([0, 0, 0])
  })

  test('knows the last five batches again, and gives their offsets', () => {
    const states = new ProducerStates()
    for (let sequence = 0; sequence < 6; sequence += 1) {
      offer(states, header(sequence), BigInt(100 + sequence))
    }

    expect(offer(states, header(1))).toBe(101n)
    expect(offer(states, header(5))).toBe(105n)
    expect(offer(states, header(0))).toBe(45)
  })

  test.each([
    ['a gap', header(2), 45],
    ['a repetition with more records', header(0, { count: 2 }), 45],
    ['an older epoch', header(1, { producerEpoch: -1 }), 47],
    ['a newer epoch that does not start at 0', header(1, { producerEpoch: 1 }), 45],
    ['a newer epoch that starts at 0', header(0, { producerEpoch: 1 }), 0],
    ['another producer, wherever it starts', header(9, { producerId: 8n }), 0],
    ['a batch without a producer id', header(-1, { producerId: -1n }), 0],
  ])('answers %s', (_, batch, expected) => {
    const states = new ProducerStates()
    offer(states, header(0))

    expect(offer(states, batch)).toBe(expected)
  })

  test('counts on from 0 after the largest sequence', () => {
    const states = new ProducerStates()
    offer(states, header(2 ** 31 - 1))

    expect(offer(states, header(0))).toBe(0)
  })

  test('refuses an older epoch than another partition saw, where partitions share epochs', () => {
    const epochs = new Map<bigint, number>()
    const here = new ProducerStates(epochs)
    const there = new ProducerStates(epochs)
    offer(here, header(0))

    expect(offer(there, header(0, { producerEpoch: 3 }))).toBe(0)
    expect(offer(here, header(1))).toBe(47)
    expect(offer(here, header(0, { producerEpoch: 3 }))).toBe(0)
  })

  test('forgets the producer that was silent for longest beyond a thousand', () => {
    const states = new ProducerStates()
    for (let id = 0; id < 1_000; id += 1) offer(states, header(0, { producerId: BigInt(id) }))
    offer(states, header(1, { producerId: 0n }))
    offer(states, header(0, { producerId: 1_000n }))

    expect(offer(states, header(5, { producerId: 0n }))).toBe(45)
    expect(offer(states, header(5, { producerId: 1n }))).toBe(0)
  })
})
