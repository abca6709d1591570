import { describe, expect, it } from 'vitest'
import type { ProduceOutcome } from '../../src/producer/transport.ts'
import { record, ProducerHarness } from '../support/producer-harness.ts'

const refused = (errorNumber: number): ProduceOutcome => ({ status: 'refused', errorNumber })
const failed = (errorNumber: number, wasSent: boolean): ProduceOutcome => ({
  status: 'failed',
  errorNumber,
  wasSent,
  reason: 'test',
})

/** Answers every request in the same way and gives the number of requests when all is reported. */
async function attemptsUntilReported(
  outcome: ProduceOutcome,
  settings: { retries: number; messageTimeoutMs?: number },
): Promise<{ attempts: number; harness: ProducerHarness }> {
  const harness = await ProducerHarness.warm({ messageTimeoutMs: 60_000, ...settings })
  harness.transport.otherwise = () => outcome
  await harness.send(record('a'))
  await harness.clock.advance(120_000)
  return { attempts: harness.transport.requests.length, harness }
}

describe('retries', () => {
  it.each([0, 1, 3])('sends a batch again %i times after an error that counts', async (retries) => {
    const { attempts, harness } = await attemptsUntilReported(refused(19), { retries })

    expect(attempts).toBe(retries + 1)
    expect(harness.reports).toMatchObject([{ status: 'notPersisted', error: { number: 19 } }])
  })

  it.each([
    { number: 7, status: 'possiblyPersisted' },
    { number: 19, status: 'notPersisted' },
    { number: 20, status: 'possiblyPersisted' },
    { number: 2, status: 'notPersisted' },
    { number: 56, status: 'possiblyPersisted' },
  ])('are counted for broker error $number, and the record is then $status', async (row) => {
    const { attempts, harness } = await attemptsUntilReported(refused(row.number), { retries: 2 })

    expect(attempts).toBe(3)
    expect(harness.reports).toMatchObject([{ status: row.status, error: { number: row.number } }])
  })

  it.each([3, 5, 6, 8, 9])('are not counted when the leader moved (%i)', async (number) => {
    const { attempts, harness } = await attemptsUntilReported(refused(number), {
      retries: 1,
      messageTimeoutMs: 10_000,
    })

    const status = number === 6 ? 'possiblyPersisted' : 'notPersisted'
    expect(attempts).toBeGreaterThan(5)
    expect(harness.reports).toMatchObject([{ status, error: { number: -192 } }])
  })

  it('are counted for a lost connection when the request was sent', async () => {
    const { attempts, harness } = await attemptsUntilReported(failed(-195, true), { retries: 2 })

    expect(attempts).toBe(3)
    expect(harness.reports).toMatchObject([
      { status: 'possiblyPersisted', error: { number: -195, code: 'DELIVERY_TIMED_OUT' } },
    ])
  })

  it.each([-195, -193, -181, -169, -166, 35, -99])(
    'are not counted for a request that was never sent, whatever the reason (%i)',
    async (number) => {
      const { attempts, harness } = await attemptsUntilReported(failed(number, false), {
        retries: 0,
        messageTimeoutMs: 5_000,
      })

      expect(attempts).toBeGreaterThan(4)
      expect(harness.reports).toMatchObject([{ status: 'notPersisted', error: { number: -192 } }])
    },
  )

  it.each([17, 21, 29, 31, 42, 44, 45, 47])(
    'do not happen after a permanent error (%i)',
    async (number) => {
      const { attempts, harness } = await attemptsUntilReported(refused(number), { retries: 9 })

      expect(attempts).toBe(1)
      expect(harness.reports).toMatchObject([{ status: 'notPersisted', error: { number } }])
    },
  )

  it.each([-1, 13, 46, 60, 12_345])(
    'do not happen after a permanent error with an unknown outcome (%i)',
    async (number) => {
      const { attempts, harness } = await attemptsUntilReported(refused(number), { retries: 9 })

      expect(attempts).toBe(1)
      expect(harness.reports).toMatchObject([
        { status: 'possiblyPersisted', error: { number, code: 'DELIVERY_TIMED_OUT' } },
      ])
    },
  )

  it('wait 100 ms, then twice as long each time, up to 1000 ms', async () => {
    const harness = await ProducerHarness.warm({ retries: 6, messageTimeoutMs: 60_000 })
    harness.transport.otherwise = () => refused(19)

    await harness.send(record('a'))
    await harness.clock.advance(60_000)

    expect(harness.retries.map(({ backoffMs }) => backoffMs)).toEqual([
      100, 200, 400, 800, 1000, 1000,
    ])
  })

  it('keep the unknown outcome of an earlier attempt', async () => {
    const harness = await ProducerHarness.warm({ retries: 1 })
    harness.transport.script.push(failed(-195, true), refused(29))

    await harness.send(record('a'))
    await harness.clock.advance(500)

    expect(harness.reports).toMatchObject([
      { status: 'possiblyPersisted', error: { number: 29, code: 'DELIVERY_TIMED_OUT' } },
    ])
  })
})

