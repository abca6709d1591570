import { describe, expect, it } from 'vitest'
import { LineOutcomes, LINES_REPLY_BYTES } from '../../../src/http/ndjson/line-outcomes.ts'
import { deliveryError, RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import type { FailedDelivery } from '../../../src/producer/types.ts'

const TOO_LARGE: FailedDelivery = {
  ...{ status: 'notPersisted', error: deliveryError(RDKAFKA.messageSizeTooLarge) },
}
const TIMED_OUT: FailedDelivery = {
  ...{ status: 'possiblyPersisted', topic: 't', error: deliveryError(RDKAFKA.messageTimedOut) },
}

interface Reply {
  readonly errors: readonly { readonly from_line: number; readonly to_line: number }[]
}

function written(outcomes: LineOutcomes, lineCount: number, isComplete = true): Reply {
  const refusal = outcomes.refusal(lineCount, undefined)
  return JSON.parse(outcomes.write(lineCount, isComplete, refusal, 'id')) as Reply
}

describe('the outcomes of lines', () => {
  it('are counted', () => {
    const outcomes = new LineOutcomes()
    outcomes.produced(3)
    outcomes.produced(4)

    expect(written(outcomes, 8)).toEqual({
      ...{ status: 'ok', errors: [], lines: 8, produced: 7, failed: 0, complete: true },
    })
  })

  it('have one element for adjacent lines that failed alike', () => {
    const outcomes = new LineOutcomes()
    for (const line of [2, 3, 5]) outcomes.failed(line, TOO_LARGE)
    outcomes.failed(6, { ...TOO_LARGE, error: { ...TOO_LARGE.error } })
    outcomes.failed(7, TIMED_OUT)
    outcomes.failed(8, TOO_LARGE)

    const { errors } = written(outcomes, 9)

    expect(errors.map(({ from_line, to_line }) => [from_line, to_line])).toEqual([
      ...[[2, 3], [5, 6], [7, 7], [8, 8]], // prettier-ignore
    ])
    expect(written(outcomes, 9)).toMatchObject({
      ...{ status: 'error', lines: 9, produced: 0, failed: 6, error_code: 50_401 },
      message: expect.stringContaining(
        'line 7: Message production error: MessageTimedOut',
      ) as string,
    })
  })

  it('have at most 100 elements, and then too many lines have failed', () => {
    const outcomes = new LineOutcomes()
    for (let line = 1; line <= 201; line += 2) {
      expect(outcomes.areTooManyFailed).toBe(false)
      outcomes.failed(line, TOO_LARGE)
    }

    expect(outcomes.areTooManyFailed).toBe(true)
    expect(written(outcomes, 202, false)).toMatchObject({
      ...{ errors: { length: 100 }, errors_omitted: 1, failed: 101, complete: false },
      message: expect.stringContaining('stopped reading after line 202') as string,
    })
  })

  it('fit into the memory that is reserved for the reply', () => {
    const outcomes = new LineOutcomes()
    for (let line = 1; line <= 300; line += 2) {
      const name = '"'.repeat(64)
      outcomes.failed(2 ** 50 + line, {
        ...{ status: 'notPersisted', topic: 't'.repeat(249) },
        error: {
          number: 42_210,
          code: 'UNKNOWN_FIELD',
          text: `unknown field ${name}${'x'.repeat(100)}`,
        },
      })
    }
    const refusal = outcomes.refusal(2 ** 51, undefined)

    expect(outcomes.write(2 ** 51, true, refusal, 'r'.repeat(128)).length).toBeLessThan(
      LINES_REPLY_BYTES,
    )
  })

  it('count after 10,000 lines as too many, also if they failed alike', () => {
    const outcomes = new LineOutcomes()
    for (let line = 1; line <= 10_000; line += 1) outcomes.failed(line, TOO_LARGE)
    expect(outcomes.areTooManyFailed).toBe(false)
    outcomes.failed(10_001, TOO_LARGE)
    expect(outcomes.areTooManyFailed).toBe(true)
    expect(written(outcomes, 10_001).errors).toHaveLength(1)
  })
})
