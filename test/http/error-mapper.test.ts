import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { REMEDIES } from '../../src/base/remedies.ts'
import { ERROR_CODES, type ErrorCode } from '../../src/base/errors.ts'
import {
  codeOfFailure,
  decisiveOf,
  HTTP_MAPPINGS,
  rankOfFailure,
} from '../../src/http/error-mapper.ts'
import type { FailedDelivery } from '../../src/producer/types.ts'

interface DocumentedError {
  readonly status: number
  readonly errorCode: number
  readonly name: string
  readonly meaning: string
  readonly remedy: string
}

function documentedErrors(): readonly DocumentedError[] {
  const text = readFileSync(new URL('../../docs/ERRORS.md', import.meta.url), 'utf8')
  return [...text.matchAll(/^\| (\d{3}) \| (\d{5}) \| `(\w+)` \| (.+?) \| (.+?) \|$/gm)].map(
    ([, status, errorCode, name = '', meaning = '', remedy = '']) => ({
      status: Number(status),
      errorCode: Number(errorCode),
      name,
      meaning,
      remedy,
    }),
  )
}

/** The page cannot link to the documentation. */
function withoutLinks(text: string): string {
  return text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
}

describe('docs/ERRORS.md', () => {
  it('has every error once, in the order of the map', () => {
    const names = documentedErrors().map(({ name }) => name)

    expect(names).toEqual(Object.keys(HTTP_MAPPINGS))
  })

  it('has no error that the registry does not have, and misses none', () => {
    const names = documentedErrors().map(({ name }) => name)

    expect(names.toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted())
  })

  it.each(documentedErrors())('is right about $name', (documented) => {
    const { name, status, errorCode, meaning, remedy } = documented
    const code = name as ErrorCode

    expect({ status, errorCode }).toEqual(HTTP_MAPPINGS[code])
    expect(meaning).toBe(ERROR_CODES[code])
    expect(withoutLinks(remedy)).toBe(REMEDIES[code])
  })
})

describe('HTTP_MAPPINGS', () => {
  it('derives every number from its status, and none twice', () => {
    const mappings = Object.values(HTTP_MAPPINGS)
    const numbers = mappings.map(({ errorCode }) => errorCode)

    expect(numbers.map((number) => Math.floor(number / 100))).toEqual(
      mappings.map(({ status }) => status),
    )
    expect(new Set(numbers).size).toBe(numbers.length)
  })

  it.each([
    ['BUFFER_FULL', 503],
    ['PRODUCER_DRAINING', 503],
    ['BROKER_UNAVAILABLE', 503],
    ['AUTHENTICATION_FAILED', 503],
    ['NOT_DELIVERED_IN_TIME', 503],
    ['DELIVERY_TIMED_OUT', 504],
    ['RECORD_TOO_LARGE', 413],
    ['TOPIC_UNKNOWN', 404],
    ['PARTITION_UNKNOWN', 404],
    ['TOPIC_FORBIDDEN', 403],
    ['RATE_LIMITED', 429],
    ['INVALID_RECORD', 422],
    ['RECORD_REJECTED', 422],
    ['BROKER_REJECTED', 502],
  ] as const)('answers %s with %i', (code, status) => {
    expect(HTTP_MAPPINGS[code].status).toBe(status)
  })
})

describe('the failure that decides the status', () => {
  const certain = (code: ErrorCode): FailedDelivery => ({
    status: 'notPersisted',
    error: { code, number: 0, text: code },
  })
  const unknown = (code: ErrorCode): FailedDelivery => ({
    ...certain(code),
    status: 'possiblyPersisted',
  })
  const decisiveFailure = (
    ...failures: readonly (FailedDelivery | undefined)[]
  ): ReturnType<typeof decisiveOf<FailedDelivery>> => decisiveOf(failures, rankOfFailure)
  const rows: readonly FailedDelivery[] = [
    unknown('BROKER_UNAVAILABLE'),
    certain('BUFFER_FULL'),
    certain('RECORD_TOO_LARGE'),
    certain('TOPIC_UNKNOWN'),
    certain('TOPIC_FORBIDDEN'),
    certain('RATE_LIMITED'),
    certain('INVALID_RECORD'),
    certain('INVALID_TEXT'),
    certain('BROKER_REJECTED'),
    certain('INTERNAL'),
  ]

  it.each(
    rows
      .slice(1)
      .map((lower, row) => ({ upper: rows[row] ?? lower, lower }))
      .map(({ upper, lower }) => ({
        title: `${upper.status} ${upper.error.code}`,
        other: `${lower.status} ${lower.error.code}`,
        ...{ upper, lower },
      })),
  )('is $title rather than $other, whichever comes first', ({ upper, lower }) => {
    expect(decisiveFailure(lower, upper)).toEqual({ index: 1, failure: upper })
    expect(decisiveFailure(upper, lower)).toEqual({ index: 0, failure: upper })
  })

  it('is that of the first record among those of one status', () => {
    const failures = [undefined, certain('BROKER_UNAVAILABLE'), certain('BUFFER_FULL')]

    expect(decisiveFailure(...failures)).toEqual({ index: 1, failure: failures[1] })
  })

  it('is none when no record failed', () => {
    expect(decisiveFailure(undefined, undefined)).toBeUndefined()
  })

  // No delivery has that code: it is about an earlier request.
  const codes = Object.keys(HTTP_MAPPINGS).filter((code) => code !== 'OUTCOME_UNKNOWN')

  it.each(codes as ErrorCode[])(
    'makes the status 504 where the outcome is unknown, and keeps the code where it is certain: %s',
    (code) => {
      expect(HTTP_MAPPINGS[codeOfFailure(unknown(code))].status).toBe(504)
      expect(HTTP_MAPPINGS[codeOfFailure(certain(code))].status).not.toBe(504)
      if (code !== 'DELIVERY_TIMED_OUT') expect(codeOfFailure(certain(code))).toBe(code)
    },
  )
})
