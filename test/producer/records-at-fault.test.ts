import { describe, expect, it } from 'vitest'
import type { ProduceOutcome, RecordFault } from '../../src/producer/transport.ts'
import type { SentBatch } from '../support/fake-transport.ts'
import { decodeBatch } from '../support/decode-batch.ts'
import { ProducerHarness, record, type HarnessSettings } from '../support/producer-harness.ts'

const NO_KEY = 'Compacted topic cannot accept message without key in topic partition t-0'
const WHOLE_BATCH = 'One or more records have been rejected due to 2 record errors in total'

/** Refuses the records whose value is in `reasons`, as Kafka does from Produce v8 on. */
function refusing(reasons: Readonly<Record<string, string | undefined>>) {
  return ({ recordBatch }: SentBatch): ProduceOutcome | undefined => {
    const faults = decodeBatch(recordBatch).flatMap(({ value }, position): RecordFault[] => {
      const text = String(value)
      return text in reasons ? [{ position, reason: reasons[text] }] : []
    })
    return faults.length === 0
      ? undefined
      : { status: 'refused', errorNumber: 87, reason: WHOLE_BATCH, faults }
  }
}

async function harnessThat(
  answers: (request: SentBatch) => ProduceOutcome | undefined,
  settings: Partial<HarnessSettings> = {},
): Promise<ProducerHarness> {
  const harness = await ProducerHarness.warm({ lingerMs: 0, ...settings })
  harness.transport.otherwise = answers
  return harness
}

const records = (...values: string[]) => values.map((value) => record(value))

/** The reports by value, as status and reason. */
async function send(harness: ProducerHarness, ...values: string[]): Promise<unknown[]> {
  const ends: unknown[] = []
  await harness.sendAll(records(...values), (report, index) => {
    ends[index] =
      report.status === 'persisted'
        ? Number(report.offset)
        : (report.error.detail ?? report.error.number)
  })
  await harness.clock.advance(0)
  return ends
}

describe('records that Kafka names as those at fault', () => {
  it('fail alone, for Kafka’s own reason; the others are sent once more, at once and in order', async () => {
    const harness = await harnessThat(
      refusing({ bad: NO_KEY, late: 'Timestamp 1 is out of range' }),
    )

    const ends = await send(harness, 'a', 'bad', 'b', 'c', 'late', 'd')

    expect(ends).toEqual([0, NO_KEY, 1, 2, 'Timestamp 1 is out of range', 3])
    expect(harness.transport.values('t', 0)).toEqual(['a', 'b', 'c', 'd'])
    expect(harness.transport.requests).toHaveLength(2)
    expect([harness.splits, harness.attemptsFailed]).toEqual([1, [87]])
    expect(harness.failures).toMatchObject([
      { status: 'notPersisted', partition: 0, error: { number: 87, code: 'RECORD_REJECTED' } },
      { status: 'notPersisted', partition: 0, error: { number: 87, code: 'RECORD_REJECTED' } },
    ])
    expect([harness.producer.bufferedRecords, harness.producer.memoryBytes]).toEqual([0, 0])
  })

  it('are reported together if their reason is the same', async () => {
    const harness = await harnessThat(refusing({ x: NO_KEY, y: NO_KEY, z: undefined }))

    const ends = await send(harness, 'x', 'a', 'y', 'z')

    expect(ends).toEqual([NO_KEY, 0, NO_KEY, 87])
    expect(harness.failures).toHaveLength(2)
  })

  it('need one request, not one for each, if all of a batch are', async () => {
    const values = Array.from({ length: 100 }, (_, index) => `${index}`)
    const harness = await harnessThat(refusing(Object.fromEntries(values.map((v) => [v, NO_KEY]))))

    const ends = await send(harness, ...values)

    expect(ends).toEqual(values.map(() => NO_KEY))
    expect(harness.transport.requests).toHaveLength(1)
    expect(harness.splits).toBe(0)
    expect([harness.producer.bufferedRecords, harness.producer.memoryBytes]).toEqual([0, 0])
  })

  it('have their own reason, and not the one of the batch, also if they are alone', async () => {
    const harness = await harnessThat(refusing({ bad: NO_KEY }))

    expect(await send(harness, 'bad')).toEqual([NO_KEY])
  })

  it('leave the numbers of an idempotent producer without a gap', async () => {
    const harness = await harnessThat(refusing({ bad: NO_KEY }), {
      ...{ enableIdempotence: true, requiredAcks: -1 },
    })

    await send(harness, 'a', 'bad', 'b')
    await send(harness, 'c')

    expect(harness.transport.claims.map(({ epoch, sequence }) => [epoch, sequence])).toEqual([
      [0, 0],
      [0, 0],
      [0, 2],
    ])
    expect(harness.renewals).toBe(0)
    expect(harness.transport.values('t', 0)).toEqual(['a', 'b', 'c'])
  })

  it('fail once, whatever positions the broker names', async () => {
    const faults = [1, 1, -1, 99, 3].map((position) => ({ position, reason: NO_KEY }))
    const harness = await harnessThat(() => undefined)
    harness.transport.script.push({ status: 'refused', errorNumber: 32, faults })

    expect(await send(harness, 'a', 'b', 'c', 'd')).toEqual([0, NO_KEY, 1, NO_KEY])
  })

  it('are searched for if no named position is in the batch', async () => {
    const faults = [{ position: 99, reason: NO_KEY }]
    const harness = await harnessThat(({ recordBatch }) =>
      recordBatch.includes('bad')
        ? { status: 'refused', errorNumber: 87, reason: WHOLE_BATCH, faults }
        : undefined,
    )

    expect(await send(harness, 'a', 'bad', 'c')).toEqual([0, NO_KEY, 1])
  })

  it.each([
    ['names it', { faults: [{ position: 0, reason: NO_KEY }] }],
    ['names none', {}],
  ])(
    'are left out of the next attempt if they expired in flight, also if Kafka %s',
    async (_, named) => {
      const harness = await ProducerHarness.warm({ lingerMs: 100 })
      harness.transport.script.push('hold')
      const ends: unknown[] = []
      for (const [deliveryTimeoutMs, value] of [
        [200, 'bad'],
        [Infinity, 'a'],
      ] as const) {
        harness.producer.sendAll(records(value), {
          owner: { deliveryTimeoutMs, settled: ({ status }) => ends.push(`${value} ${status}`) },
          ...{ roomWaitMs: 0, isRefused: () => false, refused: () => undefined },
          admissionEnded: () => undefined,
        })
      }
      await harness.clock.advance(300)
      expect(ends).toEqual(['bad possiblyPersisted'])

      harness.transport.held[0]?.answer({ status: 'refused', errorNumber: 87, ...named })
      await harness.clock.advance(0)

      expect(ends).toEqual(['bad possiblyPersisted', 'a persisted'])
      expect(harness.transport.values('t', 0)).toEqual(['a'])
    },
  )
})

describe('a batch that Kafka may have', () => {
  it('stays whole, and its outcome unknown, if a later attempt is refused for some records', async () => {
    const harness = await harnessThat(() => undefined, {
      ...{ enableIdempotence: true, requiredAcks: -1 },
    })
    const lost = { status: 'failed', errorNumber: -195, wasSent: true, reason: 'lost' } as const
    const faults = [{ position: 0, reason: NO_KEY }]
    harness.transport.script.push(lost, { status: 'refused', errorNumber: 87, faults })

    const ends = send(harness, 'a', 'b')
    await ends
    await harness.clock.advance(1_000)

    expect(await ends).toEqual([87, 87])
    expect(harness.failures).toMatchObject([{ status: 'possiblyPersisted' }])
  })
})
