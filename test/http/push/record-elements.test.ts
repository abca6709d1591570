import { describe, expect, it } from 'vitest'
import { HTTP_MAPPINGS, messageOf } from '../../../src/http/error-mapper.ts'
import { Problem } from '../../../src/http/push/problem.ts'
import {
  failedPushBody,
  invalidPushBody,
  largestReplyBytes,
  offsetsBody,
  offsetsOf,
} from '../../../src/http/push/record-elements.ts'
import {
  deliveryError,
  RDKAFKA,
  recordTooLargeError,
  refusedError,
} from '../../../src/producer/delivery-errors.ts'
import { LIBRDKAFKA_ERRORS } from '../../../src/producer/librdkafka-errors.ts'
import { mayBePersistedDespite } from '../../../src/producer/retry-policy.ts'
import type { DeliveryReport, FailedDelivery } from '../../../src/producer/types.ts'

const DECISIVE = { code: 'BUFFER_FULL', message: 'the "message"' } as const
const SUMMARY = { error_code: 50302, message: 'the "message"', request_id: 'id' }
const OK = { status: 'ok', error: '' }
const FULL_QUEUE = deliveryError(RDKAFKA.queueFull)
const REFUSED: FailedDelivery = { status: 'notPersisted', error: FULL_QUEUE }
const IN_DOUBT: FailedDelivery = { status: 'possiblyPersisted', error: FULL_QUEUE }
/** The longest text that librdkafka has. */
const LONGEST: FailedDelivery = {
  status: 'notPersisted',
  error: [...LIBRDKAFKA_ERRORS.keys()]
    .map((number) => deliveryError(number))
    .reduce((longest, error) => (error.text.length > longest.text.length ? error : longest)),
}

const elementOf = ({ status, error: { text, number } }: FailedDelivery): object => ({
  ...{ status: 'error', error: text, message: text, error_code: number },
  outcome: status === 'notPersisted' ? 'not_persisted' : 'unknown',
})
const compactOf = ({ status, error }: FailedDelivery): object => ({
  status: 'error',
  error_code: error.number,
  outcome: status === 'notPersisted' ? 'not_persisted' : 'unknown',
})
const failedBody = (
  failures: readonly (FailedDelivery | undefined)[],
  offsets?: string,
): Record<string, unknown> =>
  JSON.parse(failedPushBody(failures, DECISIVE, 'id', offsets)) as Record<string, unknown>
const many = <Value>(count: number, value: Value): Value[] => new Array<Value>(count).fill(value)

describe('the reply to a push of which records failed', () => {
  it('has one element per record in request order, each with its own outcome', () => {
    expect(failedBody([REFUSED, undefined, IN_DOUBT, LONGEST])).toEqual({
      status: 'error',
      errors: [elementOf(REFUSED), OK, elementOf(IN_DOUBT), elementOf(LONGEST)],
      ...SUMMARY,
    })
  })

  it('is the same, byte for byte, as JSON.stringify writes it', () => {
    const text = failedPushBody([REFUSED, undefined], DECISIVE, 'id', '[null,null]')

    expect(text).toBe(
      JSON.stringify({
        status: 'error',
        errors: [elementOf(REFUSED), OK],
        offsets: [null, null],
        ...SUMMARY,
      }),
    )
  })

  it('has the texts of 1,000 failed records, however many were delivered', () => {
    const failures = [...many(500, undefined), ...many(1_000, REFUSED), ...many(500, undefined)]

    expect(failedBody(failures)).toEqual({
      status: 'error',
      errors: [...many(500, OK), ...many(1_000, elementOf(REFUSED)), ...many(500, OK)],
      ...SUMMARY,
    })
  })

  it('has the number and outcome alone of the 1,001st failed record and those behind it, and says how many', () => {
    const failures = [undefined, ...many(1_000, REFUSED), IN_DOUBT, undefined, REFUSED]

    expect(failedBody(failures)).toEqual({
      status: 'error',
      errors: [
        OK,
        ...many(1_000, elementOf(REFUSED)),
        ...[compactOf(IN_DOUBT), OK, compactOf(REFUSED)],
      ],
      texts_omitted: 2,
      ...SUMMARY,
    })
  })

  it('writes each kind of failure once, however many records failed in its way', () => {
    let reads = 0
    const error = {
      ...({ code: 'BUFFER_FULL', number: -184 } as const),
      get text() {
        reads += 1
        return 'a text'
      },
    }
    const failure = { status: 'notPersisted', error } as const

    expect(failedBody(many(900, failure))['errors']).toHaveLength(900)
    expect(reads).toBe(1)
  })

  it('has the offsets of the others', () => {
    expect(failedBody([REFUSED], '[null]')).toMatchObject({ offsets: [null] })
  })
})

