import { NO_KEY } from '../../src/wal/frame.ts'
import { describe, expect, it } from 'vitest'
import { IndexSet } from '../../src/wal/acknowledgements.ts'
import type { Entry } from '../../src/wal/log-types.ts'
import { Segment } from '../../src/wal/segment.ts'
import { Tail } from '../../src/wal/tail.ts'

const segmentOf = (number: number): Segment =>
  new Segment({
    ...{ number, salt: 0, endBytes: 0, isSealed: false },
    ...{ settledBefore: new IndexSet(), generation: 1 },
  })

const BYTES = Buffer.alloc(2 ** 20)
const FIRST = segmentOf(1)
const SECOND = segmentOf(2)

function entryAt(segment: Segment, at: number, payloadBytes = 10): Entry {
  const header = { payloadBytes, keyBytes: 0, firstIndex: 0, recordCount: 1, acceptedMs: 0 }
  return { place: { segment, at }, header, key: NO_KEY, payload: BYTES.subarray(0, payloadBytes) }
}

describe('the tail of the log', () => {
  it('has the frames at their places, and forgets those before the one that is taken', () => {
    const tail = new Tail()
    for (const at of [0, 8, 16]) tail.push(entryAt(FIRST, at))
    for (const at of [0, 8]) tail.push(entryAt(SECOND, at))

    expect(tail.take({ segment: FIRST, at: 8 })?.place.at).toBe(8)
    expect(tail.take({ segment: FIRST, at: 8 })).toBeUndefined()
    expect(tail.take({ segment: SECOND, at: 0 })?.place.segment).toBe(SECOND)
    expect(tail.take({ segment: FIRST, at: 16 })).toBeUndefined()
    expect(tail.take({ segment: SECOND, at: 8 })?.place.at).toBe(8)
    expect(tail.take({ segment: SECOND, at: 16 })).toBeUndefined()
  })

  it.each([
    ['8 MiB of long frames', 2 ** 20, 7],
    ['32,768 short ones', 0, 32_768],
  ])('holds no more than %s', (_, payloadBytes, most) => {
    const tail = new Tail()
    const count = most + 5_000
    for (let at = 0; at < count; at += 1) tail.push(entryAt(FIRST, at, payloadBytes))
    const held = Array.from({ length: count }, (_, at) => tail.take({ segment: FIRST, at }))

    expect(held.findIndex((entry) => entry !== undefined)).toBe(count - most)
    expect(
      held.slice(-most).every((entry, index) => entry?.place.at === count - most + index),
    ).toBe(true)
  })
})
