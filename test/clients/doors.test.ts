/**
 * Every door passes on every byte: generated records, read back by kafka-python. `DOOR_RECORDS=20000` for more of them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'
import { SeededRandom, TEST_SEED } from '../support/random.ts'
import { readBytes, type RecordInBytes } from './support/kafka-python.ts'

const RECORDS = Number(process.env['DOOR_RECORDS'] ?? 2_000)
const AT_ONCE = 50
const TIMEOUT_MS = 120_000 + RECORDS * 10

/** How records come in by a door. */
interface Door {
  readonly name: string
  /** Draws a record that the door can express. */
  readonly draw: (random: SeededRandom) => RecordInBytes
  /** Records of one request. */
  readonly atOnce: number
  readonly request: (topic: string, records: readonly RecordInBytes[]) => DoorRequest
}

interface DoorRequest {
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Buffer<ArrayBuffer>
}

function drawBytes(random: SeededRandom): Buffer {
  return Buffer.from(
    random.pick([
      () => '',
      () => 'plain text',
      () => 'é😀\u0000\u2028"\\'.repeat(random.below(9)),
      () => '12345678901234567890.12345678901234567890e400',
      () => '{"a":1,"a":[null]}',
      () => Uint8Array.from({ length: random.below(400) }, () => random.below(256)),
    ])() as string,
  )
}

function drawText(random: SeededRandom): Buffer {
  const bytes = drawBytes(random)
  return Buffer.from(bytes.toString().replaceAll('\ufffd', '?'))
}

const orNull = (random: SeededRandom, bytes: Buffer): Buffer | null =>
  random.chance(0.1) ? null : bytes

function drawHeaders(
  random: SeededRandom,
  draw: (random: SeededRandom) => Buffer | null,
): readonly (readonly [string, Buffer | null])[] {
  const count = random.chance(0.005) ? 1_000 : random.below(4)
  return Array.from(
    { length: count },
    () => [random.pick(['a', 'b', 'É😀', 'x-y.z']), draw(random)] as const,
  )
}

const anyRecord = (random: SeededRandom): RecordInBytes => [
  drawBytes(random),
  orNull(random, drawBytes(random)),
  drawHeaders(random, (one) => orNull(one, drawBytes(one))),
]

/** Any JSON, as a client may write it. */
function drawJson(random: SeededRandom): string {
  return random.pick([
    () => `${1 + random.below(9)}2345678901234567890`,
    () => '-0.10e-400',
    () => '{"a": 1 ,"a":[ null,{}]}',
    () => JSON.stringify(drawText(random).toString()),
    () => '"\\u00e9\\/"',
    () => '[]',
  ])()
}

const base64 = (bytes: Buffer | null): string | null => bytes?.toString('base64') ?? null

