import { describe, expect, it } from 'vitest'
import { ANONYMOUS, type Principal } from '../../src/base/principal.ts'
import type { AdmissionRule } from '../../src/ingest/admission-rule.ts'
import { Ingest } from '../../src/ingest/ingest.ts'
import { deliveryError, RDKAFKA } from '../../src/producer/delivery-errors.ts'
import type { ProducerRecord, RecordProducer, SendCall } from '../../src/producer/types.ts'
import { record } from '../support/producer-harness.ts'

const REPORT = {
  status: 'persisted',
  topic: 'orders',
  partition: 0,
  offset: 1n,
  timestampMs: 0,
} as const
const QUEUE_FULL = deliveryError(RDKAFKA.queueFull)
const FORBIDDEN = deliveryError(RDKAFKA.topicAuthorizationFailed)
const REFUSED = { status: 'notPersisted', error: QUEUE_FULL } as const

/** A producer whose admission and delivery reports the test decides one by one. */
class ManualProducer implements RecordProducer {
  readonly calls: SendCall[] = []
  readonly sent: string[] = []

  get call(): SendCall {
    const call = this.calls.at(-1)
    if (!call) throw new Error('nothing was sent')
    return call
  }

  vet(): undefined {
    return undefined
  }

  sendAll(records: readonly ProducerRecord[], call: SendCall): void {
    this.calls.push(call)
    for (const [index, { value }] of records.entries()) {
      if (!call.isRefused(index)) this.sent.push(String(value))
    }
  }

  report(index: number): void {
    this.call.owner.settled?.(REPORT, index)
  }
}

/** Refuses the records of one topic, at once or after a while. */
function ruleOf(
  topic: string,
  answer: (check: () => void) => Promise<void> | undefined,
): AdmissionRule {
  return {
    check: (records, call) =>
      answer(() => {
        for (const [index, one] of records.entries()) {
          if (one.topic === topic && !call.isRefused(index)) call.refused(index, FORBIDDEN)
        }
      }),
  }
}

const atOnce = (check: () => void): undefined => {
  check()
  return undefined
}
const later = (check: () => void): Promise<void> => Promise.resolve().then(check)

const RECORDS = [record('a'), record('b', { topic: 'secret' }), record('c')]
const REQUEST = { principal: ANONYMOUS, key: undefined, trace: undefined }
const WAITING = { ...REQUEST, waitsForDelivery: true }
const ACCEPTING = { ...REQUEST, waitsForDelivery: false }

function makeIngest(...rules: readonly AdmissionRule[]): {
  producer: ManualProducer
  ingest: Ingest
} {
  const producer = new ManualProducer()
  const ingest = new Ingest({ producer, rules, deliveryTimeoutMs: 1_000, roomWaitMs: 50 })
  return { producer, ingest }
}

describe('a push whose client waits for delivery', () => {
  it('is done once its records are admitted and reported, in whatever order that comes', () => {
    const { producer, ingest } = makeIngest()
    const [early, late] = [0, 1].map(() => ingest.submit([record('a'), record('b')], WAITING))

    producer.report(0)
    producer.report(1)
    const isDoneBeforeAdmission = late?.isDone
    producer.call.admissionEnded()
    producer.calls[0]?.admissionEnded()
    const isDoneBeforeReports = early?.isDone
    producer.calls[0]?.owner.settled?.(REPORT, 1)
    producer.calls[0]?.owner.settled?.(REPORT, 0)

    expect([isDoneBeforeAdmission, isDoneBeforeReports]).toEqual([false, false])
    expect([early?.isDone, late?.isDone]).toEqual([true, true])
    expect(late?.reports).toEqual([REPORT, REPORT])
    expect(late?.failures).toBeUndefined()
  })

  it('waits for nothing once the last of the records is refused and the others are delivered', async () => {
    const { producer, ingest } = makeIngest()
    const push = ingest.submit([record('a'), record('b')], WAITING)

    producer.report(0)
    producer.call.refused(1, QUEUE_FULL)
    producer.call.admissionEnded()
    await push.done

    expect(push.failures).toEqual([undefined, REFUSED])
    expect(push.reports).toEqual([REPORT, undefined])
  })

  it('keeps the outcome of each report, and treats refused records as not persisted', () => {
    const { producer, ingest } = makeIngest()
    const push = ingest.submit(RECORDS, WAITING)
    const inDoubt = { status: 'possiblyPersisted', error: QUEUE_FULL } as const

    producer.call.refused(0, QUEUE_FULL)
    producer.call.admissionEnded()
    producer.call.owner.settled?.(inDoubt, 1)
    producer.report(2)

    expect(push.isDone).toBe(true)
    expect(push.failures).toEqual([REFUSED, inDoubt, undefined])
  })

  it('tells when the records are admitted, before they are delivered', () => {
    const { producer, ingest } = makeIngest()
    let isAdmitted = false
    const push = ingest.submit([record('a')], {
      ...WAITING,
      onAdmission: () => (isAdmitted = true),
    })

    producer.call.admissionEnded()

    expect([isAdmitted, push.isDone]).toEqual([true, false])
  })

  it('counts none of its failed records as lost: its client hears of them', () => {
    const { producer, ingest } = makeIngest()
    ingest.submit([record('a')], WAITING)

    producer.call.owner.settled?.(REFUSED, 0)

    expect([producer.call.owner.failed, ingest.lostCount]).toEqual([undefined, 0])
  })
})

