/** Damaged logs, repaired, and repairs that are cut short. */
import { describe, expect, it } from 'vitest'
import { examineLog } from '../../../src/wal/tools/examine.ts'
import { type RepairedFile, repairLog } from '../../../src/wal/tools/repair.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { SeededRandom } from '../../support/random.ts'
import { LogHarness } from '../support/log-harness.ts'
import { SimulatedStorage, systemError } from '../support/simulated-storage.ts'

const FIRST = '0000000000000001.wal'
const SECOND = '0000000000000002.wal'

/** Two segments, `a` to `d` and `e` to `f`. Of the first, `a` and `c` are settled. */
async function closedLog(): Promise<SimulatedStorage> {
  const storage = new SimulatedStorage()
  const harness = await LogHarness.open(storage)
  await harness.append('a', 'b')
  await harness.append('c', 'd')
  const records = (await harness.read()).flatMap((entry) => harness.recordsOf(entry))
  for (const { value, settle } of records) if (value === 'a' || value === 'c') settle()
  await harness.log.close()
  const next = await LogHarness.open(storage.killed())
  await next.append('e')
  await next.append('f')
  await next.log.close()
  return next.log.storage instanceof SimulatedStorage ? next.log.storage.killed() : storage
}

function repair(storage: SimulatedStorage, isDryRun = false): Promise<readonly RepairedFile[]> {
  return repairLog(storage, {
    ...{ isDryRun, random: new SeededRandom(7).next, clock: new FakeClock() },
    onRead: () => undefined,
  })
}

async function problems(storage: SimulatedStorage): Promise<readonly string[]> {
  const options = { isInUse: false, hasRecords: true, onRead: () => undefined }
  return (await examineLog(storage, options)).problems.map(({ file, kind }) => `${kind} ${file}`)
}

/** What a kprf that starts now would send, in order. */
async function pending(storage: SimulatedStorage): Promise<readonly string[]> {
  const harness = await LogHarness.open(storage)
  const values = await harness.values()
  await harness.log.close()
  return values
}

function damage(storage: SimulatedStorage, name: string, at: number, length = 1): void {
  const bytes = Buffer.from(storage.bytesOf(name))
  for (let index = at; index < at + length; index += 1)
    bytes.writeUInt8(bytes.readUInt8(index) ^ 0xff, index)
  storage.overwrite(name, bytes)
}

