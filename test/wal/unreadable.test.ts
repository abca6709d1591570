/** A disk that does not give back some bytes: what can be read is delivered, and the rest is told of. */
import { describe, expect, it } from 'vitest'
import { settle } from '../support/fake-clock.ts'
import { SEGMENT_HEADER_BYTES } from '../../src/wal/frame.ts'
import { ACCEPTED_MS, LogHarness } from './support/log-harness.ts'
import { type Operation, SimulatedStorage, systemError } from './support/simulated-storage.ts'

const SEGMENT = '0000000000000001.wal'
const BLOCK_BYTES = 4_096
const VALUES = Array.from({ length: 60 }, (_, index) => `${index}`.padEnd(400, '.'))

/** A folder whose only segment has a push for each of the values, ended by a kill. */
async function killedLog(): Promise<SimulatedStorage> {
  const storage = new SimulatedStorage()
  const harness = await LogHarness.open(storage, { segmentBytes: 2 ** 20 })
  for (const value of VALUES) await harness.append(value)
  return storage.killed()
}

/** Fails the reads of these blocks. @returns the number of reads that failed. */
function failBlocks(storage: SimulatedStorage, first: number, last = first): () => number {
  let failed = 0
  storage.fault = ({ name, position = 0, length = 0 }: Operation) => {
    const [from, end] = [first * BLOCK_BYTES, (last + 1) * BLOCK_BYTES]
    if (name !== 'read' || position >= end || position + length <= from) return
    failed += 1
    throw systemError('EIO')
  }
  return () => failed
}

/** Reads what can be read, as the feeder does: again after each error. */
async function readAll(harness: LogHarness): Promise<{ values: string[]; errors: string[] }> {
  const errors: string[] = []
  for (;;) {
    try {
      return { values: [...(await harness.values())], errors }
    } catch (error) {
      errors.push(String(error))
      if (errors.length > 100) throw error
    }
  }
}

describe('a block that the disk cannot read', () => {
  it('costs the pushes in it and no others, wherever it is', async () => {
    const whole = await killedLog()
    const bytes = whole.bytesOf(SEGMENT)
    const frame = Math.floor((bytes.length - SEGMENT_HEADER_BYTES) / VALUES.length)
    const blocks = Math.ceil(bytes.length / BLOCK_BYTES)
    for (let block = 0; block < blocks; block += 1) {
      const storage = new SimulatedStorage()
      storage.overwrite(SEGMENT, bytes)
      const harness = await LogHarness.open(storage)
      failBlocks(storage, block)
      const { values, errors } = await readAll(harness)
      const left = VALUES.filter((_, index) => {
        const at = SEGMENT_HEADER_BYTES + index * frame
        const [from, end] = [block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES]
        return at + frame <= from || at >= end
      })

      expect(values, `block ${block}`).toEqual(left)
      expect(errors).toEqual(['Error: EIO: simulated', 'Error: EIO: simulated'])
      expect([harness.observer.damages.length > 0, harness.observer.tornBytes]).toEqual([true, 0])
    }
    expect(blocks).toBeGreaterThan(6)
  })

  it('is given up only after it has failed three times, and nothing is lost if it recovers', async () => {
    const storage = await killedLog()
    const harness = await LogHarness.open(storage)
    const failed = failBlocks(storage, 3)
    await expect(harness.values()).rejects.toThrow('EIO')
    await expect(harness.values()).rejects.toThrow('EIO')
    expect(failed()).toBe(3)
    storage.fault = () => undefined

    expect(await harness.values()).toEqual(VALUES)
    expect(harness.observer.damages).toEqual([])
  })

  it('has its file kept as .damaged once the rest is settled', async () => {
    const storage = await killedLog()
    const harness = await LogHarness.open(storage)
    failBlocks(storage, 1, 2)
    await expect(harness.read()).rejects.toThrow('EIO')
    await expect(harness.read()).rejects.toThrow('EIO')
    for (const entry of await harness.read()) {
      for (const { settle: settleRecord } of harness.recordsOf(entry)) settleRecord()
    }
    await harness.clock.advance(100)
    await settle()

    expect(storage.names).toEqual([`${SEGMENT}.damaged`])
  })

  it('with the header of a file has it set aside, and the start goes on', async () => {
    const storage = await killedLog()
    storage.overwrite('0000000000000001-1.acks', Buffer.alloc(12))
    failBlocks(storage, 0)
    const { log, observer } = await LogHarness.open(storage)
    await log.append([], ACCEPTED_MS)

    expect(storage.names).toContain(`${SEGMENT}.damaged`)
    expect(observer.damages).toEqual([{ bytes: expect.any(Number), records: undefined }])
    expect(observer.failures).toEqual([
      'read: Error: EIO: simulated',
      'read: Error: EIO: simulated',
    ])
  })

  it('of the acknowledgements makes repeats, and no losses', async () => {
    const storage = await killedLog()
    storage.overwrite('0000000000000001-1.acks', Buffer.alloc(12))
    storage.fault = ({ name, file }) => {
      if (name === 'read' && file.endsWith('.acks')) throw systemError('EIO')
    }
    const { log } = await LogHarness.open(storage)

    expect(log.segments).toHaveLength(1)
    expect(log.segments[0]?.settledBefore.runs).toEqual([])
  })
})

