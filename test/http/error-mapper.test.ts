import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES, type ErrorCode } from '../../src/errors.ts'
import { decisiveFailure, HTTP_MAPPINGS } from '../../src/http/error-mapper.ts'
import type { DeliveryError } from '../../src/producer/types.ts'

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

const error = (code: ErrorCode): DeliveryError => ({ code, number: 0, text: code })

describe('docs/ERRORS.md', () => {
  it('has every error once, in the order of the map', () => {
    const names = documentedErrors().map(({ name }) => name)

    expect(names).toEqual(Object.keys(HTTP_MAPPINGS))
  })

  it('has no error that the registry does not have, and misses none', () => {
    const names = documentedErrors().map(({ name }) => name)

    expect(names.toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted())
  })

  it.each(documentedErrors())('is right about $name', ({ name, status, errorCode, meaning }) => {
    const code = name as ErrorCode

    expect({ status, errorCode }).toEqual(HTTP_MAPPINGS[code])
    expect(meaning).toBe(ERROR_CODES[code])
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
    ['DELIVERY_TIMED_OUT', 504],
    ['RECORD_TOO_LARGE', 413],
    ['TOPIC_UNKNOWN', 404],
    ['PARTITION_UNKNOWN', 404],
    ['TOPIC_FORBIDDEN', 403],
    ['RATE_LIMITED', 429],
    ['INVALID_RECORD', 422],
    ['BROKER_REJECTED', 502],
  ] as const)('answers %s with %i', (code, status) => {
    expect(HTTP_MAPPINGS[code].status).toBe(status)
  })
})

describe('decisiveFailure', () => {
  const rows: readonly ErrorCode[] = [
    'BUFFER_FULL',
    'DELIVERY_TIMED_OUT',
    'RECORD_TOO_LARGE',
    'TOPIC_UNKNOWN',
    'TOPIC_FORBIDDEN',
    'RATE_LIMITED',
    'INVALID_RECORD',
    'INVALID_TEXT',
    'BROKER_REJECTED',
    'INTERNAL',
  ]

  it.each(rows.slice(1).map((code, row) => [rows[row] ?? code, code] as const))(
    'lets %s decide over %s, whichever comes first',
    (upper, lower) => {
      expect(decisiveFailure([error(lower), error(upper)])).toEqual({
        index: 1,
        error: error(upper),
      })
      expect(decisiveFailure([error(upper), error(lower)])).toEqual({
        index: 0,
        error: error(upper),
      })
    },
  )

  it('picks the first record among those of one status', () => {
    const failures = [undefined, error('BROKER_UNAVAILABLE'), error('BUFFER_FULL')]

    expect(decisiveFailure(failures)).toEqual({ index: 1, error: error('BROKER_UNAVAILABLE') })
  })

  it('is undefined when no record failed', () => {
    expect(decisiveFailure([undefined, undefined])).toBeUndefined()
  })
})
