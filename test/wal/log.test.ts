import { describe, expect, it } from 'vitest'
import { crc32c } from '../../src/producer/crc32c.ts'
import {
  FORMAT_VERSION,
  FRAME_HEADER_BYTES,
  frameBytes,
  readFrame,
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
  segmentHeader,
} from '../../src/wal/frame.ts'
import { readRecords } from '../../src/wal/records.ts'
import { settle } from '../support/fake-clock.ts'
import { ACCEPTED_MS, LogHarness } from './support/log-harness.ts'
import { SimulatedStorage, systemError } from './support/simulated-storage.ts'

/** A folder whose only segment has these pushes of one record each, ended by a kill. */
async function killedAfter(values: readonly string[]): Promise<SimulatedStorage> {
  const storage = new SimulatedStorage()
  const { append } = bound(await LogHarness.open(storage, { segmentBytes: 2 ** 20 }))
  for (const value of values) await append(value)
  return storage.killed()
}

function bound(harness: LogHarness): { append: LogHarness['append'] } {
  return { append: (...values) => harness.append(...values) }
}

const SEGMENT = '0000000000000001.wal'

describe('an accepted push', () => {
  it('is synced before it is accepted', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    const operations: string[] = []
    storage.fault = ({ name }) => operations.push(name)

    await harness.append('a')
    operations.push('accepted')

    expect(operations.filter((name) => name !== 'space')).toEqual([
      ...['create', 'append', 'syncFolder', 'append', 'sync', 'accepted'],
    ])
  })

  it('is read with every byte, key, header and timestamp, from memory and from the disk', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    const records = [
      {
        ...{ topic: 't.a-B_9', partition: 3, key: null, timestampMs: 5 },
        ...{ value: Buffer.from([0, 255, 128]), headers: [] },
      },
      {
        ...{ topic: 't', partition: undefined, key: 'ключ', timestampMs: undefined, value: null },
        headers: [
          { key: 'é', value: '€' },
          { key: '', value: null },
          { key: 'é', value: Buffer.from([1]) },
        ],
      },
    ]
    await harness.log.append(records, ACCEPTED_MS)
    const [fromMemory] = await harness.read()
    const [fromDisk] = await (await LogHarness.open(storage.killed())).read()

    for (const entry of [fromMemory, fromDisk]) {
      expect(entry && readRecords(entry.payload, entry.header.recordCount)).toEqual([
        { ...records[0], timestampMs: 5 },
        {
          ...{ topic: 't', partition: undefined, key: Buffer.from('ключ'), value: null },
          timestampMs: ACCEPTED_MS,
          headers: [
            { key: 'é', value: Buffer.from('€') },
            { key: '', value: null },
            { key: 'é', value: Buffer.from([1]) },
          ],
        },
      ])
    }
  })

  it('shares a sync with those that came while another was written', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    let syncs = 0
    storage.fault = ({ name }) => {
      if (name === 'sync') syncs += 1
    }

    await Promise.all(Array.from({ length: 20 }, (_, index) => harness.append(String(index))))

    expect(syncs).toBe(2)
    expect(await harness.values()).toEqual(Array.from({ length: 20 }, (_, index) => String(index)))
  })

  it('of 3 MB is read whole from a segment that is smaller', async () => {
    const large = 'x'.repeat(3_000_000)
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    for (const value of ['a', large, 'b']) await harness.append(value)

    expect(storage.names).toHaveLength(3)
    expect(await (await LogHarness.open(storage.killed())).values()).toEqual(['a', large, 'b'])
  })
})

describe('a segment', () => {
  it('is removed with its acknowledgements once it is ended and all of its records are settled', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage, { segmentBytes: 300 })
    for (const value of ['a', 'b', 'c', 'd']) await harness.append(value)
    const entries = await harness.read()
    const segments = new Set(entries.map(({ place }) => place.segment.name))
    expect(segments.size).toBeGreaterThan(1)

    for (const entry of entries.slice(0, -1)) {
      harness.log.settled(entry, 0)
      await harness.clock.advance(100)
      await settle()
    }

    const last = [...segments].at(-1) ?? ''
    expect(storage.names.filter((name) => name.endsWith('.wal'))).toEqual([last])
    expect(harness.log.bytes).toBe(storage.bytesOf(last).length)
  })

  it('is removed before its acknowledgements: without them, all of it would be sent again', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    await harness.append('a')
    const [first] = await harness.read()
    if (first) harness.log.settled(first, 0)
    await harness.clock.advance(100)
    await harness.log.close()
    const next = await LogHarness.open(storage)
    const removed: string[] = []
    storage.fault = ({ name, file }) => {
      if (name === 'remove') removed.push(file)
    }
    await next.read()
    await next.clock.advance(100)
    await settle()

    expect(removed).toEqual([SEGMENT, '0000000000000001-1.acks'])
  })

  it('is not removed while pushes may still be appended to it, though all in it are settled', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    await harness.append('a')
    const [first] = await harness.read()
    if (first) harness.log.settled(first, 0)
    await harness.clock.advance(200)
    await settle()
    await harness.append('b')

    expect(await (await LogHarness.open(storage.killed())).values()).toEqual(['b'])
  })

  it('leaves no acknowledgements behind, if the process is killed before it removes them', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    await harness.append('a')
    const [first] = await harness.read()
    if (first) harness.log.settled(first, 0)
    await harness.clock.advance(100)
    await settle()
    const folder = storage.killed()
    await folder.remove(SEGMENT)
    expect(folder.names).toEqual(['0000000000000001-1.acks'])

    await LogHarness.open(folder)
    expect(folder.names).toEqual([])
  })

  it('is read again after a start, but for the records that are settled', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    await harness.append('a', 'b', 'c')
    await harness.append('d')
    const [first] = await harness.read()
    if (first) for (const index of [2, 0]) harness.log.settled(first, index)
    await harness.clock.advance(100)
    await settle()

    const folder = storage.killed()
    const second = await LogHarness.open(folder)
    expect(await second.values()).toEqual(['b', 'd'])
    const third = await LogHarness.open(folder.killed())
    expect(await third.values()).toEqual(['b', 'd'])
  })
})