describe('message.timeout.ms', () => {
  it('covers linger, queue and retries, and ends exactly', async () => {
    const harness = await ProducerHarness.warm({ messageTimeoutMs: 1000 })
    harness.transport.otherwise = () => refused(5)
    await harness.send(record('a'))

    await harness.clock.advance(999)
    expect(harness.reports).toEqual([])
    await harness.clock.advance(1)
    expect(harness.reports).toMatchObject([
      { status: 'notPersisted', error: { number: -192, code: 'DELIVERY_TIMED_OUT' } },
    ])
    expect(harness.producer.bufferedRecords).toBe(0)
  })

  it('is each record’s own: a later record of the same batch lives on', async () => {
    const harness = new ProducerHarness({ messageTimeoutMs: 1000 }, {})
    harness.transport.topics.set('t', { name: 't', errorNumber: 0, leaders: [undefined] })
    await harness.send(record('a'))
    await harness.clock.advance(500)
    await harness.send(record('b'))

    await harness.clock.advance(500)
    expect(harness.reports).toHaveLength(1)
    harness.transport.setTopic('t', 1)
    await harness.clock.advance(400)

    expect(harness.reports).toMatchObject([{ status: 'notPersisted' }, { status: 'persisted' }])
    expect(harness.transport.values('t', 0)).toEqual(['b'])
  })

  it('at 0 never ends', async () => {
    const harness = await ProducerHarness.warm({ messageTimeoutMs: 0 })
    harness.transport.otherwise = () => refused(6)
    await harness.send(record('a'))

    await harness.clock.advance(100_000)

    expect(harness.reports).toEqual([])
  })

  it('bounds the request to what its first record has left, but to no less than 100 ms', async () => {
    const harness = await ProducerHarness.warm({ messageTimeoutMs: 1000 })
    harness.transport.script.push('hold', 'hold')
    await harness.send(record('a'))
    await harness.clock.advance(10)
    await harness.send(record('b'))
    await harness.clock.advance(970)
    harness.transport.acknowledgeHeld()
    await harness.clock.advance(0)

    expect(harness.transport.requests.map(({ requestTimeoutMs }) => requestTimeoutMs)).toEqual([
      990, 100,
    ])
  })

  it('never exceeds socket.timeout.ms for one request', async () => {
    const harness = await ProducerHarness.warm({ messageTimeoutMs: 0, socketTimeoutMs: 7_000 })

    await harness.send(record('a'))
    await harness.clock.advance(10)

    expect(harness.transport.requests[0]?.requestTimeoutMs).toBe(7_000)
  })

  it('makes a record that is in flight possibly persisted when it is over, whatever comes later', async () => {
    const harness = await ProducerHarness.warm({ messageTimeoutMs: 1000 })
    harness.transport.script.push('hold')
    await harness.send(record('a'))
    await harness.clock.advance(999)
    const early = [...harness.reports]
    await harness.clock.advance(1)
    const inTime = [...harness.reports]

    harness.transport.acknowledgeHeld()
    await harness.clock.advance(0)

    expect(early).toEqual([])
    expect(inTime).toMatchObject([
      { status: 'possiblyPersisted', error: { number: -192, code: 'DELIVERY_TIMED_OUT' } },
    ])
    expect(harness.reports).toEqual(inTime)
    expect(harness.producer.bufferedRecords).toBe(0)
  })

  it('sends nothing else to the partition before the request that outlived its records is over', async () => {
    const harness = await ProducerHarness.warm({ messageTimeoutMs: 1000 })
    harness.transport.script.push('hold')
    await harness.send(record('a'))
    await harness.clock.advance(1000)

    await harness.send(record('b'))
    await harness.clock.advance(500)
    const before = harness.transport.requests.length
    harness.transport.acknowledgeHeld()
    await harness.clock.advance(0)

    expect(before).toBe(1)
    expect(harness.transport.values('t', 0)).toEqual(['a', 'b'])
  })

  it('reports the expired records of a batch in flight, and the others with its answer', async () => {
    const harness = await ProducerHarness.warm({ messageTimeoutMs: 1000, lingerMs: 400 })
    harness.transport.script.push('hold')
    await harness.send(record('first'))
    await harness.clock.advance(300)
    await harness.send(record('second'))
    await harness.clock.advance(700)
    const expired = harness.reports.length

    harness.transport.acknowledgeHeld()
    await harness.clock.advance(0)

    expect(expired).toBe(1)
    expect(harness.reports).toMatchObject([
      { status: 'possiblyPersisted' },
      { status: 'persisted', offset: 1n },
    ])
  })

  it('abandons an unsent request when it is over', async () => {
    const harness = await ProducerHarness.warm({ messageTimeoutMs: 1000 })
    harness.transport.isSent = false
    harness.transport.script.push('hold')
    await harness.send(record('a'))

    await harness.clock.advance(1000)

    expect(harness.reports).toMatchObject([
      { status: 'notPersisted', error: { number: -192, code: 'DELIVERY_TIMED_OUT' } },
    ])
  })

  it.each([
    { availability: 'down', code: 'BROKER_UNAVAILABLE' },
    { availability: 'authenticationFailed', code: 'AUTHENTICATION_FAILED' },
  ] as const)('says what kept the record when Kafka is $availability', async (row) => {
    const harness = new ProducerHarness()
    harness.transport.availability = row.availability

    await harness.send(record('a'))
    await harness.clock.advance(2_000)

    expect(harness.reports).toMatchObject([
      { status: 'notPersisted', error: { number: -192, code: row.code } },
    ])
  })
})

describe('a record that Kafka refuses', () => {
  it.each([10, 18, 32, 44, 87])('does not fail its batch (%i)', async (errorNumber) => {
    const harness = await ProducerHarness.warm()
    harness.transport.otherwise = (request) =>
      request.recordBatch.includes('poison') ? refused(errorNumber) : undefined

    await harness.send(...['a', 'b', 'poison', 'c', 'd', 'e', 'f'].map((value) => record(value)))
    await harness.clock.advance(1_000)

    expect(harness.transport.values('t', 0)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect(harness.reports.filter(({ status }) => status !== 'persisted')).toMatchObject([
      { status: 'notPersisted', error: { number: errorNumber } },
    ])
    expect(harness.reports).toHaveLength(7)
  })
})
