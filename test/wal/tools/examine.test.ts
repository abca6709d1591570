/** What tools find in a log, whole and damaged. */
import { describe, expect, it } from 'vitest'
import { examineLog, type ExaminedLog } from '../../../src/wal/tools/examine.ts'
import { ACCEPTED_MS, LogHarness } from '../support/log-harness.ts'
import { SimulatedStorage } from '../support/simulated-storage.ts'

const SEGMENT = '0000000000000001.wal'
const RUNS = '0000000000000001-1.acks'

/** A log of one segment with three pushes, of which the records of the first are settled. */
async function closedLog(): Promise<SimulatedStorage> {
  const storage = new SimulatedStorage()
  const harness = await LogHarness.open(storage)
  await harness.append('a', 'b')
  await harness.append('c')
  await harness.append('odd length')
  const [first] = await harness.read()
  if (first) for (const record of harness.recordsOf(first)) record.settle()
  await harness.log.close()
  return storage.killed()
}

function examine(storage: SimulatedStorage, isInUse = false): Promise<ExaminedLog> {
  return examineLog(storage, { isInUse, hasRecords: true, onRead: () => undefined })
}

describe('examineLog', () => {
  it('counts frames, records, and what is settled and pending of each topic', async () => {
    const storage = await closedLog()
    const [read, names] = [{ records: 0, bytes: 0 }, storage.names]

    const log = await examineLog(storage, {
      ...{ isInUse: false, hasRecords: true },
      onRead: (records, bytes) => {
        read.records += records
        read.bytes += bytes
      },
    })

    expect(log.segments).toMatchObject([
      { file: SEGMENT, frames: 3, records: 4, settled: 2, pending: 2, isSealed: true },
    ])
    expect(log.problems).toEqual([])
    expect([...log.pendingByTopic]).toEqual([['orders', 2]])
    expect(log.oldestPendingMs).toBe(ACCEPTED_MS)
    expect(read.records).toBe(4)
    expect(read.bytes).toBe(storage.bytesOf(SEGMENT).length - 64 - 32)
    expect(storage.names).toEqual(names)
  })

  it.each([SEGMENT, RUNS])('finds every single wrong bit of %s', async (name) => {
    const storage = await closedLog()
    const bytes = storage.bytesOf(name)

    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes)
      flipped.writeUInt8(flipped.readUInt8(bit >>> 3) ^ (1 << (bit & 7)), bit >>> 3)
      storage.overwrite(name, flipped)
      const { problems } = await examine(storage)

      const found = problems.filter(({ kind, at, bytes: length, file }) => {
        return kind === 'damaged' && file === name && at <= bit >>> 3 && bit >>> 3 < at + length
      })
      expect(found, `bit ${bit}`).toHaveLength(1)
      expect(found[0]?.records, `bit ${bit}`).toBeLessThanOrEqual(2)
    }
  })

  it('tells a file that ends within a push from a damaged one, wherever it ends', async () => {
    const storage = await closedLog()
    const bytes = storage.bytesOf(SEGMENT)

    for (let end = 0; end < bytes.length - 1; end += 1) {
      storage.overwrite(SEGMENT, bytes.subarray(0, end))
      const { problems } = await examine(storage)

      expect(
        problems.filter(({ kind }) => kind !== 'torn'),
        `end ${end}`,
      ).toEqual([])
    }
  })

  it.each([Buffer.alloc(700), Buffer.alloc(700, 0xa5)])(
    'takes what follows the last whole frame, and is no frame, for torn',
    async (tail) => {
      const storage = await closedLog()
      const bytes = storage.bytesOf(SEGMENT)
      const at = bytes.length - 32
      storage.overwrite(SEGMENT, Buffer.concat([bytes.subarray(0, at), tail]))

      expect((await examine(storage)).problems).toMatchObject([{ kind: 'torn', at, bytes: 700 }])
    },
  )

  it('says how many records are lost with bytes in the middle', async () => {
    const storage = await closedLog()
    const bytes = Buffer.from(storage.bytesOf(SEGMENT))
    bytes.fill(0x55, 64, 96)
    storage.overwrite(SEGMENT, bytes)

    const { problems, segments } = await examine(storage)

    expect(problems).toMatchObject([{ kind: 'damaged', at: 64, records: 2 }])
    expect(segments).toMatchObject([{ frames: 2, records: 2, pending: 2 }])
  })

  it('expects the newest file of a running process to end within a push', async () => {
    const storage = await closedLog()
    const bytes = storage.bytesOf(SEGMENT)
    storage.overwrite(SEGMENT, bytes.subarray(0, bytes.length - 40))

    expect((await examine(storage, true)).problems).toEqual([])
  })

  it('finds bytes behind the end of a file, files of others, and a header that cannot be read', async () => {
    const storage = await closedLog()
    const bytes = storage.bytesOf(SEGMENT)
    storage.overwrite(SEGMENT, Buffer.concat([bytes, Buffer.alloc(8)]))
    storage.overwrite('0000000000000002.wal', Buffer.alloc(100))
    storage.overwrite('0000000000000003.wal', Buffer.alloc(64))
    storage.overwrite('0000000000000004.wal.damaged', Buffer.alloc(5))
    storage.overwrite('notes.txt', Buffer.alloc(3))

    const { problems, aside } = await examine(storage)

    expect(problems).toMatchObject([
      { file: SEGMENT, kind: 'damaged', at: bytes.length, bytes: 8, records: 0 },
      { file: '0000000000000002.wal', kind: 'damaged', at: 0, records: undefined },
      { file: '0000000000000003.wal', kind: 'torn', at: 0, records: 0 },
      { file: 'notes.txt', kind: 'foreign', bytes: 3 },
    ])
    expect(aside).toEqual([{ name: '0000000000000004.wal.damaged', bytes: 5, isUnread: false }])
  })

  it('leaves out files that go while it looks', async () => {
    const storage = await closedLog()
    storage.fault = ({ name, file }) => {
      if (name === 'read' && file === SEGMENT) throw Object.assign(new Error(), { code: 'ENOENT' })
    }

    expect(await examine(storage)).toMatchObject({ segments: [], problems: [] })
  })
})
