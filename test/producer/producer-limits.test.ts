import { describe, expect, it } from 'vitest'
import { record, ProducerHarness } from '../support/producer-harness.ts'

const numbers = (refusals: readonly ({ number: number } | undefined)[] | undefined) =>
  refusals?.map((refusal) => refusal?.number)

describe('queue.buffering.max.messages', () => {
  it('admits exactly as many records as it says', async () => {
    const harness = await ProducerHarness.warm({ queueBufferingMaxMessages: 3, queueFullWaitMs: 0 })

    const refusals = await harness.send(...['a', 'b', 'c', 'd'].map((value) => record(value)))

    expect(numbers(refusals)).toEqual([undefined, undefined, undefined, -184])
    expect(harness.producer.bufferedRecords).toBe(3)
    expect(harness.refused).toEqual([['t', -184]])
  })

  it('counts a record until its delivery report, in flight and between retries', async () => {
    const harness = await ProducerHarness.warm({ queueBufferingMaxMessages: 1, queueFullWaitMs: 0 })
    harness.transport.script.push('hold')
    await harness.send(record('a'))
    await harness.clock.advance(10)

    expect(numbers(await harness.send(record('b')))).toEqual([-184])
    harness.transport.held[0]?.answer({ status: 'refused', errorNumber: 7 })
    await harness.clock.advance(1)
    expect(numbers(await harness.send(record('c')))).toEqual([-184])
    await harness.clock.advance(100)
    expect(await harness.send(record('d'))).toBeUndefined()
  })

  it('is off at 0', async () => {
    const harness = await ProducerHarness.warm({ queueBufferingMaxMessages: 0 })

    const refusals = await harness.send(...Array.from({ length: 200 }, () => record('x')))

    expect(refusals).toBeUndefined()
  })

  it('is shared by all topics and partitions', async () => {
    const harness = await ProducerHarness.warm(
      { queueBufferingMaxMessages: 2, queueFullWaitMs: 0 },
      { t: 4, u: 1 },
    )

    const refusals = await harness.send(
      record('a'),
      record('b', { topic: 'u' }),
      record('c', { partition: 3 }),
    )

    expect(numbers(refusals)).toEqual([undefined, undefined, -184])
  })

  it('counts records of a topic that is not known yet', async () => {
    const harness = new ProducerHarness({ queueBufferingMaxMessages: 1, queueFullWaitMs: 0 })

    const refusals = await harness.send(record('a'), record('b'))

    expect(numbers(refusals)).toEqual([undefined, -184])
  })
})

describe('queue.buffering.max.kbytes', () => {
  const settings = { queueBufferingMaxKbytes: 1, queueFullWaitMs: 0 }

  it.each([
    { valueBytes: 1023, expected: undefined },
    { valueBytes: 1024, expected: undefined },
    { valueBytes: 1025, expected: [-184] },
  ])('decides over a value of $valueBytes bytes at a limit of 1024', async (row) => {
    const harness = await ProducerHarness.warm(settings)

    const refusals = await harness.send(record('x'.repeat(row.valueBytes)))

    expect(numbers(refusals)).toEqual(row.expected)
  })

  it('counts values only: not keys, not headers, not tombstones', async () => {
    const harness = await ProducerHarness.warm(settings)
    const big = 'k'.repeat(5_000)

    const refusals = await harness.send(
      record('x'.repeat(1024)),
      record(null, { key: big }),
      record('', { key: big, headers: [{ key: 'h', value: big }] }),
      record('y'),
    )

    expect(numbers(refusals)).toEqual([undefined, undefined, undefined, -184])
  })

  it('counts bytes of UTF-8, not characters', async () => {
    const harness = await ProducerHarness.warm(settings)

    expect(numbers(await harness.send(record('\u20ac'.repeat(342))))).toEqual([-184])
    expect(await harness.send(record('\u20ac'.repeat(341)))).toBeUndefined()
    expect(harness.producer.bufferedBytes).toBe(1023)
  })
})

