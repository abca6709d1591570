/** Owners that send more records while they hear of the end of others. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ProduceOutcome } from '../../src/producer/transport.ts'
import type { DeliveryReport, RecordOwner } from '../../src/producer/types.ts'
import { ProducerHarness, record } from '../support/producer-harness.ts'
import { runs } from '../support/random-runs.ts'
import { RecordedCall, silentOwner } from '../support/send-all.ts'

const NEVER_SENT: ProduceOutcome = {
  ...{ status: 'failed', errorNumber: -195, wasSent: false, reason: 'test' },
}

function send(
  { producer }: ProducerHarness,
  owner: RecordOwner,
  values: readonly string[],
  partition = 0,
): RecordedCall {
  const call = new RecordedCall(values.length, owner)
  producer.sendAll(
    values.map((value) => record(value, { partition })),
    call,
  )
  return call
}

/** Sends each record that has failed once more, and writes down what it hears. */
class Persistent implements RecordOwner {
  readonly deliveryTimeoutMs = 500
  readonly heard: string[] = []
  readonly calls: RecordedCall[] = []
  readonly #harness: ProducerHarness

  constructor(harness: ProducerHarness) {
    this.#harness = harness
  }

  settled({ status }: DeliveryReport, index: number): void {
    this.heard.push(`${index} ${status}`)
    const owner: RecordOwner = {
      deliveryTimeoutMs: Infinity,
      settled: (report) => this.heard.push(`${index} again ${report.status}`),
    }
    if (status !== 'persisted') this.calls.push(send(this.#harness, owner, [`again ${index}`]))
  }
}

describe('an owner that sends a record again when it fails', () => {
  it.each([1, 2, 100])(
    'has it sent when the first was in a batch of %d that has expired, whatever else its topic has',
    async (batchNumMessages) => {
      const harness = await ProducerHarness.warm({ lingerMs: 600, batchNumMessages })
      harness.transport.otherwise = () => NEVER_SENT
      const owner = new Persistent(harness)
      send(harness, silentOwner(Infinity), ['other'], 1)
      send(harness, owner, ['a', 'b', 'c'])

      await harness.clock.advance(500)
      expect(owner.heard).toEqual(['0 notPersisted', '1 notPersisted', '2 notPersisted'])

      harness.transport.otherwise = undefined
      await harness.clock.advance(2_000)
      expect(harness.transport.values('t', 0)).toEqual(['again 0', 'again 1', 'again 2'])
      expect(owner.heard.slice(3)).toEqual([
        '0 again persisted',
        '1 again persisted',
        '2 again persisted',
      ])
      expect([harness.producer.bufferedRecords, harness.producer.memoryBytes]).toEqual([0, 0])
    },
  )

  it('has it sent when the first was in a batch that Kafka refused', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 0 })
    harness.transport.script.push({ status: 'refused', errorNumber: 29 })
    const owner = new Persistent(harness)
    send(harness, owner, ['a', 'b'])

    await harness.clock.advance(1_000)

    expect(harness.transport.values('t', 0)).toEqual(['again 0', 'again 1'])
    expect(harness.producer.memoryBytes).toBe(0)
  })

  it('is refused when the producer closes', async () => {
    const harness = await ProducerHarness.warm({ lingerMs: 600 })
    const owner = new Persistent(harness)
    send(harness, owner, ['a', 'b'])

    await harness.producer.close()

    expect(owner.calls.map(({ refusals }) => refusals?.[0]?.number)).toEqual([-197, -197])
    expect([harness.producer.bufferedRecords, harness.producer.memoryBytes]).toEqual([0, 0])
  })
})

/** What becomes of a batch: Kafka stores it, refuses it with a number, has it wait, or does not get it. */
type Fate = undefined | number | 'hold' | ProduceOutcome

const FATES: readonly [Fate, ...Fate[]] = [
  undefined,
  ...([undefined, undefined, 'hold', 6, 7, 10, 29, 45, 87] as const),
  ...[NEVER_SENT, { ...NEVER_SENT, wasSent: true }],
]

