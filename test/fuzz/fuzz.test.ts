import { describe, expect, it } from 'vitest'
import { TEST_SEED } from '../support/random.ts'
import { acceptedIds, FuzzLedger, problemsOf } from './ledger.ts'
import type { FuzzRequest } from './draw-request.ts'
import { runFuzz } from './run.ts'
import { TOKENS } from './world.ts'

const OK = '{"status":"ok","errors":[]}'
const REFUSED = '{"error_code":40101,"message":"m","request_id":"r"}'
const reply = (status: number, body: string, head = '') => ({
  ...{ status, body, head, isClosing: false },
})

describe('a reply', () => {
  it.each([
    [200, OK],
    [204, ''],
    [401, REFUSED],
    [403, '{"status":"error","errors":[{"status":"ok"}],"error_code":40301}'],
  ])('of status %i and a documented form is right', (status, body) => {
    expect(problemsOf(reply(status, body))).toEqual([])
  })

  it.each([
    ['a bug of kprf', 500, '{"error_code":50000,"message":"m","request_id":"r"}'],
    ['no JSON', 400, 'Bad Request'],
    ['an error code that nobody knows', 401, REFUSED.replace('40101', '40199')],
    ['success without success', 200, REFUSED],
    ['a failure that says ok', 403, OK],
    ['a secret', 401, REFUSED.replace('"m"', JSON.stringify(TOKENS.shop[0]))],
  ])('with %s is wrong', (_, status, body) => {
    expect(problemsOf(reply(status, body))).not.toEqual([])
  })

  it('with a secret in its head is wrong', () => {
    expect(problemsOf(reply(200, OK, `X: ${TOKENS.billing[0] ?? ''}`))).toEqual([
      'a reply has a secret',
    ])
  })
})

describe('FuzzLedger', () => {
  const request: FuzzRequest = {
    ...{ bytes: Buffer.alloc(0), sender: 'shop', isWholeBody: true, isFramed: true },
    records: [
      { id: 'shop#1.1;', topic: 'both' },
      { id: 'shop#2.2;', topic: 'closed' },
    ],
  }
  const ledgerOf = (...stored: readonly (readonly [topic: string, text: string])[]) => {
    const ledger = new FuzzLedger()
    ledger.sent(request)
    return { ledger, problems: stored.map(([topic, text]) => ledger.stored({ topic, text })) }
  }

  it.each([
    ['of a sender without rights', 'shop.orders', 'nobody#1.1;', 'may not write'],
    ['in the topic of another', 'billing.bills', 'shop#1.1;', 'may not write'],
    ['without a known sender in a closed topic', 'closed', 'x', 'nobody may write'],
  ])('finds a record %s', (_, topic, text, problem) => {
    expect(ledgerOf([topic, text]).problems).toEqual([expect.stringContaining(problem)])
  })

  it('finds a record that is stored twice', () => {
    expect(ledgerOf(['both', 'shop#1.1; x'], ['both', 'shop#1.1; x']).problems).toEqual([
      undefined,
      'shop#1.1; is stored 2 times',
    ])
  })

  it('finds what was accepted and is not stored', () => {
    const { ledger } = ledgerOf(['both', 'shop#1.1;'])
    ledger.accepted(['shop#1.1;', 'shop#2.2;'])

    expect(ledger.missing()).toEqual(['shop#2.2;'])
  })

  it('takes for accepted what a reply says is', () => {
    const partial = '{"status":"error","errors":[{"status":"ok"},{"status":"error"}]}'

    expect(acceptedIds(request, reply(200, OK))).toEqual(['shop#1.1;', 'shop#2.2;'])
    expect(acceptedIds(request, reply(403, partial))).toEqual(['shop#1.1;'])
    expect(acceptedIds(request, reply(401, REFUSED))).toEqual([])
  })
})

describe('20,000 fuzzed requests', () => {
  it('crash nothing and produce nothing that was not allowed', async () => {
    const { violations, replies, stored, statuses } = await runFuzz({
      ...{ requests: 20_000, seed: TEST_SEED, workers: 1 },
    })

    expect(violations, `seed ${TEST_SEED}`).toEqual([])
    // It went to the places where something could have happened.
    expect(replies).toBeGreaterThan(10_000)
    expect(stored).toBeGreaterThan(1000)
    for (const status of [200, 400, 401, 403, 422, 429]) {
      expect([status, (statuses.get(status) ?? 0) > 0]).toEqual([status, true])
    }
  }, 300_000)
})