describe('a torn segment', () => {
  it('keeps every frame before the place where it ends, whatever that is', async () => {
    const values = ['first', 'second', 'third, which is longer', 'fourth']
    const whole = (await killedAfter(values)).bytesOf(SEGMENT)
    const ends = endsOfFrames(whole)

    for (let length = 0; length <= whole.length; length += 1) {
      for (const rest of [0, 0xff]) {
        const storage = new SimulatedStorage()
        const tail = rest === 0 ? Buffer.alloc(40) : Buffer.alloc(40, 0xa5)
        storage.overwrite(SEGMENT, Buffer.concat([whole.subarray(0, length), tail]))
        const harness = await LogHarness.open(storage)
        await harness.append('after')
        const kept = values.slice(0, ends.filter((end) => end <= length).length)
        expect(await harness.values(), `torn at ${length}`).toEqual([...kept, 'after'])
      }
    }
  })
})

describe('bytes of an earlier file', () => {
  it('which a file system may show after a power loss, are never taken for pushes', async () => {
    const earlier = (await killedAfter(['old'])).bytesOf(SEGMENT)
    const header = segmentHeader({ salt: 12_345, createdMs: 0 })
    const storage = new SimulatedStorage()
    storage.overwrite(SEGMENT, Buffer.concat([header, earlier.subarray(SEGMENT_HEADER_BYTES)]))

    expect(await (await LogHarness.open(storage)).values()).toEqual([])
  })
})