describe('owners that send again whenever they hear of a record', () => {
  it('hear of each record once, and leave nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(1_000), { minLength: 40, maxLength: 200 }),
        fc.record({
          batchNumMessages: fc.constantFrom(1, 2, 5, 100),
          queueBufferingMaxMessages: fc.constantFrom(3, 20, 1_000),
          lingerMs: fc.constantFrom(0, 5, 50),
          retries: fc.constantFrom(0, 1, 1_000),
          enableIdempotence: fc.boolean(),
        }),
        async (draws, settings) => {
          let drawn = 0
          const draw = <Choice>(...choices: readonly [Choice, ...Choice[]]): Choice =>
            choices[(draws[drawn++ % draws.length] ?? 0) % choices.length] ?? choices[0]
          const harness = new ProducerHarness(settings, { t: 2, u: 1 })
          const { transport, clock, producer } = harness
          transport.otherwise = () => {
            const fate = draw(...FATES)
            return typeof fate === 'number' ? { status: 'refused', errorNumber: fate } : fate
          }
          const ends: number[] = []
          const send = (count: number): void => {
            if (ends.length + count > 150) return
            const first = ends.length
            let isSending = true
            const end = (index: number): void => {
              expect(isSending).toBe(false)
              ends[first + index] = (ends[first + index] ?? 0) + 1
              if (draw(true, false)) send(draw(1, 2))
            }
            const records = Array.from({ length: count }, (_, index) => {
              ends[first + index] = 0
              const topic = draw('t', 't', 't', 'u', 'missing')
              return record(`${first + index}`, { topic, partition: draw(undefined, 0, 1) })
            })
            const refused = new Set<number>()
            producer.sendAll(records, {
              owner: {
                deliveryTimeoutMs: draw(30, 500, 2_000, Infinity),
                settled: (_, index) => {
                  end(index)
                },
                ...(draw(true, false) && { handedBack: end }),
              },
              roomWaitMs: draw(0, 20, 500),
              isRefused: (index) => refused.has(index),
              refused: (index) => {
                refused.add(index)
                ends[first + index] = (ends[first + index] ?? 0) + 1
                if (draw(true, false)) send(1)
              },
              admissionEnded: () => {
                if (draw(true, false, false)) send(1)
              },
            })
            isSending = false
          }

          for (let step = 0; step < 20; step += 1) {
            send(draw(1, 2, 5))
            if (draw(false, true)) transport.setTopic('t', draw(1, 2))
            else if (draw(false, false, true)) transport.failTopic('t', 3)
            transport.identityError = draw(0, 0, 31)
            await clock.advance(draw(0, 1, 10, 50, 300))
            transport.held.shift()?.answer({ ...NEVER_SENT, wasSent: draw(true, false) })
          }
          await producer.close()
          for (const { answer } of transport.held.splice(0)) answer(NEVER_SENT)
          await clock.advance(60_000)

          expect(ends).toEqual(ends.map(() => 1))
          expect([producer.bufferedRecords, producer.bufferedBytes]).toEqual([0, 0])
          expect([producer.memoryBytes, clock.timers]).toEqual([0, 0])
        },
      ),
      { numRuns: runs(50) },
    )
  })
})

describe('the end of a record', () => {
  it('is not told before its call is over, even if Kafka gives no identity', async () => {
    const harness = await ProducerHarness.warm({
      ...{ lingerMs: 0, batchNumMessages: 1, enableIdempotence: true },
    })
    harness.transport.identityError = 31
    send(harness, silentOwner(), ['first'])
    await harness.clock.advance(0)
    const heard: unknown[] = []

    send(harness, { deliveryTimeoutMs: 500, settled: (report) => heard.push(report) }, ['a', 'b'])
    expect(heard).toEqual([])

    await harness.clock.advance(0)
    expect(heard).toMatchObject([{ error: { number: 31 } }, { error: { number: 31 } }])
    expect([harness.producer.bufferedRecords, harness.producer.memoryBytes]).toEqual([0, 0])
  })
})

describe('an owner', () => {
  it.each([0, -1, NaN])('does not give its records %d ms', async (deliveryTimeoutMs) => {
    const harness = await ProducerHarness.warm()

    expect(() => send(harness, { deliveryTimeoutMs }, ['a'])).toThrow('some time')
    expect(harness.producer.bufferedRecords).toBe(0)
  })
})