describe('repairLog', () => {
  it('copies what can be read and is pending, in the same place of the order, and keeps the old file', async () => {
    const storage = await closedLog()
    const before = Buffer.from(storage.bytesOf(FIRST))
    damage(storage, FIRST, 64 + 40)
    const damaged = storage.bytesOf(FIRST)
    const keptAs = `${FIRST}.repaired.damaged`

    expect(await repair(storage)).toEqual([{ file: FIRST, records: 1, to: FIRST, keptAs }])

    expect(storage.bytesOf(keptAs)).toEqual(damaged)
    expect(storage.bytesOf(FIRST).length).toBeLessThan(before.length)
    expect(await problems(storage)).toEqual([])
    expect(await pending(storage)).toEqual(['d', 'e', 'f'])
    expect(await repair(storage)).toEqual([])
  })

  it('keeps every frame that can be read, wherever a byte is wrong, and leaves no problem', async () => {
    const whole = await closedLog()
    for (let at = 0; at < whole.bytesOf(SECOND).length; at += 1) {
      const [storage, untouched] = [await closedLog(), await closedLog()]
      damage(storage, SECOND, at)
      damage(untouched, SECOND, at)
      await repair(storage)

      expect(await problems(storage), `at ${at}`).toEqual([])
      expect(await pending(storage), `at ${at}`).toEqual(await pending(untouched))
    }
  })

  it('reads a file whose header is lost, also after kprf has set it aside', async () => {
    const storage = await closedLog()
    damage(storage, FIRST, 0, 64)
    expect(await pending(storage)).toEqual(['e', 'f'])
    expect(await problems(storage)).toEqual([`damaged ${FIRST}.damaged`])

    const [repaired] = await repair(storage)

    expect(repaired).toMatchObject({ file: `${FIRST}.damaged`, to: FIRST, records: 2 })
    expect(await problems(storage)).toEqual([])
    expect(await pending(storage)).toEqual(['b', 'd', 'e', 'f'])
    expect(await repair(storage)).toEqual([])
  })

  it('gives a file another number if its own is taken', async () => {
    const storage = await closedLog()
    damage(storage, FIRST, 0, 64)
    storage.overwrite(`${FIRST}.damaged`, storage.bytesOf(FIRST))
    storage.overwrite(FIRST, storage.bytesOf(SECOND))
    await storage.remove('0000000000000001-1.acks')

    const to = '0000000000000003.wal'
    expect(await repair(storage)).toMatchObject([{ file: `${FIRST}.damaged`, to }])
    expect(await pending(storage)).toEqual([...['e', 'f', 'e', 'f'], ...['a', 'b', 'c', 'd']])
  })

  it('sets aside what has nothing pending', async () => {
    const storage = await closedLog()
    storage.overwrite(SECOND, storage.bytesOf(SECOND).subarray(0, 70))

    const keptAs = `${SECOND}.repaired.damaged`
    expect(await repair(storage)).toEqual([{ file: SECOND, records: 0, to: SECOND, keptAs }])
    expect(storage.names).not.toContain(SECOND)
    expect(await pending(storage)).toEqual(['b', 'd'])
  })

  it('changes nothing in a dry run, and says the same', async () => {
    const storage = await closedLog()
    damage(storage, FIRST, 64 + 40)
    const names = storage.names

    const planned = await repair(storage, true)

    expect(storage.names).toEqual(names)
    expect(await problems(storage)).toEqual([`damaged ${FIRST}`])
    expect(await repair(storage)).toEqual(planned)
  })

  it('leaves all as it was if there is no room for the copy, and is done once there is', async () => {
    const storage = await closedLog()
    damage(storage, FIRST, 64 + 40)
    const { names } = storage
    storage.failedAppendShare = 0.5
    for (let failing = 1; failing <= 2; failing += 1) {
      let appends = 0
      storage.fault = ({ name }) => {
        if (name === 'append' && ++appends === failing) throw systemError('ENOSPC')
      }
      await expect(repair(storage)).rejects.toThrow('ENOSPC')
      expect(storage.names).toEqual(names)
    }
    storage.fault = () => undefined
    await repair(storage)

    expect(await problems(storage)).toEqual([])
  })

  it('leaves files of others and of later versions alone', async () => {
    const storage = await closedLog()
    storage.overwrite('notes.txt', Buffer.from('x'))

    expect(await repair(storage)).toEqual([])
    expect(storage.names).toContain('notes.txt')
  })

  it.each([
    ['a kill', (storage: SimulatedStorage) => storage.killed()],
    [
      'a power loss',
      (storage: SimulatedStorage) => storage.afterPowerLoss(new SeededRandom(storage.operations)),
    ],
  ])('loses nothing by %s at any moment, and can be repeated', async (_what, end) => {
    const counting = await closedLog()
    damage(counting, FIRST, 64 + 40)
    const start = counting.operations
    await repair(counting)
    const operations = counting.operations - start

    for (let last = 1; last <= operations; last += 1) {
      const storage = await closedLog()
      damage(storage, FIRST, 64 + 40)
      const from = storage.operations
      storage.fault = (_operation, number) => {
        if (number - from >= last) throw systemError('EIO')
      }
      await repair(storage).catch(() => undefined)
      const after = end(storage)
      await repair(after)

      // An end of acknowledgements that is torn is no reason for a copy.
      const left = (await problems(after)).filter((problem) => !/^torn .*acks$/.test(problem))
      expect(left, `operation ${last}`).toEqual([])
      // What was noted as settled is not synced.
      const values = (await pending(after)).filter((value) => value !== 'c')
      expect(values, `operation ${last}`).toEqual(['d', 'e', 'f'])
    }
    expect(operations).toBeGreaterThan(20)
  })
})