describe('the reply to an invalid push', () => {
  const PROBLEM = new Problem('INVALID_TOPIC', 'what "is" wrong')
  const problemElement = {
    ...{ status: 'error', error: PROBLEM.message, message: PROBLEM.message, error_code: 42206 },
    outcome: 'not_persisted',
  }
  const notSent = expect.objectContaining({ error_code: 42211, outcome: 'not_persisted' }) as object
  const bodyOf = (problems: readonly (Problem | undefined)[]): Record<string, unknown> =>
    JSON.parse(invalidPushBody(problems, DECISIVE, 'id')) as Record<string, unknown>

  it('has one element per record of a push of 100', () => {
    expect(bodyOf([...many(99, undefined), PROBLEM])).toEqual({
      status: 'error',
      errors: [...many(99, notSent), problemElement],
      ...SUMMARY,
    })
  })

  it('begins with the first invalid record of a push of 101, and says which and how many are left out', () => {
    expect(bodyOf([...many(99, undefined), PROBLEM, undefined])).toEqual({
      status: 'error',
      errors: [problemElement, notSent],
      errors_from: 99,
      errors_omitted: 99,
      ...SUMMARY,
    })
  })

  it('describes 100 records of a push of 10,000 invalid ones', () => {
    expect(bodyOf(many(10_000, PROBLEM))).toEqual({
      status: 'error',
      errors: many(100, problemElement),
      errors_from: 0,
      errors_omitted: 9_900,
      ...SUMMARY,
    })
  })

  it('describes the last record where that alone is invalid', () => {
    expect(bodyOf([...many(9_999, undefined), PROBLEM])).toMatchObject({
      errors: [problemElement],
      errors_from: 9_999,
      errors_omitted: 9_999,
    })
  })
})

describe('offsets', () => {
  const persisted: DeliveryReport = {
    status: 'persisted',
    topic: 'orders',
    partition: 7,
    offset: 42n,
    timestampMs: 5,
  }

  it('tell where each record went, and are null for those that failed or are not known', () => {
    const offsets = offsetsOf([persisted, IN_DOUBT, undefined, { ...persisted, offset: undefined }])

    expect(JSON.parse(offsets)).toEqual([
      { topic: 'orders', partition: 7, offset: '42', timestamp: 5 },
      null,
      null,
      { topic: 'orders', partition: 7, offset: null, timestamp: 5 },
    ])
    expect(offsetsBody(offsets)).toBe(`{"status":"ok","errors":[],"offsets":${offsets}}`)
  })
})

describe('the bound of a reply', () => {
  const id = 'i'.repeat(64)
  const farthest: DeliveryReport = {
    ...{ status: 'persisted', topic: 't'.repeat(249), partition: 2 ** 31 - 1 },
    ...{ offset: 2n ** 63n - 1n, timestampMs: Number.MIN_SAFE_INTEGER },
  }
  const decisive = {
    code: 'DELIVERY_TIMED_OUT',
    message: `records[9999]: ${LONGEST.error.text}`,
  } as const

  it.each([1, 15, 1_000, 1_001, 10_000])(
    'holds for %i records that all fail with the longest text',
    (count) => {
      const offsets = offsetsOf(many(count, farthest))
      const body = failedPushBody(many(count, LONGEST), decisive, id, offsets)

      expect(largestReplyBytes(count, 249 * count)).toBeGreaterThan(Buffer.byteLength(body))
      expect(largestReplyBytes(count, 249 * count)).toBeLessThan(1.2 * body.length + 1_100)
    },
  )

  it('is the smaller one where no offsets are asked for', () => {
    const body = failedPushBody(many(10_000, LONGEST), decisive, id)

    expect(largestReplyBytes(10_000)).toBeGreaterThan(body.length)
    expect(largestReplyBytes(10_000)).toBeLessThan(1_200_000)
  })

  it('holds for elements with the longest details', () => {
    const error = recordTooLargeError(2 ** 31, 2 ** 31)
    const body = failedPushBody(many(1_000, { status: 'notPersisted', error }), decisive, id)

    expect(largestReplyBytes(1_000)).toBeGreaterThan(body.length)
  })

  it('holds for whatever a broker says when it refuses records that it certainly does not have', () => {
    for (const number of Object.values(RDKAFKA).filter((one) => !mayBePersistedDespite(one, 1))) {
      const error = refusedError(number, '"\\\u0000'.repeat(1_000))
      const failure = { status: 'notPersisted', error } as const
      const summary = { code: error.code, message: `records[9999]: ${messageOf(error)}` }
      const body = failedPushBody(many(1_000, failure), summary, id)

      expect(largestReplyBytes(1_000)).toBeGreaterThan(Buffer.byteLength(body))
    }
  })

  it('holds for elements with a number of kprf itself', () => {
    const longestNumber = Math.max(...Object.values(HTTP_MAPPINGS).map((one) => one.errorCode))
    const error = { ...LONGEST.error, number: longestNumber }
    const body = failedPushBody(many(10_000, { status: 'notPersisted', error }), decisive, id)

    expect(largestReplyBytes(10_000)).toBeGreaterThan(body.length)
  })
})
