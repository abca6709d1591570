import { describe, expect, it } from 'vitest'
import { deliveryError, RDKAFKA } from '../../src/producer/delivery-errors.ts'
import { DeadLetters } from '../../src/wal/dead-letters.ts'
import { readRecords } from '../../src/wal/records.ts'
import { LogHarness } from './support/log-harness.ts'
import { SimulatedStorage, systemError } from './support/simulated-storage.ts'

const TOO_LARGE = deliveryError(RDKAFKA.messageSizeTooLarge)

/** A log with a push of one record, which Kafka refuses. */
async function refusedPush(maxBytes: number) {
  const [storage, letterStorage] = [new SimulatedStorage(), new SimulatedStorage()]
  const [log, letters] = [
    await LogHarness.open(storage, { maxBytes }),
    await LogHarness.open(letterStorage),
  ]
  const buried: string[] = []
  const deadLetters = new DeadLetters(letters.log, log.log, 'dead', {
    buried: (topic) => buried.push(topic),
  })
  await log.append('refused')
  const [entry] = await log.read()
  if (!entry) throw new Error('it was accepted')
  const [record] = readRecords(entry.payload, 1)
  if (!record) throw new Error('it has a record')
  const bury = (): Promise<void> => deadLetters.bury(entry, 0, record, TOO_LARGE)
  return { storage, log, letters, bury, buried }
}

describe('a dead letter', () => {
  it('goes to its topic although the log is full: it takes the place of its record', async () => {
    const { log, letters, bury } = await refusedPush(200)
    await expect(log.append('one more')).rejects.toMatchObject({ kind: 'full' })

    await bury()

    expect(await letters.values()).toEqual(['refused'])
    expect(await log.values()).toEqual(['refused'])
  })

  it('is kept and counted once, however often its way to the topic fails', async () => {
    const { storage, log, letters, bury, buried } = await refusedPush(2 ** 20)
    storage.fault = ({ name }) => {
      if (name === 'append') throw systemError('ENOSPC')
    }
    for (let time = 0; time < 3; time += 1) {
      await expect(bury()).rejects.toMatchObject({ kind: 'full' })
    }
    storage.fault = () => undefined
    await bury()

    expect(await letters.values()).toEqual(['refused'])
    expect(await log.values()).toEqual(['refused'])
    expect(buried).toEqual(['orders'])
  })
})
