/** Dead letters on disk: read, settled, and their log while others remove from it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { deliveryError, RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import type { ProducerRecord } from '../../../src/producer/types.ts'
import { DeadLetters, unburied } from '../../../src/wal/dead-letters.ts'
import { readRecords } from '../../../src/wal/records.ts'
import { type Letter, LetterSettlement, readLetters } from '../../../src/wal/tools/letters.ts'
import { LogHarness } from '../support/log-harness.ts'
import { SimulatedStorage, systemError } from '../support/simulated-storage.ts'

const ERROR = { ...deliveryError(RDKAFKA.messageTimedOut), detail: 'for a reason' }
const SEGMENT = '0000000000000001.wal'

/** The dead letters of these values, each a record of topic `orders`. */
async function buried(...values: readonly string[]): Promise<SimulatedStorage> {
  const storage = new SimulatedStorage()
  const log = await LogHarness.open(new SimulatedStorage())
  const letters = await LogHarness.open(storage)
  await log.append(...values)
  const [entry] = await log.read()
  if (entry === undefined) throw new Error('nothing was appended')
  const burial = new DeadLetters(letters.log, log.log, undefined, { buried: () => undefined })
  for (const [position, record] of readRecords(entry.payload, values.length).entries()) {
    await burial.bury(entry, position, record, ERROR)
  }
  return storage.killed()
}

async function read(storage: SimulatedStorage): Promise<readonly Letter[]> {
  const letters: Letter[] = []
  for await (const letter of readLetters('slot-00', storage)) letters.push(letter)
  return letters
}

/** Settles those with these values. */
async function settle(
  storage: SimulatedStorage,
  letters: readonly Letter[],
  ...values: readonly string[]
): Promise<void> {
  const settlement = new LetterSettlement(storage)
  for (const letter of letters) {
    if (values.includes(String(letter.record.value))) settlement.settle(letter)
  }
  const slotPath = await mkdtemp(join(tmpdir(), 'slot-'))
  try {
    await settlement.finish(slotPath)
  } finally {
    await settlement.close()
    await rm(slotPath, { recursive: true })
  }
}

/** A disk that is full for as long as this is true. */
function fullWhile(isFull: () => boolean): SimulatedStorage['fault'] {
  return ({ name }) => {
    if (name === 'append' && isFull()) throw systemError('ENOSPC')
  }
}

const valuesOf = (letters: readonly Letter[]): readonly string[] =>
  letters.map(({ record }) => String(record.value))

describe('a dead letter', () => {
  it('is the record as it was, with the reason', async () => {
    const [letter] = await read(await buried('a'))

    expect(letter).toMatchObject({ error: 'for a reason', errorNumber: ERROR.number, index: 0 })
    expect(letter?.id).toMatch(/^slot-00\/1-[0-9a-f]{8}:0$/)
    expect(letter?.record.headers).toEqual([{ key: 'h', value: null }])
  })

  it('keeps headers of its client that have the names of ours', () => {
    const own = [
      { key: 'kprf-error', value: 'mine' },
      { key: 'kprf-topic', value: 'mine' },
    ]
    const record: ProducerRecord = {
      ...{ topic: 't', partition: 1, key: null, value: null, timestampMs: 5, headers: own },
    }

    expect(unburied(record)).toMatchObject({ record, error: 'unknown' })
    const added = ['kprf-error', 'kprf-error-code', 'kprf-topic', 'kprf-accepted-at']
    const headers = [...own, ...added.map((key) => ({ key, value: '9' }))]
    expect(unburied({ ...record, headers })).toEqual({ record, error: '9', errorNumber: 9 })
  })

  it('is gone once it is settled, and the others are not, also after a kill', async () => {
    const storage = await buried('a', 'b', 'c', 'd')
    const letters = await read(storage)
    await settle(storage, letters, 'a', 'c')
    const after = storage.killed()

    expect(valuesOf(await read(after))).toEqual(['b', 'd'])
    expect(after.names).toEqual(['0000000000000001-1.acks', SEGMENT])
  })

  it('stays if that cannot be written, and the command learns of it', async () => {
    const storage = await buried('a')
    storage.fault = ({ name }) => {
      if (name === 'append') throw systemError('EIO')
    }

    await expect(settle(storage, await read(storage), 'a')).rejects.toThrow('EIO')
    expect(valuesOf(await read(storage))).toEqual(['a'])
  })
})

describe('dead letters on a disk without room for a note', () => {
  it('go with their file once all in it are settled', async () => {
    const storage = await buried('a', 'b')
    storage.fault = fullWhile(() => true)

    await settle(storage, await read(storage), 'a', 'b')
    expect(storage.names).toEqual([])
  })

  it('stay while another of their file is not settled, and the command learns of it', async () => {
    const storage = await buried('a', 'b', 'c')
    storage.failedAppendShare = 0.7
    storage.fault = fullWhile(() => true)

    await expect(settle(storage, await read(storage), 'a', 'b')).rejects.toThrow('ENOSPC')
    expect(valuesOf(await read(storage))).toContain('c')
    expect(storage.names).toContain(SEGMENT)
  })

  it('are noted once another file has gone', async () => {
    const storage = await buried('a', 'b')
    const log = await LogHarness.open(storage)
    const [letter] = await read(storage)
    if (letter === undefined) throw new Error('there are two')
    await log.log.append([{ ...letter.record, value: 'c' }], 0)
    await log.log.append([{ ...letter.record, value: 'd' }], 0)
    const left = storage.killed()
    left.fault = fullWhile(() => left.names.includes(SEGMENT))

    await settle(left, await read(left), 'a', 'b', 'c')
    expect(valuesOf(await read(left.killed()))).toEqual(['d'])
    expect(left.names).not.toContain(SEGMENT)
  })
})

describe('the log of dead letters', () => {
  it('has room again once others have removed from it', async () => {
    const storage = new SimulatedStorage()
    const first = await LogHarness.open(storage)
    await first.append('a'.repeat(5_000))
    await first.log.close()
    const left = storage.killed()
    const { log } = await LogHarness.open(left, { maxBytes: 6_000 })
    await left.remove(SEGMENT)
    const letters = new DeadLetters(log, log, undefined, { buried: () => undefined })
    const source = await LogHarness.open(new SimulatedStorage())
    await source.append('b'.repeat(2_000))
    const [entry] = await source.read()
    if (entry === undefined) throw new Error('nothing was appended')
    const [record] = readRecords(entry.payload, 1)
    if (record === undefined) throw new Error('it has a record')

    await expect(letters.bury(entry, 0, record, ERROR)).rejects.toThrow('wal.max_bytes')
    await letters.bury(entry, 0, record, ERROR)
    expect(valuesOf(await read(left))).toEqual(['b'.repeat(2_000)])
  })

  it('is opened although a file goes at that moment', async () => {
    const storage = await buried('a')
    storage.fault = ({ name, file }) => {
      if (name === 'size' && file === SEGMENT) throw systemError('ENOENT')
    }

    const { log } = await LogHarness.open(storage)
    expect(log.segments).toEqual([])
  })
})
