import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Ledger, type Verdict } from './support/ledger.ts'
import type { Push, PushedRecord, PushReply } from '../support/push.ts'
import type { StoredRecord } from './support/read-topic.ts'

const partitions = 4
const keyed = { topic: 't', key: 'key', headers: { h: '1' } }
const ok: PushReply = { status: 200, body: { status: 'ok', errors: [] } }
/** A reply that says where records went. */
function delivered(
  ...places: readonly (readonly [partition: number, offset: number])[]
): PushReply {
  const offsets = places.map(([partition, offset]) => ({
    topic: 't',
    partition,
    offset: `${offset}`,
    timestamp: 0,
  }))
  return { status: 200, body: { status: 'ok', errors: [], offsets } }
}

/** librdkafka's number of a record that may be there, as `failed` takes it. */
const IN_DOUBT = -185

/** A reply that says so of each record: 0 that all is well, else librdkafka's number. */
function failed(status: number, ...numbers: readonly number[]): PushReply {
  const errors = numbers.map((number) =>
    number === 0
      ? { status: 'ok' as const, error: '' }
      : {
          ...{ status: 'error' as const, error: 'text', error_code: number },
          outcome: number === IN_DOUBT ? ('unknown' as const) : ('not_persisted' as const),
        },
  )
  return { status, body: { status: 'error', errors } }
}

function synchronous(...records: readonly PushedRecord[]): Push {
  return { records, wait_for_send: true, return_offsets: true }
}

function inPartition(partition: number, ...values: readonly string[]): readonly PushedRecord[] {
  return values.map((data) => ({ topic: 't', data, partition }))
}

function stored(partition: number, ...values: readonly string[]): readonly StoredRecord[] {
  return values.map((value, offset) => ({
    partition,
    offset: BigInt(offset),
    key: null,
    value: Buffer.from(value),
    headers: [],
    timestampMs: 1_700_000_000_000,
  }))
}

interface Case {
  readonly pushes: readonly (readonly [push: Push, reply: PushReply | undefined])[]
  readonly stored: readonly StoredRecord[]
  readonly givenUpCount?: number
  readonly resentCount?: number
}

function judge({ pushes, stored: records, givenUpCount = 0, resentCount = 0 }: Case): Verdict {
  const ledger = new Ledger({ t: partitions })
  for (const [push, reply] of pushes) ledger.open('client', push)(reply)
  return ledger.judge(new Map([['t', records]]), {
    givenUpCount,
    resentCount: () => resentCount,
  })
}

