import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHUNK_OVERHEAD_BYTES, LARGEST_CHUNK_BYTES } from '../../src/producer/chunk-pool.ts'
import { RECORD_BOOKKEEPING_BYTES } from '../../src/producer/queue-budget.ts'
import { ProducerHarness, record } from '../support/producer-harness.ts'
import type { Refusals } from '../support/send-all.ts'
import { runs } from '../support/random-runs.ts'

const MIB = 1_048_576

const numbers = (refusals: Refusals | undefined): unknown =>
  refusals?.map((refusal) => refusal?.number)

/** Sends records until one is refused; returns how many were admitted. */
async function fill(
  harness: ProducerHarness,
  make: (n: number) => Parameters<typeof record>[1],
): Promise<number> {
  harness.transport.otherwise = () => 'hold'
  for (let n = 0; ; n += 1) {
    if (await harness.send(record('', make(n)))) return n
  }
}

describe('the bound on all memory', () => {
  const settings = {
    ...{ queueMemoryMaxBytes: 4 * MIB, queueFullWaitMs: 0, lingerMs: 1_000 },
    ...{ messageTimeoutMs: 60_000 },
  }

  it.each([
    ['keys', () => ({ key: 'k'.repeat(10_000) })],
    ['header values', () => ({ headers: [{ key: 'h', value: 'v'.repeat(10_000) }] })],
    ['header keys', () => ({ headers: [{ key: 'h'.repeat(10_000), value: '' }] })],
    ['small records', () => ({})],
  ])('counts %s, which the queue’s limit of bytes does not', async (_, make) => {
    const harness = await ProducerHarness.warm(settings)

    const admitted = await fill(harness, make)

    expect(harness.refused).toEqual([['t', -184]])
    expect(harness.producer.bufferedBytes).toBe(0)
    expect(harness.producer.memoryBytes).toBeLessThanOrEqual(4 * MIB)
    expect(harness.producer.memoryBytes).toBeGreaterThan(3.3 * MIB)
    expect(admitted).toBeGreaterThan(300)
  })

  it('counts records of topics that are not known yet, a topic each', async () => {
    const harness = await ProducerHarness.warm(settings)
    harness.transport.availability = 'down'

    const admitted = await fill(harness, (n) => ({ topic: `new-${n}`, partition: undefined }))

    const eachBytes = 1_024 + CHUNK_OVERHEAD_BYTES + RECORD_BOOKKEEPING_BYTES
    expect(harness.producer.memoryBytes).toBe(admitted * eachBytes)
    expect(admitted).toBe(Math.floor((4 * MIB - LARGEST_CHUNK_BYTES) / eachBytes))
  })

  it('admits a record as long as the largest chunk is left for it, and not beyond', async () => {
    const chunkBytes = LARGEST_CHUNK_BYTES + CHUNK_OVERHEAD_BYTES + RECORD_BOOKKEEPING_BYTES
    const heldBytes = 1_024 + CHUNK_OVERHEAD_BYTES + RECORD_BOOKKEEPING_BYTES
    for (const [maxBytes, expected] of [
      [heldBytes + chunkBytes - 1, [undefined, -184]],
      [heldBytes + chunkBytes, undefined],
    ] as const) {
      const harness = await ProducerHarness.warm({ ...settings, queueMemoryMaxBytes: maxBytes })

      expect(numbers(await harness.send(record('a'), record('b')))).toEqual(expected)
    }
  })

  it('is kept, whatever is sent', async () => {
    const anyRecord = fc.record({
      key: fc.option(fc.nat(400_000)),
      topic: fc.constantFrom('t', 'new-1', 'new-2'),
      partition: fc.nat(3),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { maxLength: 60 }), async (records) => {
        const harness = await ProducerHarness.warm(settings)
        harness.transport.availability = 'down'
        for (const { key, topic, partition } of records) {
          const bytes = key === null ? null : 'k'.repeat(key)
          await harness.send(record('v', { topic, partition, key: bytes }))

          expect(harness.producer.memoryBytes).toBeLessThanOrEqual(4 * MIB)
        }
        await harness.producer.close()
        expect(harness.producer.memoryBytes).toBe(0)
      }),
      { numRuns: runs(50) },
    )
  })

  it('refuses a record larger than the bound at once, but not the records after it', async () => {
    const harness = await ProducerHarness.warm({ ...settings, queueMemoryMaxBytes: MIB / 2 })
    const waiting = { ...settings, queueMemoryMaxBytes: MIB / 2, queueFullWaitMs: 60_000 }
    const patient = await ProducerHarness.warm(waiting)

    for (const one of [harness, patient]) {
      const refusals = await one.sendAll([record('', { key: 'k'.repeat(600_000) }), record('b')])
      expect(numbers(refusals)).toEqual([-184, undefined])
    }
  })

  it('lets a push wait until the memory of other records is free', async () => {
    const harness = await ProducerHarness.warm({
      ...settings,
      ...{ queueMemoryMaxBytes: MIB, queueFullWaitMs: 100, lingerMs: 0 },
    })
    harness.transport.script.push('hold')
    await harness.send(record('', { key: 'k'.repeat(900_000) }))
    await harness.clock.advance(0)
    const admission = harness.send(record('b'))

    harness.transport.acknowledgeHeld()
    await harness.clock.advance(1)

    expect(await admission).toBeUndefined()
    expect(harness.transport.values('t', 0)).toEqual(['', 'b'])
  })

  it('counts records that expired in flight until their request has ended, and then serves waiting pushes', async () => {
    const harness = await ProducerHarness.warm({
      ...{ queueMemoryMaxBytes: MIB, queueFullWaitMs: 5_000, lingerMs: 0, messageTimeoutMs: 500 },
    })
    harness.transport.script.push('hold')
    await harness.send(record('', { key: 'k'.repeat(900_000) }))
    await harness.clock.advance(600)
    expect(harness.producer.bufferedRecords).toBe(0)
    expect(harness.producer.memoryBytes).toBeGreaterThan(900_000)
    const admission = harness.send(record('b'))

    harness.transport.acknowledgeHeld()
    await harness.clock.advance(1)

    expect(await admission).toBeUndefined()
  })

  it('counts what a retry and the halves of a batch hold, down to nothing', async () => {
    const harness = await ProducerHarness.warm({ ...settings, lingerMs: 0 })
    harness.transport.script.push(
      { status: 'refused', errorNumber: 6 },
      { status: 'refused', errorNumber: 87 },
    )
    await harness.send(record('a'), record('b'), record('c'))
    const oneBatchBytes = harness.producer.memoryBytes

    await harness.clock.advance(0)
    expect(harness.producer.memoryBytes).toBe(oneBatchBytes)
    await harness.clock.advance(2_000)

    expect(harness.splits).toBe(1)
    expect(harness.reports).toHaveLength(3)
    expect(harness.producer.memoryBytes).toBe(0)
  })
})

describe('the memory of records whose topic is not known yet', () => {
  it('is about that of records in a batch', async () => {
    const known = await ProducerHarness.warm({ lingerMs: 1_000 })
    const unknown = await ProducerHarness.warm({ lingerMs: 1_000 })
    unknown.transport.availability = 'down'
    for (let n = 0; n < 2_000; n += 1) {
      await known.send(record('x'.repeat(100)))
      await unknown.send(record('x'.repeat(100), { topic: 'new' }))
    }

    expect(unknown.producer.memoryBytes).toBe(known.producer.memoryBytes)
  })

  it('includes neither strings nor buffers of the request', async () => {
    const harness = await ProducerHarness.warm()
    harness.transport.availability = 'down'
    const [key, value] = [Buffer.from('key'), Buffer.from('value')]
    await harness.send(record('', { ...{ topic: 'new', partition: undefined, key, value } }))

    key.fill(0)
    value.fill(0)
    harness.transport.topics.set('new', { name: 'new', errorNumber: 0, leaders: [1] })
    harness.transport.availability = 'up'
    await harness.clock.advance(1_000)

    expect(harness.transport.values('new', 0)).toEqual(['value'])
  })
})
