/** `/topics/{topic}/raw` of a real process: what Kafka has is what was sent, whatever was sent. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { startKprf } from '../support/kprf-process.ts'
import { SeededRandom, TEST_SEED } from '../support/random.ts'

const CLIENTS = 6
const PUSHES = 20

function randomBytes(random: SeededRandom): Buffer {
  const length = random.below(random.pick([100, 40_000, 40_000, 700_000]))
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; at += 1) bytes[at] = random.below(256)
  return bytes
}

it.each([
  ['one process', {}],
  ['two workers', { workers: 2 }],
  ['a write-ahead log', { 'wal.enabled': 'true' }],
])('every body is one record, byte for byte, with %s', async (_, settings) => {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-raw-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  const cluster = await TestCluster.start({
    ...{ topics: { t: { partitions: 1 } }, partitionMaxBytes: 2 ** 28 },
  })
  onTestFinished(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, { 'wal.dir': folder, ...settings })
  onTestFinished(() => kprf.destroy())
  const sent = new Map<string, Buffer>()
  const pushMany = async (client: number): Promise<void> => {
    const random = new SeededRandom(TEST_SEED + client)
    for (let push = 0; push < PUSHES; push += 1) {
      const key = `${client}-${push}`
      const body = randomBytes(random)
      sent.set(key, body)
      const query = `key=${key}${random.chance(0.5) ? '&wait=true' : ''}`
      const method = random.pick(['POST', 'PUT'])
      const url = `http://127.0.0.1:${kprf.pushPort}/topics/t/raw?${query}`
      expect((await fetch(url, { method, body })).status, `seed ${TEST_SEED}`).toBe(200)
    }
  }

  await Promise.all(Array.from({ length: CLIENTS }, (_, client) => pushMany(client)))
  await kprf.stop()

  const stored = cluster.records('t')
  expect(stored).toHaveLength(sent.size)
  const wrong = stored.filter(
    ({ key, value }) => sent.get(String(key))?.equals(value ?? Buffer.from('none')) !== true,
  )
  expect(
    wrong.map(({ key }) => String(key)),
    `seed ${TEST_SEED}`,
  ).toEqual([])
})