describe('message.max.bytes', () => {
  const OVERHEAD = 36

  it.each([
    { title: 'one below', valueBytes: 1000 - OVERHEAD - 3 - 1, expected: undefined },
    { title: 'exactly at', valueBytes: 1000 - OVERHEAD - 3, expected: undefined },
    { title: 'one above', valueBytes: 1000 - OVERHEAD - 3 + 1, expected: [10] },
  ])('takes 36 + key + value + headers, $title the limit', async ({ valueBytes, expected }) => {
    const harness = await ProducerHarness.warm({ messageMaxBytes: 1000 })

    const refusals = await harness.send(record('x'.repeat(valueBytes), { key: 'key' }))

    expect(numbers(refusals)).toEqual(expected)
  })

  it('is checked before the queue limits', async () => {
    const harness = await ProducerHarness.warm({
      messageMaxBytes: 1000,
      queueBufferingMaxMessages: 1,
      queueFullWaitMs: 0,
    })
    await harness.send(record('a'))

    expect(numbers(await harness.send(record('x'.repeat(1000)), record('b')))).toEqual([10, -184])
  })
})

describe('a push that finds the queue full', () => {
  const settings = { queueBufferingMaxMessages: 1, queueFullWaitMs: 100 }

  it('waits for room and is then admitted', async () => {
    const harness = await ProducerHarness.warm(settings)
    await harness.send(record('a'))

    const admission = harness.send(record('b'))
    await harness.clock.advance(50)

    expect(await admission).toBeUndefined()
    expect(harness.transport.values('t', 0)).toEqual(['a', 'b'])
  })

  it('is refused when queue_full_wait_ms is over, and not before', async () => {
    const harness = await ProducerHarness.warm(settings)
    harness.transport.script.push('hold')
    await harness.send(record('a'))
    let refusals: unknown = 'waiting'
    void harness.send(record('b')).then((result) => {
      refusals = result
    })

    await harness.clock.advance(99)
    expect(refusals).toBe('waiting')
    await harness.clock.advance(1)
    expect(refusals).toMatchObject([{ number: -184, code: 'BUFFER_FULL' }])
  })

  it('waits once for the whole request, not once a record', async () => {
    const harness = await ProducerHarness.warm(settings)
    harness.transport.script.push('hold')
    await harness.send(record('a'))

    const admission = harness.send(record('b'), record('c'), record('d'))
    await harness.clock.advance(100)

    expect(numbers(await admission)).toEqual([-184, -184, -184])
  })

  it('starts message.timeout.ms when it is admitted, not when it began to wait', async () => {
    const harness = await ProducerHarness.warm({ ...settings, messageTimeoutMs: 1000 })
    harness.transport.script.push('hold', 'hold')
    await harness.send(record('a'))
    await harness.clock.advance(10)
    const admission = harness.send(record('b'))
    await harness.clock.advance(90)
    harness.transport.held[0]?.answer({ status: 'refused', errorNumber: 29 })
    await harness.clock.advance(0)
    await admission

    await harness.clock.advance(10)
    expect(harness.transport.requests[1]?.requestTimeoutMs).toBe(990)
  })
})

describe('admission', () => {
  it('is per record: with room for three of five, three are produced and two refused', async () => {
    const harness = await ProducerHarness.warm({ queueBufferingMaxMessages: 3, queueFullWaitMs: 0 })

    const refusals = await harness.send(...['a', 'b', 'c', 'd', 'e'].map((value) => record(value)))
    await harness.clock.advance(10)

    expect(numbers(refusals)).toEqual([undefined, undefined, undefined, -184, -184])
    expect(harness.transport.values('t', 0)).toEqual(['a', 'b', 'c'])
    expect(harness.reports).toHaveLength(3)
  })

  it('gives the room of a record with an unknown partition back', async () => {
    const harness = await ProducerHarness.warm()

    const refusals = await harness.send(
      record('a', { partition: 4 }),
      record('b', { partition: 3 }),
    )

    expect(numbers(refusals)).toEqual([-190, undefined])
    expect(harness.producer.bufferedRecords).toBe(1)
    expect(harness.producer.bufferedBytes).toBe(1)
  })
})
