import { describe, expect, it } from 'vitest'
import type { PushedRecord } from '../support/push.ts'
import { type Found, Ledger, type PushOutcome, type RecordInTopic } from './ledger.ts'

const TIMESTAMP_MS = 1_700_000_000_000

function pushed(id: number, changes: Partial<PushedRecord> = {}): PushedRecord {
  return {
    ...{ topic: 't', data: 'value', key: 'key', headers: { id: String(id) } },
    ...{ timestamp: TIMESTAMP_MS, ...changes },
  }
}

function stored(id: number, changes: Partial<RecordInTopic> = {}): RecordInTopic {
  return {
    ...{ topic: 't', partition: 0, offset: 0n, key: Buffer.from('key') },
    ...{ value: Buffer.from('value'), timestampMs: TIMESTAMP_MS, compression: 'none' },
    headers: [{ key: 'id', value: Buffer.from(String(id)) }],
    ...changes,
  }
}

/** Everything that is found: these records, and these dead letters. */
function found(
  records: readonly RecordInTopic[],
  letters: readonly RecordInTopic[] = [],
  hasLetterTopic = false,
): Found {
  return { stored: records, letters, hasLetterTopic }
}

/** A ledger of pushes of one record each, on one connection. */
function ledgerOf(...outcomes: readonly PushOutcome[]): Ledger {
  const ledger = new Ledger()
  for (const [id, outcome] of outcomes.entries()) ledger.open(0, [pushed(id)])([outcome])
  return ledger
}

describe('the ledger of the crash test', () => {
  it('finds nothing where every accepted record is stored, and others may be', () => {
    const ledger = ledgerOf('accepted', 'unknown', 'unknown', 'refused')

    expect(ledger.judge(found([stored(0), stored(1)]))).toEqual({
      ...{ accepted: 1, stored: 2, duplicates: 0, deadLetters: 0, violations: [] },
    })
  })

  it('allows one more of a record for each kill at which it was not settled', () => {
    const ledger = ledgerOf('accepted')
    ledger.killedWith(['0'])

    expect(ledger.judge(found([stored(0), stored(0)]))).toMatchObject({
      duplicates: 1,
      violations: [],
    })
    expect(ledger.judge(found([stored(0), stored(0), stored(0)])).violations).toEqual([
      'record 0: there are 3, and it was not settled at 1 kills',
    ])
  })

  it('finds a lost, a refused and an unknown record', () => {
    const ledger = ledgerOf('accepted', 'refused')

    expect(ledger.judge(found([stored(1), stored(7)])).violations).toEqual([
      't-0 at 0: was never pushed',
      'record 0: lost',
      'record 1: refused, and kept',
    ])
  })

  it('finds a record that overtook another of its connection, and not one that is repeated', () => {
    const ledger = ledgerOf('accepted', 'accepted')
    ledger.killedWith(['0'])

    expect(ledger.judge(found([stored(0), stored(1), stored(0)])).violations).toEqual([])
    expect(ledger.judge(found([stored(1), stored(0)])).violations).toEqual([
      'record 0 in t-0 at 0: comes after 1',
    ])
  })

  it('wants what Kafka refuses for good to be a dead letter, and nothing else', () => {
    const ledger = new Ledger()
    ledger.open(0, [pushed(0, { topic: 'forbidden' }), pushed(1)])(['accepted', 'accepted'])
    const letter = stored(0, { topic: 'forbidden' })
    const copy = stored(0, { topic: 'dead' })

    expect(ledger.judge(found([stored(1)], [letter]))).toMatchObject({
      ...{ accepted: 2, deadLetters: 1, violations: [] },
    })
    expect(ledger.judge(found([stored(1), copy], [letter], true)).violations).toEqual([])
    expect(ledger.judge(found([stored(1)], [letter], true)).violations).toEqual([
      'record 0: not in the topic of letters',
    ])
    expect(ledger.judge(found([letter], [stored(1)])).violations).toEqual([
      ...['record 0: lost', 'record 0: not in the topic of letters'],
      'record 0: delivered, though Kafka refuses it',
      ...['record 1: lost', 'record 1: a dead letter'],
    ])
    expect(ledger.missing(found([stored(1)]))).toBe(1)
    expect(ledger.missing(found([stored(1)], [letter]))).toBe(0)
    expect(ledger.missing(found([stored(1)], [letter], true))).toBe(1)
  })

  it.each<[string, Partial<RecordInTopic>]>([
    ['topic', { topic: 'other' }],
    ['value', { value: null }],
    ['key', { key: Buffer.from('other') }],
    ['timestamp', { timestampMs: TIMESTAMP_MS + 1 }],
    ['headers', { headers: [...stored(0).headers, { key: 'more', value: null }] }],
  ])('finds a %s that differs', (what, changes) => {
    const { violations } = ledgerOf('accepted').judge(found([stored(0, changes)]))

    expect(violations).toEqual([expect.stringContaining(`${what} differs`)])
  })
})