describe('a read that fails for another reason', () => {
  it.each(['EMFILE', 'ENFILE', 'ENOMEM', 'EACCES', 'ESTALE'])(
    'such as %s is tried for as long as that lasts, and nothing is given up',
    async (code) => {
      const storage = await killedLog()
      const harness = await LogHarness.open(storage)
      storage.fault = ({ name }) => {
        if (name === 'read') throw systemError(code)
      }
      for (let time = 0; time < 50; time += 1) {
        await expect(harness.values()).rejects.toThrow(code)
      }
      storage.fault = () => undefined

      expect(await harness.values()).toEqual(VALUES)
      expect(harness.observer.damages).toEqual([])
    },
  )

  it('because the folder is gone is tried until that is back', async () => {
    const storage = await killedLog()
    const harness = await LogHarness.open(storage)
    storage.fault = ({ name }) => {
      if (name === 'read' || name === 'list') throw systemError('ENOENT')
    }
    await expect(harness.values()).rejects.toThrow('ENOENT')
    storage.fault = () => undefined

    expect(await harness.values()).toEqual(VALUES)
  })

  it('because somebody removed the file does not hold up those behind it', async () => {
    const storage = await killedLog()
    const harness = await LogHarness.open(storage)
    await harness.append('after')
    await storage.remove(SEGMENT)
    const entries = await harness.read()
    for (const entry of entries) {
      for (const { settle: settleRecord } of harness.recordsOf(entry)) settleRecord()
    }
    await harness.clock.advance(100)
    await settle()

    expect(entries.flatMap((entry) => harness.recordsOf(entry).map(({ value }) => value))).toEqual([
      'after',
    ])
    expect(harness.observer.damages).toHaveLength(1)
    expect(harness.observer.failures).toEqual([])
    expect(harness.log.segments).toHaveLength(1)
  })
})

describe('a segment whose files cannot be removed', () => {
  it('is removed by a later attempt, whichever part of the first failed', async () => {
    for (const failing of ['remove', 'list', 'rename'] as const) {
      const storage = await killedLog()
      const harness = await LogHarness.open(storage)
      for (const entry of await harness.read()) {
        for (const { settle: settleRecord } of harness.recordsOf(entry)) settleRecord()
      }
      let left = 1
      storage.fault = ({ name }) => {
        if (name === failing && left-- > 0) throw systemError('EIO')
      }
      await harness.clock.advance(2_000)
      await settle()

      expect(storage.names, failing).toEqual([])
    }
  })

  it('is tried again every second, for as long as that fails', async () => {
    const storage = await killedLog()
    const harness = await LogHarness.open(storage)
    for (const entry of await harness.read()) {
      for (const { settle: settleRecord } of harness.recordsOf(entry)) settleRecord()
    }
    let tries = 0
    storage.fault = ({ name }) => {
      if (name !== 'list') return
      tries += 1
      throw systemError('ENOENT')
    }
    for (let tenth = 0; tenth < 100; tenth += 1) {
      await harness.clock.advance(100)
      await settle()
    }

    expect(tries).toBeGreaterThan(5)
    expect(tries).toBeLessThanOrEqual(10)
  })
})
