/** `/topics/{topic}/ndjson` of a real process: what Kafka has is what was sent, however the body was cut. */
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'
import { SeededRandom, TEST_SEED } from '../support/random.ts'

const STREAMS = 4
const LINES = 4_000

async function start(settings: Readonly<Record<string, string | number>>) {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-ndjson-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  const cluster = await TestCluster.start({
    ...{ topics: { t: { partitions: 1 } }, partitionMaxBytes: 2 ** 28 },
  })
  onTestFinished(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, { 'wal.dir': folder, ...settings })
  onTestFinished(() => kprf.destroy())
  return { cluster, kprf }
}

/** Sends the bytes in pieces of any length. */
async function stream(
  { pushPort }: KprfProcess,
  target: string,
  bytes: Buffer,
  random: SeededRandom,
): Promise<{ readonly status: number | undefined; readonly reply: unknown }> {
  const sending = request({ host: '127.0.0.1', port: pushPort, path: target, method: 'POST' })
  const responded = new Promise<{ status: number | undefined; reply: unknown }>(
    (resolve, reject) => {
      sending.on('error', reject).on('response', (response) => {
        json(response).then((reply) => {
          resolve({ status: response.statusCode, reply })
        }, reject)
      })
    },
  )
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.below(random.pick([10, 5_000, 200_000]))
    if (!sending.write(bytes.subarray(at, end))) {
      await new Promise((drained) => sending.once('drain', drained))
    }
    at = end
  }
  sending.end()
  return responded
}

/** Any JSON in one line. */
function drawLine(random: SeededRandom): string {
  const text = 'é😀x\\"'.repeat(random.below(random.pick([2, 40])))
  return random.pick([
    () => `${1 + random.below(1_000)}12345678901234567890`,
    () => JSON.stringify({ text, n: random.below(9) }),
    () => ` {"a":${random.below(9)},  "a":null}`,
    () => JSON.stringify(text),
    () => '[]',
  ])()
}

it.each<[string, Readonly<Record<string, string | number>>, string]>([
  ['one process', {}, ''],
  ['two workers', { workers: 2 }, ''],
  ['a queue that is always full', { 'kafka.queue_buffering_max_messages': 100 }, ''],
  ['a write-ahead log', { 'wal.enabled': 'true' }, '?wait=false'],
])(
  'every line is one record, byte for byte and in order, with %s',
  async (_, settings, query) => {
    const { cluster, kprf } = await start(settings)
    const sent = await Promise.all(
      Array.from({ length: STREAMS }, async (_empty, client) => {
        const random = new SeededRandom(TEST_SEED + client)
        // The first part of each line says whose it is.
        const lines = Array.from({ length: LINES }, () => `[${client},${drawLine(random)}]`)
        const body = Buffer.from(lines.join(random.pick(['\n', '\r\n'])) + random.pick(['', '\n']))
        const target = `/topics/t/ndjson${query}`

        expect(await stream(kprf, target, body, random), `seed ${TEST_SEED}`).toEqual({
          ...{ status: 200 },
          reply: {
            ...{
              status: 'ok',
              errors: [],
              lines: LINES,
              produced: LINES,
              failed: 0,
              complete: true,
            },
          },
        })
        return lines
      }),
    )
    await kprf.stop()

    const stored = cluster.records('t').map(({ value }) => String(value))
    for (const [client, lines] of sent.entries()) {
      const own = stored.filter((value) => value.startsWith(`[${client},`))
      expect(own, `seed ${TEST_SEED}`).toEqual(lines)
    }
    expect(stored).toHaveLength(STREAMS * LINES)
  },
  60_000,
)

it('a stop ends a body that would go on, and the reply says what was produced of it', async () => {
  const { cluster, kprf } = await start({})
  const sending = request({
    ...{ host: '127.0.0.1', port: kprf.pushPort, path: '/topics/t/ndjson', method: 'POST' },
  })
  const responded = new Promise((resolve, reject) => {
    sending.on('error', reject).on('response', (response) => {
      json(response).then((reply) => {
        resolve({ status: response.statusCode, reply })
      }, reject)
    })
  })
  sending.write('1\n2\n')
  await expect.poll(() => cluster.records('t').length).toBe(2)

  const stopped = kprf.stop()

  expect(await responded).toMatchObject({
    status: 503,
    reply: { lines: 2, produced: 2, failed: 0, complete: false, error_code: 50_304 },
  })
  await stopped
  expect(cluster.records('t')).toHaveLength(2)
})
