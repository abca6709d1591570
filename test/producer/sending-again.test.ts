/** Owners that send more records while they hear of the end of others. */
import { describe, expect, it } from 'vitest'
import type { ProduceOutcome } from '../../src/producer/transport.ts'
import type { DeliveryReport, RecordOwner } from '../../src/producer/types.ts'
import { ProducerHarness, record } from '../support/producer-harness.ts'
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
