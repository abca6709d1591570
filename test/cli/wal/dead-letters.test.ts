/** `kprf dead-letters` in this process, on folders of the system and with a Kafka that a test scripts. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CommandOutput } from '../../../src/cli/wal/command.ts'
import {
  dropLetters,
  listLetters,
  replayLetters,
  type ReplayProducer,
} from '../../../src/cli/wal/dead-letters.ts'
import { deliveryError, RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import type { DeliveryReport, ProducerRecord, SendCall } from '../../../src/producer/types.ts'
import { Log } from '../../../src/wal/log.ts'
import { openFolder } from '../../../src/wal/node-storage.ts'
import { lockFolder, lockHolder } from '../../../src/wal/slot-lock.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RecordingObserver } from '../../wal/support/log-harness.ts'

const ALL = { ids: [], topic: undefined }

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'letters-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** The log of the dead letters of a slot. */
async function letterLog(slot = 'slot-00'): Promise<Log> {
  return Log.open({
    storage: await openFolder(join(folder, slot, 'dead-letters')),
    ...{ clock: new FakeClock(), random: Math.random, observer: new RecordingObserver() },
    ...{ sync: 'always', syncIntervalMs: 1_000, segmentBytes: 2 ** 20 },
    ...{ maxBytes: 2 ** 30, minFreeBytes: 0 },
  })
}

function letterOf(topic: string, value: string | Buffer): ProducerRecord {
  const added = { 'kprf-error': 'no\u001B[2J', 'kprf-error-code': '87', 'kprf-topic': topic }
  const names = { ...added, 'kprf-accepted-at': 'then' }
  return {
    ...{ topic, partition: 2, key: 'k\u0007', value, timestampMs: 1.6e12 },
    headers: Object.entries(names).map(([key, text]) => ({ key, value: text })),
  }
}

async function bury(...letters: readonly ProducerRecord[]): Promise<void> {
  const log = await letterLog()
  for (const letter of letters) await log.append([letter], 1.7e12)
  await log.close()
}

/** What a command writes, and how its questions are answered. */
class RecordedOutput implements CommandOutput {
  readonly clock = new FakeClock()
  readonly printed: string[] = []
  readonly errors: string[] = []
  readonly questions: string[] = []
  readonly stderr = { write: (text: string): number => this.errors.push(text) }
  answer: () => Promise<boolean | undefined> = () => Promise.resolve(undefined)

  readonly print = (line: string): void => {
    this.printed.push(line)
  }

  confirm(question: string): Promise<boolean | undefined> {
    this.questions.push(question)
    return this.answer()
  }
}

/** A Kafka that refuses some values, and takes the others. */
class ScriptedKafka implements ReplayProducer {
  readonly deliveryTimeoutMs = 1_000
  readonly taken: string[] = []
  mostOutstanding = 0
  isClosed = false
  readonly #refused: readonly string[]
  #outstanding = 0

  constructor(...refused: readonly string[]) {
    this.#refused = refused
  }

