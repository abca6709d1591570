import { describe, expect, it } from 'vitest'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { countPromises } from '../support/count-promises.ts'
import { settle } from '../support/fake-clock.ts'
import { ProducerHarness, record } from '../support/producer-harness.ts'
import type { Refusals } from '../support/send-all.ts'

const numbers = (refusals: Refusals | undefined): unknown =>
  refusals?.map((refusal) => refusal?.number)

const values = (count: number, name = 'v'): ProducerRecord[] =>
  Array.from({ length: count }, (_, index) => record(`${name}${index}`))

/** A queue with room for so many records, all of which are taken and in flight. */
async function full(
  records: number,
  settings: Parameters<typeof ProducerHarness.warm>[0] = {},
): Promise<ProducerHarness> {
  const harness = await ProducerHarness.warm({
    ...{ queueBufferingMaxMessages: records, lingerMs: 0, queueFullWaitMs: 100 },
    ...{ messageTimeoutMs: 60_000, ...settings },
  })
  harness.transport.script.push('hold')
  await harness.send(...values(records, 'first'))
  await harness.clock.advance(0)
  return harness
}

describe('a push that waits for room', () => {
  it('takes room for as many of its records as fit, in order, and waits on with the rest', async () => {
    const harness = await full(3)
    const done: string[] = []
    const large = harness.send(...values(5)).then(() => done.push('large'))
    const small = harness.send(record('small')).then(() => done.push('small'))

    harness.transport.script.push('hold')
    harness.transport.acknowledgeHeld()
    await settle()
    expect(harness.producer.bufferedRecords).toBe(3)
    expect(done).toEqual([])
    harness.transport.acknowledgeHeld()
    await harness.clock.advance(10)
    await Promise.all([large, small])

    expect(done).toEqual(['large', 'small'])
    expect(harness.transport.values('t', 0).slice(3)).toEqual([
      ...['v0', 'v1', 'v2', 'v3', 'v4'],
      'small',
    ])
  })

  it('has one timer, however many its records are', async () => {
    const harness = await full(1)
    const before = harness.clock.timers

    void harness.send(...values(1_000))

    expect(harness.clock.timers).toBe(before + 1)
  })

  it('costs a few promises, however many records are refused when its wait is over', async () => {
    const harness = await full(1)
    const pushes = 50
    const records = values(1_000)

    const promises = await countPromises(async () => {
      const admissions = Array.from({ length: pushes }, async () => await harness.sendAll(records))
      await harness.clock.advance(100)
      const refused = (await Promise.all(admissions)).map((refusals) => refusals?.length)
      expect(refused).toEqual(new Array(pushes).fill(1_000))
    })

    expect(promises).toBeLessThan(pushes * 20)
  })

  it('has its refusals counted once for each topic and error', async () => {
    const harness = await full(1, { messageMaxBytes: 1_000 })
    const records = values(1_000).map((one, index) => ({ ...one, topic: index < 600 ? 't' : 'u' }))

    const admission = harness.send(...records, record('x'.repeat(1_000)), ...values(1))
    await harness.clock.advance(100)
    await admission

    expect(harness.refusals).toHaveLength(3)
    expect(harness.refusals).toEqual(
      expect.arrayContaining([
        ['t', -184, 601],
        ['u', -184, 400],
        ['t', 10, 1],
      ]),
    )
  })

  it('is refused for each record by its own reason', async () => {
    const harness = await full(1, { messageMaxBytes: 1_000, queueBufferingMaxKbytes: 1 })

    const admission = harness.send(record('a'), record('x'.repeat(1_000)), record('b'))
    await harness.clock.advance(100)

    expect(numbers(await admission)).toEqual([-184, 10, -184])
  })

  it('is not delayed by a record that is larger than the whole queue', async () => {
    const harness = await full(1, { queueBufferingMaxKbytes: 1 })

    const admission = harness.send(record('x'.repeat(1_025)), record('b'))
    harness.transport.acknowledgeHeld()
    await harness.clock.advance(1)

    expect(numbers(await admission)).toEqual([-184, undefined])
    expect(harness.transport.values('t', 0)).toEqual(['first0', 'b'])
  })

  it('admits small records after one that did not fit in time', async () => {
    const harness = await full(1, {
      ...{ queueBufferingMaxMessages: 10, queueBufferingMaxKbytes: 1 },
    })

    const admission = harness.send(record('x'.repeat(1_020)), record('b'))
    await harness.clock.advance(100)

    expect(numbers(await admission)).toEqual([-184, undefined])
  })

  it('is not overtaken by a push that comes while it is being served', async () => {
    const harness = await full(2)
    const waiting = harness.send(...values(2))
    harness.transport.acknowledgeHeld()

    const late = harness.send(record('late'))
    await harness.clock.advance(10)
    await Promise.all([waiting, late])

    expect(harness.transport.values('t', 0).slice(2)).toEqual(['v0', 'v1', 'late'])
  })
})

describe('drain', () => {
  it('refuses thousands of waiting pushes at once, and admits nothing of them', async () => {
    const harness = await full(1)
    const records = values(10)
    const admissions = Array.from({ length: 3_000 }, async () => await harness.sendAll(records))

    const promises = await countPromises(async () => {
      void harness.producer.drain(1_000)
      await settle()
    })
    const refused = new Set((await Promise.all(admissions)).flatMap((one) => numbers(one)))

    expect(refused).toEqual(new Set([-197]))
    expect(harness.producer.bufferedRecords).toBe(1)
    expect(promises).toBeLessThan(3_000)
    expect(harness.refusals).toEqual(new Array(3_000).fill(['t', -197, 10]))
  })

  it('refuses the rest of a push that was being served', async () => {
    const harness = await full(1)
    const admission = harness.send(...values(3))
    harness.transport.script.push('hold')
    harness.transport.acknowledgeHeld()
    await settle()

    void harness.producer.drain(1_000)
    await harness.clock.advance(0)

    expect(numbers(await admission)).toEqual([undefined, -197, -197])
  })
})
