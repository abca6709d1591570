import { describe, expect, it } from 'vitest'
import { sendRecords } from '../../../src/http/push/send-records.ts'
import { deliveryError, RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import type {
  DeliveryListener,
  ProducerRecord,
  RecordProducer,
  Refusals,
} from '../../../src/producer/types.ts'

const record: ProducerRecord = {
  topic: 'orders',
  partition: undefined,
  key: null,
  value: 'v',
  headers: [],
  timestampMs: undefined,
}
const report = {
  status: 'persisted',
  topic: 'orders',
  partition: 0,
  offset: 1n,
  timestampMs: 0,
} as const
const QUEUE_FULL = deliveryError(RDKAFKA.queueFull)

/** A producer whose admission and delivery reports the test decides one by one. */
class ManualProducer implements RecordProducer {
  readonly admission = Promise.withResolvers<Refusals | undefined>()
  report: DeliveryListener = () => undefined

  sendAll(
    _records: readonly ProducerRecord[],
    onDelivery?: DeliveryListener,
  ): Promise<Refusals | undefined> {
    if (onDelivery !== undefined) this.report = onDelivery
    return this.admission.promise
  }
}

const optionsOf = (producer: RecordProducer): Parameters<typeof sendRecords>[1] => ({
  producer,
  rateLimits: undefined,
})

describe('sendRecords', () => {
  it('waits for the reports of records admitted last, when the first were delivered before', async () => {
    const producer = new ManualProducer()
    let isSettled = false
    const sending = Promise.resolve(
      sendRecords([record, record], optionsOf(producer), () => undefined),
    ).then((outcome) => {
      isSettled = true
      return outcome
    })

    producer.report(report, 0)
    producer.admission.resolve(undefined)
    await new Promise((resolve) => setImmediate(resolve))
    const isSettledWithOneReport = isSettled
    producer.report(report, 1)
    const outcome = await sending

    expect(isSettledWithOneReport).toBe(false)
    expect(outcome).toEqual({
      failures: undefined,
      reports: [report, report],
      rateLimited: undefined,
    })
  })

  it('waits for nothing once the last of the records is refused and the others are delivered', async () => {
    const producer = new ManualProducer()
    const sending = sendRecords([record, record], optionsOf(producer), () => undefined)

    producer.report(report, 0)
    producer.admission.resolve([undefined, QUEUE_FULL])
    const { failures, reports } = await sending

    expect(failures).toEqual([undefined, { status: 'notPersisted', error: QUEUE_FULL }])
    expect(reports).toEqual([report, undefined])
  })

  it('keeps the outcome of each report, and takes what was refused for not persisted', async () => {
    const producer = new ManualProducer()
    const sending = sendRecords([record, record, record], optionsOf(producer), () => undefined)
    const inDoubt = { status: 'possiblyPersisted', error: QUEUE_FULL } as const
    const refused = { status: 'notPersisted', error: QUEUE_FULL } as const

    producer.admission.resolve([QUEUE_FULL, undefined, undefined])
    producer.report(inDoubt, 1)
    producer.report(report, 2)
    const { failures } = await sending

    expect(failures).toEqual([refused, inDoubt, undefined])
  })

  it('tells when the records are admitted, before they are delivered', async () => {
    const producer = new ManualProducer()
    let isAdmitted = false
    const sending = sendRecords([record], optionsOf(producer), () => (isAdmitted = true))

    producer.admission.resolve(undefined)
    await new Promise((resolve) => setImmediate(resolve))
    const isAdmittedBeforeDelivery = isAdmitted
    producer.report(report, 0)
    await sending

    expect(isAdmittedBeforeDelivery).toBe(true)
  })
})
