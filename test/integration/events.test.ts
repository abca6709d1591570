/** `/topics/{topic}/events` of a real process: events of all modes, read as their Kafka binding says, are those that were sent. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { startKprf } from '../support/kprf-process.ts'
import { SeededRandom, TEST_SEED } from '../support/random.ts'

const CLIENTS = 4
const REQUESTS = 40

/** An event without its mode. */
interface Event {
  readonly attributes: Readonly<Record<string, string>>
  readonly data: Buffer
}

/** An event as a record has it. */
interface Stored {
  readonly key: string | undefined
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
}

interface Request {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** What must be in Kafka for it, by the ids of the events. */
  readonly stored: ReadonlyMap<string, Stored>
}

const TEXTS = [
  'a',
  'Euro € 😀',
  '100%',
  '%41',
  '"quoted"',
  ' spaces ',
  'a\\b',
  'é',
  '/a?b=c#d',
  '1',
]

function drawEvent(id: string, random: SeededRandom): Event {
  const text = (): string => random.pick(TEXTS)
  const some = (attributes: () => Readonly<Record<string, string>>) =>
    random.chance(0.4) ? attributes() : {}
  return {
    attributes: {
      ...{ specversion: '1.0', id, source: text(), type: text() },
      ...some(() => ({ subject: text() })),
      ...some(() => ({ time: `2026-01-31T12:00:00.${random.below(1000)}+01:00` })),
      ...some(() => ({ partitionkey: text() })),
      ...some(() => ({ traceparent: text(), [`ext${random.below(9)}`]: text() })),
    },
    data: Buffer.from(Array.from({ length: random.below(2_000) }, () => random.below(256))),
  }
}

/** As the HTTP protocol binding says, section 3.1.3.2: what must be encoded, and sometimes more. */
const encode = (text: string): string =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/[^\x21\x23\x24\x26-\x7e]/g, (byte) => {
      return `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`
    })

function binaryRequest({ attributes, data }: Event, random: SeededRandom): Request {
  const type = random.pick(['application/json', 'image/png', 'text/plain; charset=utf-16'])
  const names = Object.entries(attributes)
  return {
    headers: {
      'Content-Type': type,
      ...Object.fromEntries(names.map(([name, value]) => [`Ce-${name}`, encode(value)])),
    },
    body: data,
    stored: new Map([
      [
        String(attributes['id']),
        {
          ...{ key: attributes['partitionkey'], value: data },
          headers: {
            'content-type': type,
            ...Object.fromEntries(names.map(([name, value]) => [`ce_${name}`, value])),
          },
        },
      ],
    ]),
  }
}

/** Data that JSON.parse would change. */
const JSON_DATA = ['12345678901234567890', '[1e400, -0.0]', '{"b":1, "a" :"\\u00e9é\\/"}', '"],["']

function writeJson({ attributes, data }: Event, random: SeededRandom): string {
  const members = Object.entries(attributes).map(([name, value]) => {
    return `"${name}"${random.pick(['', ' '])}:${random.pick(['', '\n'])}${JSON.stringify(value)}`
  })
  const content = random.chance(0.5)
    ? `"data_base64": "${data.toString('base64')}"`
    : `"data":${random.pick(JSON_DATA)}`
  return `{${[...members, content].join(random.pick([',', ' ,\t']))}}`
}

function jsonRequest(events: readonly Event[], isBatch: boolean, random: SeededRandom): Request {
  const texts = events.map((event) => writeJson(event, random))
  const type = `application/cloudevents${isBatch ? '-batch' : ''}+json`
  const stored = events.map(({ attributes }, index): [string, Stored] => [
    String(attributes['id']),
    {
      ...{ key: attributes['partitionkey'], value: Buffer.from(texts[index] ?? '') },
      headers: {
        'content-type': `application/cloudevents+json${isBatch ? '; charset=utf-8' : ''}`,
      },
    },
  ])
  return {
    headers: { 'Content-Type': type },
    body: Buffer.from(isBatch ? `[\n${texts.join(', ')} ]` : (texts[0] ?? '')),
    stored: new Map(stored),
  }
}

function drawRequest(name: string, random: SeededRandom): Request {
  const event = drawEvent(name, random)
  const mode = random.below(3)
  if (mode === 0) return binaryRequest(event, random)
  if (mode === 1) return jsonRequest([event], false, random)
  const events = Array.from({ length: random.below(5) }, (_, index) =>
    drawEvent(`${name}-${index}`, random),
  )
  return jsonRequest(events, true, random)
}

const idOf = ({ headers, value }: Stored): string =>
  headers['ce_id'] ?? String((JSON.parse(String(value)) as { readonly id: unknown }).id)

it.each([
  ['one process', {}],
  ['two workers', { workers: 2 }],
  ['a write-ahead log', { 'wal.enabled': 'true' }],
])('every event is stored as it was sent, with %s', async (_, settings) => {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-events-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  const cluster = await TestCluster.start({ topics: { t: { partitions: 3 } } })
  onTestFinished(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, { 'wal.dir': folder, ...settings })
  onTestFinished(() => kprf.destroy())
  const sent = new Map<string, Stored>()
  const pushMany = async (client: number): Promise<void> => {
    const random = new SeededRandom(TEST_SEED + client)
    for (let n = 0; n < REQUESTS; n += 1) {
      const { headers, body, stored } = drawRequest(`${client}-${n}`, random)
      for (const [id, one] of stored) sent.set(id, one)
      const query = random.chance(0.5) ? '?wait=true' : ''
      const url = `http://127.0.0.1:${kprf.pushPort}/topics/t/events${query}`
      const response = await fetch(url, { method: 'POST', headers, body })
      expect(response.status, `seed ${TEST_SEED}: ${await response.text()}`).toBe(200)
    }
  }

  await Promise.all(Array.from({ length: CLIENTS }, (_one, client) => pushMany(client)))
  await kprf.stop()

  const records = cluster.records('t').map(({ key, value, headers }): Stored => ({
    ...{ key: key === null ? undefined : String(key), value: value ?? Buffer.from('null') },
    headers: Object.fromEntries(headers.map((one) => [one.key, String(one.value)])),
  }))
  expect(records).toHaveLength(sent.size)
  const byId = new Map(records.map((record) => [idOf(record), record]))
  for (const [id, expected] of sent) expect(byId.get(id), `seed ${TEST_SEED}`).toEqual(expected)
})