describe('a push whose client does not wait', () => {
  it('is done once its records are admitted or refused', () => {
    const { producer, ingest } = makeIngest()
    const push = ingest.submit(RECORDS, ACCEPTING)

    producer.call.refused(2, QUEUE_FULL)
    const isDoneBefore = push.isDone
    producer.call.admissionEnded()

    expect([isDoneBefore, push.isDone]).toEqual([false, true])
    expect(push.failures).toEqual([undefined, undefined, REFUSED])
    expect(push.reports).toBeUndefined()
  })

  it('has one owner for the records of all such pushes, which counts those that are lost', () => {
    const { producer, ingest } = makeIngest()
    ingest.submit(RECORDS, ACCEPTING)
    ingest.submit(RECORDS, ACCEPTING)

    producer.calls[0]?.owner.failed?.(2)
    producer.calls[1]?.owner.failed?.(3)

    expect(producer.calls[0]?.owner).toBe(producer.calls[1]?.owner)
    expect(ingest.lostCount).toBe(5)
  })
})

describe('every push', () => {
  it.each([WAITING, ACCEPTING])('tells the producer how long its records may take: %o', (how) => {
    const { producer, ingest } = makeIngest()
    ingest.submit(RECORDS, how)

    expect(producer.call.owner.deliveryTimeoutMs).toBe(1_000)
    expect(producer.call.roomWaitMs).toBe(50)
  })

  it.each([
    ['at once', atOnce],
    ['later', later],
  ])('loses the records that a rule refuses %s, and sends the others', async (_, answer) => {
    const { producer, ingest } = makeIngest(ruleOf('secret', answer))
    const push = ingest.submit(RECORDS, ACCEPTING)
    await Promise.resolve().then(() => undefined)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })

    producer.call.admissionEnded()

    expect(producer.sent).toEqual(['a', 'c'])
    expect(push.failures?.[1]).toEqual({ status: 'notPersisted', error: FORBIDDEN })
    expect(push.isDone).toBe(true)
  })

  it('applies the rules in order, each once, and none to a record that another has refused', async () => {
    const asked: string[] = []
    const spy = (name: string): AdmissionRule => ({
      check: (records, call) => {
        const open = records.filter((_, index) => !call.isRefused(index)).map(({ value }) => value)
        asked.push(`${name}: ${open.join()}`)
        return undefined
      },
    })
    const rules = [
      spy('first'),
      ruleOf('secret', later),
      spy('second'),
      ruleOf('t', atOnce),
      spy('third'),
    ]
    const { producer, ingest } = makeIngest(...rules)
    const push = ingest.submit(RECORDS, WAITING)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })

    expect(asked).toEqual(['first: a,b,c', 'second: a,c', 'third: '])
    expect(producer.calls).toEqual([])
    expect(push.isDone).toBe(true)
  })

  it('tells rules which client sends', () => {
    const seen: Principal[] = []
    const rule: AdmissionRule = {
      check: (_, { principal }) => {
        seen.push(principal)
        return undefined
      },
    }
    makeIngest(rule).ingest.submit(RECORDS, { ...ACCEPTING, principal: { name: 'shop' } })

    expect(seen).toEqual([{ name: 'shop' }])
  })

  it('asks its client to wait as long as the longest wait of all rules', () => {
    const waits = [3, 9, 5].map((seconds): AdmissionRule => ({
      check: (_, call) => {
        call.retryAfter(seconds)
        return undefined
      },
    }))

    expect(makeIngest(...waits).ingest.submit(RECORDS, ACCEPTING).retryAfterSeconds).toBe(9)
  })

  it('fails with the error of a rule that has a bug', async () => {
    const bug = new Error('bug')
    const { producer, ingest } = makeIngest({ check: () => Promise.reject(bug) })

    await expect(ingest.submit(RECORDS, WAITING).done).rejects.toBe(bug)
    expect(producer.calls).toEqual([])
  })
})
