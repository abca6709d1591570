import { describe, expect, it } from 'vitest'
import { record, ProducerHarness } from '../support/producer-harness.ts'

describe('drain', () => {
  it('refuses new records and sends the buffered ones without waiting for linger', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 1_000 })
    await harness.send(record('a'))

    const drained = harness.producer.drain(5_000)
    const refusals = await harness.send(record('b'))
    await harness.clock.advance(0)

    expect(await drained).toBe(0)
    expect(refusals).toMatchObject([{ number: -197, code: 'PRODUCER_DRAINING' }])
    expect(harness.transport.values('t', 0)).toEqual(['a'])
  })

  it('waits for a retry that is backing off', async () => {
    const harness = await ProducerHarness.warm()
    harness.transport.script.push({ status: 'refused', errorNumber: 19 })
    await harness.send(record('a'))
    await harness.clock.advance(10)

    const drained = harness.producer.drain(5_000)
    await harness.clock.advance(100)

    expect(await drained).toBe(0)
    expect(harness.reports).toMatchObject([{ status: 'persisted' }])
  })

  it('gives up at its timeout and says how many records are left', async () => {
    const harness = await ProducerHarness.warm({ messageTimeoutMs: 60_000 })
    harness.transport.script.push('hold')
    await harness.send(record('a'), record('b'))
    await harness.clock.advance(10)
    await harness.send(record('c'))

    const drained = harness.producer.drain(500)
    await harness.clock.advance(500)

    expect(await drained).toBe(3)
  })

  it('refuses records that wait for room', async () => {
    const harness = await ProducerHarness.warm({ queueBufferingMaxMessages: 1 })
    harness.transport.script.push('hold')
    await harness.send(record('a'))
    const waiting = harness.send(record('b'))

    void harness.producer.drain(500)

    expect(await waiting).toMatchObject([{ code: 'PRODUCER_DRAINING' }])
  })
})

describe('close', () => {
  it('reports what is queued as purged and what is in flight as possibly persisted', async () => {
    const harness = await ProducerHarness.warm({ batchNumMessages: 1 })
    harness.transport.script.push('hold')
    await harness.send(record('a'), record('b'), record('c', { topic: 'new' }))
    await harness.clock.advance(0)

    await harness.producer.close()

    expect(harness.reports).toMatchObject([
      { status: 'possiblyPersisted', error: { number: -151 } },
      { status: 'notPersisted', error: { number: -152 } },
      { status: 'notPersisted', error: { number: -152 } },
    ])
    expect(harness.producer.bufferedRecords).toBe(0)
    expect(harness.transport.isClosed).toBe(true)
  })

  it('ignores an answer that comes afterwards', async () => {
    const harness = await ProducerHarness.warm()
    harness.transport.script.push('hold')
    await harness.send(record('a'))
    await harness.clock.advance(10)
    await harness.producer.close()

    harness.transport.acknowledgeHeld()
    await harness.clock.advance(0)

    expect(harness.reports).toHaveLength(1)
  })

  it('leaves no timer behind', async () => {
    const harness = await ProducerHarness.warm()
    harness.transport.script.push({ status: 'refused', errorNumber: 6 })
    await harness.send(record('a'), record('b', { topic: 'nope' }), record('c', { partition: 2 }))
    await harness.clock.advance(5)

    await harness.producer.close()

    expect(harness.clock.timers).toBe(0)
  })
})
