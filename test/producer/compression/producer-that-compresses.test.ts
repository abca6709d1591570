/** The guarantees of the producer with a transport that compresses: at once, and later. */
import { describe, expect, it } from 'vitest'
import type { Compressor } from '../../../src/producer/compression/compressor.ts'
import type { ProduceOutcome } from '../../../src/producer/transport.ts'
import { atOnce, compressedWith, later } from '../../support/compression.ts'
import { codecOf } from '../../support/decode-batch.ts'
import { record, ProducerHarness, type HarnessSettings } from '../../support/producer-harness.ts'

const refused = (errorNumber: number): ProduceOutcome => ({ status: 'refused', errorNumber })

/** Values that become smaller. */
const text = (name: string): string => `${name} `.repeat(50)

/** A producer that knows its topic and compresses. */
async function warmHarness(
  compress: Compressor,
  settings: Partial<HarnessSettings> = {},
): Promise<ProducerHarness> {
  return await ProducerHarness.warm(settings, { t: 4 }, compressedWith(compress))
}

describe.each([
  ['at once', atOnce],
  ['later', later],
])('a producer whose batches are compressed %s', (_, compress) => {
  it('delivers records in order, in compressed batches', async () => {
    const harness = await warmHarness(compress)
    const values = ['a', 'b', 'c'].map(text)

    await harness.send(...values.map((value) => record(value)))
    await harness.clock.advance(10)

    expect(harness.reports).toMatchObject([{ offset: 0n }, { offset: 1n }, { offset: 2n }])
    expect(harness.transport.values('t', 0)).toEqual(values)
    expect(harness.transport.requests.map(({ recordBatch }) => codecOf(recordBatch))).toEqual([4])
    expect(harness.producer.bufferedRecords).toBe(0)
  })

  it('sends the same bytes again after an error', async () => {
    const harness = await warmHarness(compress)
    harness.transport.script.push(refused(19), refused(7))

    await harness.send(record(text('a')))
    await harness.clock.advance(2_000)

    const [first, second, third] = harness.transport.requests.map(({ recordBatch }) => recordBatch)
    expect(harness.transport.requests).toHaveLength(3)
    expect(second).toEqual(first)
    expect(third).toEqual(first)
    expect(harness.reports).toMatchObject([{ status: 'persisted', offset: 0n }])
  })

  it('cuts a batch in two for one bad record, and compresses both halves', async () => {
    const harness = await warmHarness(compress)
    harness.transport.script.push(refused(87))

    await harness.send(...['a', 'b', 'c', 'd'].map((name) => record(text(name))))
    await harness.clock.advance(2_000)

    expect(harness.splits).toBe(1)
    expect(harness.transport.values('t', 0)).toEqual(['a', 'b', 'c', 'd'].map(text))
    expect(harness.transport.requests.map(({ recordBatch }) => codecOf(recordBatch))).toEqual([
      4, 4, 4,
    ])
  })

  it('reports records that expire in flight as possibly persisted', async () => {
    const harness = await warmHarness(compress, { messageTimeoutMs: 500 })
    harness.transport.script.push('hold')

    await harness.send(record(text('a')))
    await harness.clock.advance(600)

    expect(harness.reports).toMatchObject([{ status: 'possiblyPersisted' }])
    expect(harness.transport.requests).toHaveLength(1)
  })

  it('keeps the numbers of an idempotent producer across retries', async () => {
    const harness = await warmHarness(compress, { enableIdempotence: true })
    harness.transport.script.push(refused(19))

    await harness.send(record(text('a')), record(text('b')))
    await harness.clock.advance(1_000)
    await harness.send(record(text('c')))
    await harness.clock.advance(1_000)

    expect(harness.transport.claims).toEqual(
      [0, 0, 2].map((sequence) => ({ producerId: 1, epoch: 0, sequence })),
    )
    expect(harness.transport.values('t', 0)).toEqual(['a', 'b', 'c'].map(text))
  })

  it('drains what waits', async () => {
    const harness = await warmHarness(compress, { lingerMs: 500 })

    await harness.send(record(text('a')))
    const drained = harness.producer.drain(1_000)
    await harness.clock.advance(0)

    expect(await drained).toBe(0)
    expect(harness.reports).toMatchObject([{ status: 'persisted' }])
  })
})

describe('a producer whose batch is still being compressed', () => {
  const never: Compressor = () => new Promise(() => undefined)

  it('reports its records as not persisted when they expire, and never sends them', async () => {
    const harness = await warmHarness(never, { messageTimeoutMs: 500 })

    await harness.send(record(text('a')))
    await harness.clock.advance(2_000)

    expect(harness.reports).toMatchObject([{ status: 'notPersisted', error: { number: -192 } }])
    expect(harness.transport.requests).toEqual([])
    expect(harness.producer.bufferedRecords).toBe(0)
  })

  it('closes, and leaves no timer behind', async () => {
    const harness = await warmHarness(never)

    await harness.send(record(text('a')))
    await harness.clock.advance(10)
    await harness.producer.close()
    await harness.clock.advance(0)

    expect(harness.reports).toHaveLength(1)
    expect(harness.transport.requests).toEqual([])
    expect(harness.clock.timers).toBe(0)
  })
})
