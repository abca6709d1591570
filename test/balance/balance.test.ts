import { describe, expect, it } from 'vitest'
import { imbalances } from './balance.ts'
import type { Conversation } from './client.ts'
import type { Fate } from './ledger-producer.ts'
import type { DrawnRequest } from './requests.ts'
import { TEST_SEED } from '../support/random.ts'
import { runBalance } from './run.ts'

const SEED = TEST_SEED

const PUSH: DrawnRequest = {
  kind: 'push',
  bytes: Buffer.alloc(0),
  recordIds: ['a', 'b'],
  statuses: [200, 504],
  isLast: false,
}
const OK = { status: 200, head: '', body: '{"status":"ok","errors":[]}', isClosing: false }

function conversation(changes: Partial<Conversation>): Conversation {
  return { requests: [PUSH], ending: 'waits', replies: [OK], rest: '', isStuck: false, ...changes }
}

function fates(...of: readonly (readonly [id: string, ...fates: Fate[]])[]): Map<string, Fate[]> {
  return new Map(of.map(([id, ...met]) => [id, met]))
}

describe('imbalances', () => {
  const persisted = fates(['a', 'persisted'], ['b', 'persisted'])

  it('finds nothing where every record is what its reply says', () => {
    expect(imbalances(conversation({}), persisted)).toEqual([])
  })

  it.each<[string, Partial<Conversation>, Map<string, Fate[]>, string]>([
    ['a record that was answered ok and not produced', {}, fates(['a', 'accepted']), 'record b'],
    [
      'a record produced twice',
      {},
      fates(['a', 'accepted', 'accepted'], ['b', 'accepted']),
      '2 times',
    ],
    ['an effect without a reply', { replies: [] }, fates(['a', 'persisted']), 'got no reply'],
    ['two replies to one request', { replies: [OK, OK] }, persisted, 'more replies than requests'],
    ['a server that does nothing', { isStuck: true }, persisted, 'neither answered nor closed'],
    ['bytes that are no reply', { rest: 'HTTP' }, persisted, 'no reply was sent'],
    [
      'a reply behind the last one',
      { requests: [PUSH, PUSH], replies: [{ ...OK, isClosing: true }, OK] },
      persisted,
      'follows one that closes',
    ],
    [
      'a wrong outcome',
      {
        replies: [
          {
            status: 504,
            head: '',
            body: JSON.stringify({
              errors: [
                { status: 'error', error_code: -192, outcome: 'not_persisted' },
                { status: 'ok' },
              ],
            }),
            isClosing: false,
          },
        ],
      },
      fates(['a', 'unknown'], ['b', 'persisted']),
      'outcome not_persisted',
    ],
  ])('finds %s', (_what, changes, met, words) => {
    expect(imbalances(conversation(changes), met)).toEqual([expect.stringContaining(words)])
  })

  it('allows an effect without a reply if the client left', () => {
    expect(imbalances(conversation({ replies: [], ending: 'aborts' }), persisted)).toEqual([])
  })
})

describe(`with seed ${SEED}`, () => {
  it('5000 requests get one reply each or none and no effect, whatever their clients do', async () => {
    const { violations, requests } = await runBalance(5_000, SEED)

    expect(violations).toEqual([])
    expect(requests).toBeGreaterThanOrEqual(5_000)
  }, 60_000)
})
