import { describe, expect, it } from 'vitest'
import type { DeliveryError } from '../../src/producer/types.ts'
import { QuotaRule } from '../../src/ingest/quota-rule.ts'
import type { QuotaAmount } from '../../src/ingest/quotas.ts'
import { record } from '../support/producer-harness.ts'

describe.each(['at once', 'later'])('a quota that is decided %s', (when) => {
  async function check(waitSeconds: number, isKnown = true) {
    const taken: QuotaAmount[] = []
    const refused: (readonly [index: number, code: DeliveryError['code']])[] = []
    const counted: number[] = []
    let retryAfter = 0
    const rule = new QuotaRule(
      {
        has: () => isKnown,
        take: (_, amount) => {
          taken.push(amount)
          return when === 'at once' ? waitSeconds : Promise.resolve(waitSeconds)
        },
      },
      { countBeyondQuota: (records) => counted.push(records) },
    )
    await rule.check([record('a'), record('bcd')], {
      principal: { name: 'shop' },
      isRefused: (index) => index === 0,
      refused: (index, { code }) => refused.push([index, code]),
      retryAfter: (seconds) => (retryAfter = seconds),
    })
    return { records: taken.map((amount) => amount.records), refused, counted, retryAfter }
  }

  it('takes what earlier rules left, and refuses nothing within it', async () => {
    expect(await check(0)).toEqual({ records: [1], refused: [], counted: [], retryAfter: 0 })
  })

  it('refuses all that is left beyond it, and says when to come back', async () => {
    expect(await check(3)).toEqual({
      ...{ records: [1], refused: [[1, 'QUOTA_EXCEEDED']], counted: [1], retryAfter: 3 },
    })
  })

  it('is not asked for those without one', async () => {
    expect(await check(3, false)).toMatchObject({ records: [], refused: [] })
  })
})