describe('a damaged segment', () => {
  it('costs at most the push with the damage, and tells of it, whichever bit is wrong', async () => {
    const values = ['first', 'second', 'third', 'fourth']
    const whole = (await killedAfter(values)).bytesOf(SEGMENT)

    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const storage = new SimulatedStorage()
      const damaged = Buffer.from(whole)
      damaged[bit >>> 3] = (damaged[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
      storage.overwrite(SEGMENT, damaged)
      const harness = await LogHarness.open(storage)
      const read = await harness.values()
      const lost = values.filter((value) => !read.includes(value))

      expect(lost.length, `bit ${bit}`).toBeLessThanOrEqual(1)
      expect(read).toEqual(values.filter((value) => !lost.includes(value)))
      const { damages, tornBytes } = harness.observer
      expect(damages.length + tornBytes > 0, `bit ${bit}`).toBe(lost.length > 0)
      if (damages.length > 0) {
        expect(damages.reduce((sum, { records = 0 }) => sum + records, 0)).toBe(1)
      }
    }
  })

  it('is set aside, not removed, once the rest of it is settled', async () => {
    const storage = await killedAfter(['first', 'second', 'third'])
    const bytes = Buffer.from(storage.bytesOf(SEGMENT))
    const place = bytes.indexOf('second')
    bytes[place] = 0
    storage.overwrite(SEGMENT, bytes)
    const harness = await LogHarness.open(storage)
    for (const entry of await harness.read()) {
      harness.log.settled(entry, 0)
    }
    await harness.clock.advance(100)
    await settle()

    expect(storage.names).toEqual([`${SEGMENT}.damaged`])
    expect(await (await LogHarness.open(storage)).values()).toEqual([])
  })
})

describe('a folder', () => {
  it.each([
    ['notes.txt', Buffer.from('x'), 'notes.txt is not a file of a write-ahead log of kprf'],
    [SEGMENT, newerSegment(), 'was written by a later version of kprf, in format 2'],
  ])('with %s is refused, and nothing is changed', async (name, bytes, message) => {
    const storage = await killedAfter(['a'])
    storage.overwrite('0000000000000002.wal', Buffer.alloc(3))
    storage.overwrite(name === SEGMENT ? '0000000000000003.wal' : name, bytes)
    const before = storage.names

    await expect(LogHarness.open(storage)).rejects.toThrow(message)
    expect(storage.names).toEqual(before)
  })
})

describe('a log without room', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EFBIG'])(
    'refuses pushes on %s, and takes them once there is room',
    async (code) => {
      const storage = new SimulatedStorage()
      const harness = await LogHarness.open(storage)
      await harness.append('before')
      storage.failedAppendShare = 0.5
      storage.fault = ({ name }) => {
        if (name === 'append') throw systemError(code)
      }
      await expect(harness.append('refused')).rejects.toMatchObject({ kind: 'full' })
      storage.fault = () => undefined
      await harness.append('after')

      expect(await harness.values()).toEqual(['before', 'after'])
      expect(await (await LogHarness.open(storage.killed())).values()).toEqual(['before', 'after'])
    },
  )

  it('refuses pushes beyond wal.max_bytes, until a segment is removed', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage, { segmentBytes: 300, maxBytes: 600 })
    let accepted = 0
    await expect(
      (async () => {
        for (; ; accepted += 1) await harness.append(String(accepted))
      })(),
    ).rejects.toMatchObject({ kind: 'full' })
    for (const entry of await harness.read()) {
      harness.log.settled(entry, 0)
    }
    await harness.clock.advance(100)
    await settle()

    expect(accepted).toBeGreaterThan(2)
    await harness.append('after')
  })

  it('refuses a push that is larger than wal.max_bytes for good, and is ready for others', async () => {
    const harness = await LogHarness.open(new SimulatedStorage(), { maxBytes: 600 })

    await expect(harness.append('x'.repeat(600))).rejects.toMatchObject({ kind: 'tooLarge' })
    expect(harness.log.problem).toBeUndefined()
    await harness.append('small')
    expect(await harness.values()).toEqual(['small'])
  })

  it('has room again once all is settled, also if it is smaller than a segment', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage, { segmentBytes: 100_000, maxBytes: 600 })
    await expect(
      (async () => {
        for (;;) await harness.append('a')
      })(),
    ).rejects.toMatchObject({ kind: 'full' })
    await settle()
    for (const entry of await harness.read()) {
      harness.log.settled(entry, 0)
    }
    await harness.clock.advance(100)
    await settle()

    await harness.append('after')
    expect(await harness.values()).toEqual(['after'])
  })

  it('refuses pushes while the disk has less than wal.min_free_bytes', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage, { minFreeBytes: 1_000 })
    storage.free = 500
    await harness.append('before it is known')
    await expect(harness.append('refused')).rejects.toMatchObject({ kind: 'full' })
    storage.free = 5_000
    await harness.clock.advance(1_000)
    await expect(harness.append('asks')).rejects.toMatchObject({ kind: 'full' })
    await settle()

    await harness.append('after')
  })
})

describe('a sync that fails', () => {
  it('is never tried again on its segment: the push goes to another', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    await harness.append('before')
    const synced: string[] = []
    storage.fault = ({ name, file }) => {
      if (name !== 'sync') return
      synced.push(file)
      if (synced.length === 1) throw systemError('EIO')
    }
    await harness.append('during')
    await harness.append('after')

    expect(new Set(synced.slice(1)).has(synced[0] ?? '')).toBe(false)
    expect(harness.observer.failures).toEqual(['write: Error: EIO: simulated'])
    expect(await harness.values()).toEqual(['before', 'during', 'after'])
    expect(await (await LogHarness.open(storage.killed())).values()).toEqual([
      ...['before', 'during', 'after'],
    ])
  })

  it('does not leave a refused push behind, even if its segment cannot be shortened', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    await harness.append('before')
    storage.fault = ({ name }) => {
      if (['sync', 'truncate', 'create'].includes(name)) throw systemError('EIO')
    }
    await expect(harness.append('refused')).rejects.toMatchObject({ kind: 'failed' })
    storage.fault = () => undefined
    await harness.clock.advance(100)
    await settle()

    expect(await harness.values()).toEqual(['before'])
    expect(await (await LogHarness.open(storage.killed())).values()).toEqual(['before'])
  })
})

/** The ends of the payloads: behind them are zeros that nothing depends on. */
function endsOfFrames(bytes: Buffer): readonly number[] {
  const read = readSegmentHeader(bytes)
  const ends: number[] = []
  let at = SEGMENT_HEADER_BYTES
  while (read.kind === 'valid' && at < bytes.length) {
    const frame = readFrame(bytes, at, read.header.salt)
    if (frame.kind !== 'frame') break
    ends.push(at + FRAME_HEADER_BYTES + frame.payload.length)
    at += frameBytes(frame.payload.length)
  }
  return ends
}

function newerSegment(): Buffer {
  const bytes = segmentHeader({ salt: 1, createdMs: 0 }).subarray(0, SEGMENT_HEADER_BYTES / 2)
  bytes.writeUInt16LE(FORMAT_VERSION + 1, 8)
  bytes.writeUInt32LE(crc32c(bytes, 0, 24), 24)
  return bytes
}