describe('Ledger', () => {
  it.each<Case & { readonly what: string }>([
    {
      what: 'records that are where their replies say',
      pushes: [[synchronous(...inPartition(0, 'a', 'b')), delivered([0, 0], [0, 1])]],
      stored: stored(0, 'a', 'b'),
    },
    {
      what: 'accepted records that are missing and reported',
      pushes: [[{ records: inPartition(0, 'a') }, ok]],
      stored: [],
      givenUpCount: 1,
    },
    {
      what: 'a record that timed out and is there',
      pushes: [[synchronous(...inPartition(0, 'a')), failed(504, IN_DOUBT)]],
      stored: stored(0, 'a'),
    },
    {
      what: 'a record that timed out and is not there',
      pushes: [[synchronous(...inPartition(0, 'a')), failed(504, IN_DOUBT)]],
      stored: [],
    },
    {
      what: 'records of a push without an answer',
      pushes: [[synchronous(...inPartition(0, 'a', 'b')), undefined]],
      stored: stored(0, 'a'),
    },
    {
      what: 'a record that timed out and comes late',
      pushes: [
        [synchronous(...inPartition(0, 'a')), failed(504, IN_DOUBT)],
        [synchronous(...inPartition(0, 'b')), delivered([0, 0])],
      ],
      stored: stored(0, 'b', 'a'),
    },
    {
      what: 'an accepted record that was given up and comes late',
      pushes: [[{ records: inPartition(0, 'a', 'b') }, ok]],
      stored: stored(0, 'b', 'a'),
      givenUpCount: 1,
    },
    {
      what: 'a record twice that was sent again',
      pushes: [[{ records: inPartition(0, 'a', 'b') }, ok]],
      stored: stored(0, 'a', 'b', 'a'),
      resentCount: 1,
    },
  ])('accepts $what', (given) => {
    expect(judge(given).violations).toEqual([])
  })

  it.each<Case & { readonly what: string; readonly violation: string }>([
    {
      what: 'a delivered record that is missing',
      pushes: [[synchronous(...inPartition(0, 'a')), delivered([0, 0])]],
      stored: [],
      violation: 'delivered, but missing: client #0 in t',
    },
    {
      what: 'a missing record beside one that failed',
      pushes: [[synchronous(...inPartition(0, 'a', 'b')), failed(413, 0, 10)]],
      stored: [],
      violation: 'delivered, but missing: client #0 in t',
    },
    {
      what: 'a record that is not where its reply says',
      pushes: [[synchronous(...inPartition(0, 'a', 'b')), delivered([0, 1], [0, 1])]],
      stored: stored(0, 'a', 'b'),
      violation: 'not at 0@1: client #0 in t',
    },
    {
      what: 'an accepted record that is missing and not reported',
      pushes: [[{ records: inPartition(0, 'a') }, ok]],
      stored: [],
      violation: 'accepted, but missing and not reported: client #0 in t',
    },
    {
      what: 'a record that was refused and is there',
      pushes: [[synchronous(...inPartition(0, 'a')), failed(503, -192)]],
      stored: stored(0, 'a'),
      violation: 'refused for sure, but there: client #0 in t',
    },
    {
      what: 'a record that found the queue full beside one in doubt, and is there',
      pushes: [[synchronous(...inPartition(0, 'a', 'b')), failed(504, -184, IN_DOUBT)]],
      stored: stored(0, 'a', 'b'),
      violation: 'refused for sure, but there: client #0 in t',
    },
    {
      what: 'a record that nobody pushed',
      pushes: [],
      stored: stored(0, 'a'),
      violation: 'never pushed: t 0@0',
    },
    {
      what: 'a record in another partition than the one asked for',
      pushes: [[{ records: inPartition(1, 'a') }, ok]],
      stored: stored(0, 'a'),
      violation: 'altered: client #0 in t',
    },
    {
      what: 'a record in another partition than the one of its key',
      pushes: [[{ records: [{ topic: 't', key: 'key', data: 'a' }] }, ok]],
      stored: stored((crc32('key') + 1) % partitions, 'a').map((record) => ({
        ...record,
        key: Buffer.from('key'),
      })),
      violation: 'altered: client #0 in t',
    },
    {
      what: 'a record with other headers',
      pushes: [[{ records: [{ ...keyed, data: 'a' }] }, ok]],
      stored: stored(crc32('key') % partitions, 'a').map((record) => ({
        ...record,
        key: Buffer.from('key'),
      })),
      violation: 'altered: client #0 in t',
    },
    {
      what: 'records of a client in another order',
      pushes: [[{ records: inPartition(0, 'a', 'b') }, ok]],
      stored: stored(0, 'b', 'a'),
      violation: 'after #1: client #0 in t',
    },
    {
      what: 'delivered records of a client in another order, beside one given up',
      pushes: [[synchronous(...inPartition(0, 'a', 'b')), delivered([0, 1], [0, 0])]],
      stored: stored(0, 'b', 'a'),
      givenUpCount: 1,
      violation: 'after #1: client #0 in t',
    },
    {
      what: 'a record twice that was not sent again',
      pushes: [[{ records: inPartition(0, 'a') }, ok]],
      stored: stored(0, 'a', 'a'),
      violation: '1 twice in t, where 0 were sent again: client #0 at 0@0 and 0@1',
    },
    {
      what: 'more records twice than were sent again',
      pushes: [[{ records: inPartition(1, 'a', 'b') }, ok]],
      stored: stored(1, 'a', 'b', 'a', 'b'),
      resentCount: 1,
      violation:
        '2 twice in t, where 1 were sent again: client #0 at 1@0 and 1@2; client #1 at 1@1 and 1@3',
    },
  ])('finds $what', (given) => {
    expect(judge(given).violations).toEqual([given.violation])
  })

  it('finds a push that was never answered', () => {
    const ledger = new Ledger({ t: partitions })
    ledger.open('client', { records: inPartition(0, 'a') })

    const { violations } = ledger.judge(new Map([['t', []]]), {
      givenUpCount: 0,
      resentCount: () => 0,
    })

    expect(violations).toEqual(['never answered: client #0 in t'])
  })

  it('leaves topics out that it is not asked about', () => {
    const ledger = new Ledger({ t: partitions, other: 1 })
    ledger.open('client', { records: [{ topic: 'other', data: 'a' }] })(ok)

    expect(
      ledger.judge(new Map([['t', []]]), { givenUpCount: 0, resentCount: () => 0 }),
    ).toMatchObject({
      violations: [],
      figures: { accepted: 0, lost: 0 },
    })
  })
})