  readonly producer = {
    sendAll: (records: readonly ProducerRecord[], call: SendCall): void => {
      for (const [index, { value, topic }] of records.entries()) {
        this.#outstanding += 1
        this.mostOutstanding = Math.max(this.mostOutstanding, this.#outstanding)
        setImmediate(() => {
          this.#outstanding -= 1
          call.owner.settled?.(this.#report(String(value), topic), index)
        })
      }
      call.admissionEnded()
    },
  }

  close(): Promise<void> {
    this.isClosed = true
    return Promise.resolve()
  }

  #report(value: string, topic: string): DeliveryReport {
    if (this.#refused.includes(value)) {
      return { status: 'notPersisted', error: deliveryError(RDKAFKA.messageTimedOut) }
    }
    this.taken.push(value)
    return { status: 'persisted', topic, partition: 0, offset: 0n, timestampMs: 0 }
  }
}

async function listed(): Promise<readonly { readonly id: string; readonly data: string }[]> {
  const output = new RecordedOutput()
  await listLetters(folder, { topic: undefined, isJson: true }, output)
  return output.printed.map((line) => JSON.parse(line) as { id: string; data: string })
}

const left = async (): Promise<readonly string[]> => (await listed()).map(({ data }) => data)

describe('kprf dead-letters list', () => {
  it('escapes what could move the cursor, and writes bytes that are no text as base64', async () => {
    await bury(letterOf('t', Buffer.from([0xff, 0])))
    const output = new RecordedOutput()
    await listLetters(folder, { topic: 't', isJson: false }, output)

    expect(output.printed).toEqual([
      expect.stringMatching(
        /^slot-00\/1-[0-9a-f]{8}:0 t\/2 key=k\\x07 accepted=2023-11-14T22:13:20.000Z 2 bytes: 87 no\\x1b\[2J$/,
      ),
    ])
    expect(await listed()).toMatchObject([
      { partition: 2, key: 'awc=', data: '/wA=', encoding: 'base64', headers: [], bytes: 2 },
    ])
  })

  it('lists those of every slot', async () => {
    await bury(letterOf('t', 'a'))
    const other = await letterLog('slot-01')
    await other.append([letterOf('t', 'b')], 0)
    await other.close()

    expect((await listed()).map(({ id }) => id.slice(0, 7))).toEqual(['slot-00', 'slot-01'])
  })
})

describe('kprf dead-letters replay', () => {
  it('removes what Kafka takes, keeps what it refuses, and says why', async () => {
    await bury(letterOf('t', 'a'), letterOf('t', 'b'), letterOf('u', 'c'), letterOf('t', 'd'))
    const [output, kafka] = [new RecordedOutput(), new ScriptedKafka('b', 'd')]

    expect(await replayLetters(folder, ALL, () => kafka, output)).toBe(1)

    expect(kafka.taken).toEqual(['a', 'c'])
    expect(kafka.isClosed).toBe(true)
    expect(output.printed).toEqual([
      expect.stringMatching(/^kept 2, topic t: .*Message timed out/),
      'sent 2 dead letters, kept 2',
    ])
    expect(await left()).toEqual(['b', 'd'])
  })

  it('sends only what was named, and says if that is not there', async () => {
    await bury(letterOf('t', 'a'), letterOf('u', 'b'), letterOf('t', 'c'))
    const [first] = await listed()
    const kafka = new ScriptedKafka()
    const output = new RecordedOutput()
    const ids = [first?.id ?? '', 'slot-00/1-00000000:2']

    expect(await replayLetters(folder, { ...ALL, ids }, () => kafka, output)).toBe(1)
    expect(kafka.taken).toEqual(['a'])
    expect(output.errors[0]).toMatch(/^1 id without a dead letter/)
    expect(await replayLetters(folder, { ...ALL, topic: 'u' }, () => kafka, output)).toBe(0)
    expect(kafka.taken).toEqual(['a', 'b'])
    expect(await left()).toEqual(['c'])
  })

  it('has a limited number with Kafka at a time', async () => {
    await bury(...Array.from({ length: 1_200 }, (_, index) => letterOf('t', `${index}`)))
    const kafka = new ScriptedKafka()

    expect(await replayLetters(folder, ALL, () => kafka, new RecordedOutput())).toBe(0)
    expect(kafka.taken).toHaveLength(1_200)
    expect(kafka.mostOutstanding).toBeLessThanOrEqual(1_000)
  })

  it('asks no Kafka if there is nothing to send', async () => {
    await bury()
    const open = (): ReplayProducer => {
      throw new Error('Kafka was asked')
    }

    expect(await replayLetters(folder, ALL, open, new RecordedOutput())).toBe(0)
  })
})

describe('kprf dead-letters drop', () => {
  it('asks, and takes no answer or no for no', async () => {
    await bury(letterOf('t', 'a'), letterOf('t', 'b'))
    const output = new RecordedOutput()
    const command = { selection: ALL, isConfirmed: false }

    expect(await dropLetters(folder, command, output)).toBe(64)
    output.answer = () => Promise.resolve(false)
    expect(await dropLetters(folder, command, output)).toBe(1)
    expect(output.questions).toEqual(Array(2).fill('Remove 2 dead letters for good?'))
    expect(await left()).toEqual(['a', 'b'])

    output.answer = () => Promise.resolve(true)
    expect(await dropLetters(folder, command, output)).toBe(0)
    expect(await readdir(join(folder, 'slot-00', 'dead-letters'))).toEqual([])
  })

  it('leaves those alone that came after it has asked', async () => {
    await bury(letterOf('t', 'a'))
    const output = new RecordedOutput()
    output.answer = async () => {
      await bury(letterOf('t', 'later'))
      return true
    }

    expect(await dropLetters(folder, { selection: ALL, isConfirmed: false }, output)).toBe(0)
    expect(await left()).toEqual(['later'])
  })
})

describe('the lock of a folder', () => {
  it('says who has it, as long as it has it, and for which purpose', async () => {
    expect(await lockHolder(folder)).toBeUndefined()
    const unlock = await lockFolder(folder)
    expect(await lockHolder(folder)).toEqual({ pid: process.pid })
    expect(await lockHolder(folder, 'dead-letters')).toBeUndefined()
    expect(await lockFolder(folder)).toBeUndefined()

    await unlock?.()
    expect(await lockHolder(folder)).toBeUndefined()
  })
})
