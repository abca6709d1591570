import { describe, expect, it } from 'vitest'
import type { ArrivedRecord } from '@kprf/embedded-broker'
import { MAX_SEEN_RECORDS } from '../../src/base/seen-records.ts'
import { EmbeddedRecords, type ReadCluster, seenBytes } from '../../src/cli/embedded-records.ts'

const RECORD: ArrivedRecord = {
  ...{ topic: 'orders', partition: 1, offset: 2n ** 60n, timestampMs: 1_700_000_000_000 },
  ...{ key: Buffer.from('k'), value: Buffer.from('v'), headers: [], compression: 'none' },
}

function clusterOf(
  ...records: readonly ArrivedRecord[]
): ReadCluster & { readonly asked: unknown[] } {
  const asked: unknown[] = []
  return {
    asked,
    latestArrival: 7,
    newestRecords: (...question) => {
      asked.push(question)
      return records
    },
    topicSummaries: () => [{ name: 'orders', partitions: 4, records: records.length }],
  }
}

const text = (shown: string) => {
  const bytes = Buffer.byteLength(shown)
  return { shown, isText: true, bytes, shownBytes: bytes }
}

describe('a look', () => {
  it('finds topics and the newest records, ready to be sent as JSON', () => {
    const cluster = clusterOf({ ...RECORD, headers: [{ key: 'a', value: null }] })

    const seen = new EmbeddedRecords(cluster).look('orders', 3)

    expect(cluster.asked).toEqual([[{ count: MAX_SEEN_RECORDS, after: 3 }, 'orders']])
    expect(JSON.parse(JSON.stringify(seen))).toEqual({
      position: 7,
      topics: [{ name: 'orders', partitions: 4, records: 1 }],
      records: [
        {
          ...{ topic: 'orders', partition: 1, offset: '1152921504606846976' },
          ...{ timestamp: 1_700_000_000_000, key: text('k'), value: text('v') },
          ...{ headers: [{ name: 'a', value: null }], moreHeaders: 0 },
        },
      ],
    })
  })

  it('reads no record when none has arrived', () => {
    const cluster = clusterOf(RECORD)

    expect(new EmbeddedRecords(cluster).look(undefined, 7).records).toEqual([])
    expect(cluster.asked).toEqual([])
  })

  it('of a huge record is small, and says how large it is', () => {
    const huge = Buffer.alloc(1_000_000, 'x')
    const headers = Array.from({ length: 1_000 }, () => ({ key: 'n'.repeat(1_000), value: huge }))

    const [seen] = new EmbeddedRecords(
      clusterOf({ ...RECORD, key: huge, value: huge, headers }),
    ).look(undefined, 0).records

    expect(JSON.stringify(seen).length).toBeLessThan(35_000)
    expect(seen?.value).toMatchObject({ bytes: 1_000_000, shownBytes: 16_384 })
    expect(seen?.moreHeaders).toBe(1_000 - 16)
  })
})

describe('bytes', () => {
  it.each([
    ['text', Buffer.from('<\u0000\u{1f600}\u05d0'), text('<\u0000\u{1f600}\u05d0')],
    ['nothing', Buffer.alloc(0), text('')],
    [
      'bytes that are no UTF-8, in base64',
      Buffer.from([0xff, 0, 1]),
      { shown: '/wAB', isText: false, bytes: 3, shownBytes: 3 },
    ],
    [
      'text with an error behind what is shown',
      Buffer.from([...Buffer.from('0123456789'), 0xff]),
      { shown: 'MDEyMzQ1Njc=', isText: false, bytes: 11, shownBytes: 8 },
    ],
    [
      'text that is cut before a character, not in it',
      Buffer.from('123456\u{1f600}'),
      { shown: '123456', isText: true, bytes: 10, shownBytes: 6 },
    ],
    [
      'text that is cut behind a character',
      Buffer.from('1234\u{1f600}5'),
      { shown: '1234\u{1f600}', isText: true, bytes: 9, shownBytes: 8 },
    ],
  ])('are shown as %s', (_, bytes, seen) => {
    expect(seenBytes(bytes, 8)).toEqual(seen)
  })
})
