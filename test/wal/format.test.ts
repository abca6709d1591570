/**
 * The files in `format/v1` were written by the first kprf that had this format, and are never written anew: every later
 * kprf must read them, because an upgrade finds such files on the disks of its users.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type KeyOutcome, UNKNOWN } from '../../src/base/idempotency.ts'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { writeKey } from '../../src/wal/logged-key.ts'
import { readRecords } from '../../src/wal/records.ts'
import { examineLog } from '../../src/wal/tools/examine.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { SeededRandom } from '../support/random.ts'
import { type Folders, KeyHarness, keyNamed } from './support/key-harness.ts'
import { ACCEPTED_MS } from './support/log-harness.ts'
import { SimulatedStorage } from './support/simulated-storage.ts'

const VERSION_1 = join(import.meta.dirname, 'format', 'v1')
const PARTS = ['log', 'keys'] as const

const EMPTY = { partition: undefined, headers: [], timestampMs: undefined } as const

const KEYED: readonly ProducerRecord[] = [
  { ...EMPTY, topic: 'orders', key: 'order 1', value: '{"total":17.5}' },
]

const PUSHES: readonly (readonly ProducerRecord[])[] = [
  [
    { ...EMPTY, topic: 'orders', key: null, value: 'settled' },
    { ...EMPTY, topic: 'orders', key: '', value: '' },
    { ...EMPTY, topic: 'orders', key: 'tombstone', value: null },
  ],
  [
    {
      ...{ topic: 'a.b-c_9', partition: 7, timestampMs: 1_699_999_999_999 },
      ...{ key: Buffer.from([0, 255, 10]), value: Buffer.from([254, 0, 13]) },
      headers: [
        { key: 'twice', value: 'one' },
        { key: 'twice', value: Buffer.from([128, 0]) },
        { key: 'none', value: null },
        { key: '', value: '' },
        { key: 'Grüße', value: '✓' },
      ],
    },
  ],
  KEYED,
]

const ANSWER: KeyOutcome = {
  kind: 'answered',
  reply: {
    ...{ status: 207, contentType: 'application/json', headers: ['Retry-After', '1'] },
    body: '{"é":"\\u2713 ✓"}',
  },
}

/** Always the same salts. */
const salts = () => ({ random: new SeededRandom(1).next })

/** Writes what the files hold, as kprf does it today. */
async function write(): Promise<Folders> {
  const folders = { log: new SimulatedStorage(), keys: new SimulatedStorage() }
  const clock = new FakeClock()
  const harness = await KeyHarness.open(folders, clock, salts())
  const { keyLog, log } = harness
  for (const push of PUSHES.slice(0, 2)) await log.log.append(push, ACCEPTED_MS)
  const keyed = keyNamed('does not wait')
  await keyLog.ready()
  keyLog.recordsIn(
    await log.log.append(KEYED, ACCEPTED_MS, writeKey(keyed, { kind: 'accepted' })),
    keyed,
  )
  for (const name of ['answered', 'begun']) await keyLog.begun(keyNamed(name))
  await keyLog.ended(keyNamed('answered'), ANSWER)
  const [first] = await log.read()
  if (first) log.recordsOf(first)[0]?.settle()
  const closing = harness.close()
  // The push that has begun does not end.
  await clock.advance(60_000)
  await closing
  return { log: folders.log.killed(), keys: folders.keys.killed() }
}

function filesOf(storage: SimulatedStorage): Record<string, string> {
  return Object.fromEntries(
    storage.names.toSorted().map((name) => [name, storage.bytesOf(name).toString('hex')]),
  )
}

function keptFolders(): Folders {
  const folders = { log: new SimulatedStorage(), keys: new SimulatedStorage() }
  for (const part of PARTS) {
    for (const name of readdirSync(join(VERSION_1, part))) {
      folders[part].overwrite(name, readFileSync(join(VERSION_1, part, name)))
    }
  }
  return folders
}

describe('files of version 1', () => {
  it('are read record by record, without those that were settled', async () => {
    const { log } = await KeyHarness.open(keptFolders(), new FakeClock())

    const records = (await log.read()).map(({ header, payload }) =>
      readRecords(payload, header.recordCount).map(textOf),
    )

    expect(records).toEqual(PUSHES.map((push) => push.map(textOf)))
    expect(log.log.pendingRecords).toBe(PUSHES.flat().length - 1)
    expect([log.observer.damages, log.observer.tornBytes]).toEqual([[], 0])
  })

  it('have the idempotency keys, with their answers', async () => {
    const { restored } = await KeyHarness.open(keptFolders(), new FakeClock())

    expect(restored.toSorted()).toEqual([
      ['answered', 'answered', ANSWER],
      ['begun', 'begun', UNKNOWN],
      ['does not wait', 'does not wait', { kind: 'accepted' }],
    ])
  })

  it.each(PARTS)('are whole for the tools: %s', async (part) => {
    const { problems } = await examineLog(keptFolders()[part], {
      ...{ isInUse: false, hasRecords: part === 'log', onRead: () => undefined },
    })

    expect(problems).toEqual([])
  })

  it('are written today byte for byte as they were then', async () => {
    const [written, kept] = [await write(), keptFolders()]

    for (const part of PARTS) expect(filesOf(written[part])).toEqual(filesOf(kept[part]))
  })
})

/** Bytes and the text of them are the same, and so are no timestamp and the time of acceptance. */
function textOf(record: ProducerRecord): unknown {
  const hex = (bytes: string | Uint8Array | null): string | null =>
    bytes === null ? null : Buffer.from(bytes as string).toString('hex')
  const { key, value, headers, timestampMs = ACCEPTED_MS } = record
  return {
    ...{ ...record, timestampMs, key: hex(key), value: hex(value) },
    headers: headers.map((header) => [hex(header.key), hex(header.value)]),
  }
}
