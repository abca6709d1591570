/** Pushes with an `Idempotency-Key` to kprf as a process with a write-ahead log, killed and started again. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { HttpClient, type HttpReply } from '../support/http-client.ts'
import { type KprfProcess, type KprfSettings, startKprf } from '../support/kprf-process.ts'

let folder: string
let cluster: TestCluster
let running: KprfProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keys-'))
  cluster = await TestCluster.start({ brokers: 1, topics: { t: { partitions: 1 } } })
})

afterEach(async () => {
  for (const kprf of running) if (kprf.isRunning) await kprf.stop('SIGKILL')
  running = []
  await cluster.close()
  await rm(folder, { recursive: true })
})

async function start(settings: KprfSettings = {}): Promise<KprfProcess> {
  const kprf = await startKprf(cluster.bootstrap, {
    ...{ 'wal.enabled': 'true', 'wal.dir': folder, log_level: 'debug' },
    ...settings,
  })
  running.push(kprf)
  return kprf
}

/** Pushes a record of this value, under a key of the same name. */
async function push(kprf: KprfProcess, name: string, rest: object = {}): Promise<HttpReply> {
  const client = new HttpClient(kprf.pushPort, { keepAlive: false })
  const body = { records: [{ topic: 't', data: name }], ...rest }
  return client.post('/push', JSON.stringify(body), { 'Idempotency-Key': name })
}

const WAITS = { wait_for_send: true }
const values = (): readonly string[] => cluster.records('t').map(({ value }) => String(value))
const isReplayed = ({ headers }: HttpReply): boolean => headers['idempotency-replayed'] === 'true'

describe('an Idempotency-Key with a write-ahead log', () => {
  it('outlives a kill: pushes that were answered are answered the same, and produced once', async () => {
    const first = await start()
    const before = [
      await push(first, 'async'),
      await push(first, 'sync', WAITS),
      await push(first, 'offsets', { ...WAITS, return_offsets: true }),
    ]
    await expect.poll(() => values().length).toBe(3)
    await first.stop('SIGKILL')
    const second = await start()

    const after = [
      await push(second, 'async'),
      await push(second, 'sync', WAITS),
      await push(second, 'offsets', { ...WAITS, return_offsets: true }),
    ]
    const other = await push(second, 'sync', { ...WAITS, return_offsets: true })

    expect(after.map(({ status, text }) => [status, text])).toEqual(
      before.map(({ status, text }) => [status, text]),
    )
    expect([...before, ...after].map(isReplayed)).toEqual([false, false, false, true, true, true])
    expect(other.status).toBe(422)
    await push(second, 'last', WAITS)
    // The feeder may send what Kafka had acknowledged just before the kill once more.
    expect(values().filter((value) => value === 'sync' || value === 'offsets')).toHaveLength(2)
    expect((await second.metrics()).sum('kprf_idempotency_keys')).toBe(4)
  })

  it('leaves the outcome of a push unknown that waited when kprf was killed', async () => {
    const slow = { 'kafka.queue_buffering_max_ms': 60_000, 'kafka.message_timeout_ms': 120_000 }
    const first = await start(slow)
    const cut = push(first, 'a', WAITS).catch(() => 'cut')
    await expect.poll(async () => (await first.metrics()).sum('kprf_queue_records')).toBe(1)
    await first.stop('SIGKILL')
    expect(await cut).toBe('cut')

    const second = await start()
    const replayed = await push(second, 'a', WAITS)
    await second.stop('SIGKILL')
    const third = await start({ 'http.idempotency.unknown_outcome': 'produce' })
    const produced = await push(third, 'a', WAITS)

    expect([replayed.status, JSON.parse(replayed.text)]).toMatchObject([504, { error_code: 50402 }])
    expect([produced.status, isReplayed(produced)]).toEqual([200, false])
    expect(values()).toEqual(['a'])
  })

  it('knows after a kill what was accepted while Kafka was away', async () => {
    const first = await start()
    await push(first, 'before', WAITS)
    await cluster.stopBroker(1)
    for (let index = 0; index < 20; index += 1) await push(first, `away-${index}`)
    await first.stop('SIGKILL')
    const second = await start()

    const again = await Promise.all(
      Array.from({ length: 20 }, (_, index) => push(second, `away-${index}`)),
    )
    await cluster.startBroker(1)

    expect(again.map((reply) => [reply.status, isReplayed(reply)])).toEqual(
      again.map(() => [200, true]),
    )
    await expect.poll(() => values().length).toBe(21)
    expect(new Set(values()).size).toBe(21)
  })

  it('is known to the other worker, also of a worker that was killed', async () => {
    const kprf = await start({ workers: 2 })
    const names = Array.from({ length: 12 }, (_, index) => `k${index}`)
    for (const name of names) await push(kprf, name)
    const victims = kprf.workerPids

    for (const pid of victims) {
      process.kill(pid, 'SIGKILL')
      await expect.poll(() => kprf.workerPids.includes(pid)).toBe(false)
      await expect.poll(async () => (await kprf.metrics()).sum('kprf_workers')).toBe(2)
    }
    const again = await Promise.all(names.map((name) => push(kprf, name)))

    expect(again.map((reply) => [reply.status, isReplayed(reply)])).toEqual(
      names.map(() => [200, true]),
    )
    expect((await kprf.stop()).exitCode).toBe(0)
  })

  it('costs nothing on the disk where clients send none', async () => {
    const kprf = await start()
    await kprf.push({ records: [{ topic: 't', data: 'a' }] })
    await expect.poll(values).toEqual(['a'])

    expect(await readdir(join(folder, 'slot-00', 'keys'))).toEqual([])
  })
})