const DOORS: readonly Door[] = [
  {
    ...{ name: 'push', atOnce: AT_ONCE, draw: anyRecord },
    request: (topic, records) => ({
      target: '/push',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        records: records.map(([key, data, headers]) => ({
          ...{ topic, encoding: 'base64', key: base64(key), data: base64(data) },
          headers: headers.map(([name, value]) => ({
            ...{ key: name, value: base64(value), encoding: 'base64' },
          })),
        })),
      }),
    }),
  },
  {
    ...{ name: 'raw', atOnce: 1 },
    draw: (random) => [
      ...([drawBytes(random), drawBytes(random)] as const),
      drawHeaders(random, drawText).slice(0, 20),
    ],
    request: (topic, [[key, value, headers] = [null, null, []]]) => {
      const query = new URLSearchParams({ key_base64: base64(key) ?? '' })
      for (const [name, one] of headers) query.append(`header.${name}`, String(one))
      return { target: `/topics/${topic}/raw?${query.toString()}`, body: Buffer.from(value ?? '') }
    },
  },
  {
    ...{ name: 'ndjson', atOnce: 500 },
    draw: (random) => [null, Buffer.from(drawJson(random)), []],
    request: (topic, records) => ({
      target: `/topics/${topic}/ndjson`,
      body: records.map(([, value]) => `${String(value)}\n`).join(''),
    }),
  },
  {
    ...{ name: 'ndjson-envelope', atOnce: 500, draw: anyRecord },
    request: (topic, records) => ({
      target: `/topics/${topic}/ndjson?envelope=true`,
      body: records
        .map(([key, data, headers]) => {
          const list = headers.map(([name, value]) => ({
            ...{ key: name, value: base64(value), encoding: 'base64' },
          }))
          const line = { encoding: 'base64', key: base64(key), data: base64(data), headers: list }
          return `${JSON.stringify(line)}\n`
        })
        .join(''),
    }),
  },
  {
    ...{ name: 'rest-v2-binary', atOnce: AT_ONCE, draw: anyRecord },
    request: (topic, records) => ({
      target: `/topics/${topic}`,
      headers: { 'Content-Type': 'application/vnd.kafka.binary.v2+json' },
      body: JSON.stringify({
        records: records.map(([key, value, headers]) => ({
          ...{ key: base64(key), value: base64(value) },
          headers: headers.map(([name, one]) => ({ key: name, value: base64(one) })),
        })),
      }),
    }),
  },
  {
    ...{ name: 'rest-v2-json', atOnce: AT_ONCE },
    draw: (random) => [Buffer.from(drawJson(random)), Buffer.from(drawJson(random)), []],
    request: (topic, records) => ({
      target: `/topics/${topic}/partitions/0`,
      headers: { 'Content-Type': 'application/vnd.kafka.json.v2+json' },
      body: `{"records":[${records.map(([key, value]) => `{"value": ${String(value)} , "key":${String(key)}}`).join()}]}`,
    }),
  },
  {
    ...{ name: 'rest-v3', atOnce: 500, draw: anyRecord },
    request: (topic, records) => ({
      target: `/v3/clusters/c/topics/${topic}/records`,
      headers: { 'Content-Type': 'application/json' },
      body: records
        .map(([key, value, headers]) =>
          JSON.stringify({
            key: { type: 'BINARY', data: base64(key) },
            value: { type: 'BINARY', data: base64(value) },
            headers: headers.map(([name, one]) => ({ name, value: base64(one) })),
          }),
        )
        .join(''),
    }),
  },
  {
    ...{ name: 'events', atOnce: 1 },
    draw: (random) => [
      ...([Buffer.from(`k${random.below(99)}`), drawBytes(random)] as const),
      ['specversion', 'id', 'source', 'type', 'partitionkey'].map((name) => [name, null] as const),
    ],
    request: (topic, [[key, value] = [null, null]]) => ({
      target: `/topics/${topic}/events`,
      headers: {
        ...{ 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' },
        'ce-partitionkey': String(key),
      },
      body: Buffer.from(value ?? ''),
    }),
  },
]

let cluster: TestCluster
let kprf: KprfProcess

beforeAll(async () => {
  const topics = Object.fromEntries(DOORS.map(({ name }) => [name, { partitions: 1 }]))
  cluster = await TestCluster.start({ brokers: 1, topics, partitionMaxBytes: 2 ** 30 })
  kprf = await startKprf(cluster.bootstrap)
})

afterAll(async () => {
  await kprf.stop()
  await cluster.close()
})

describe.each(DOORS)('$name', ({ name, atOnce, draw, request }) => {
  it(
    'passes on every byte',
    async () => {
      const random = new SeededRandom(TEST_SEED)
      const sent = Array.from({ length: RECORDS }, () => draw(random))
      for (let at = 0; at < sent.length; at += atOnce) {
        const { target, headers = {}, body } = request(name, sent.slice(at, at + atOnce))
        const url = `http://127.0.0.1:${kprf.pushPort}${target}`
        const response = await fetch(url, { method: 'POST', headers, body })
        const text = await response.text()
        expect(response.status, `seed ${TEST_SEED}: ${text}`).toBe(200)
      }

      const read = await readBytes({ bootstrap: cluster.bootstrap, topic: name, count: RECORDS })

      expect(read.length).toBe(sent.length)
      for (const [index, [key, value, headers]] of read.entries()) {
        const [sentKey, sentValue, sentHeaders] = sent[index] ?? []
        expect([key, value], `seed ${TEST_SEED}, record ${index}`).toEqual([sentKey, sentValue])
        // Its attributes are tested with the SDKs.
        if (name === 'events') expect(headers).toHaveLength(sentHeaders?.length ?? 0)
        else expect(headers, `seed ${TEST_SEED}, record ${index}`).toEqual(sentHeaders)
      }
    },
    TIMEOUT_MS,
  )
})
