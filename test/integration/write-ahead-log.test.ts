/** kprf as a process with a write-ahead log, killed and started again. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { type KprfProcess, type KprfSettings, startKprf } from '../support/kprf-process.ts'

let folder: string
let cluster: TestCluster
let running: KprfProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-'))
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

const values = (): readonly string[] => cluster.records('t').map(({ value }) => String(value))

describe('kprf with a write-ahead log', () => {
  it('delivers what it accepted, also if it was killed while Kafka was away', async () => {
    const first = await start()
    await first.push({ records: [{ topic: 't', data: 'before' }] })
    await expect.poll(values).toEqual(['before'])
    await cluster.stopBroker(1)
    for (let index = 0; index < 20; index += 1) {
      const reply = await first.push({ records: [{ topic: 't', data: `away ${index}` }] })
      expect(reply.status).toBe(200)
    }
    await first.stop('SIGKILL')
    await cluster.startBroker(1)
    await start()

    await expect.poll(() => new Set(values()).size).toBe(21)
    const unique = [...new Set(values())]
    expect(unique).toEqual(['before', ...Array.from({ length: 20 }, (_, index) => `away ${index}`)])
  })

  it('outlasts an outage that is longer than kafka.message_timeout_ms, and ends with 0', async () => {
    const kprf = await start({ 'kafka.message_timeout_ms': 200 })
    await kprf.push({ records: [{ topic: 't', data: 'before' }] })
    await expect.poll(values).toEqual(['before'])
    await cluster.stopBroker(1)
    const waiting = await kprf.push({
      records: [{ topic: 't', data: 'sync' }],
      wait_for_send: true,
    })
    expect(waiting.status).toBe(503)
    await kprf.push({
      records: [
        { topic: 't', data: 'a' },
        { topic: 't', data: 'b' },
      ],
    })
    const again = await kprf.push({ records: [{ topic: 't', data: 'sync' }], wait_for_send: true })
    expect(again.status).toBe(503)
    const away = await kprf.metrics()
    expect(away.sum('kprf_wal_pending_records')).toBe(2)
    expect(away.sum('kprf_wal_accepting')).toBe(1)
    expect(await kprf.readyz()).toBe(200)
    await cluster.startBroker(1)

    await expect.poll(values).toEqual(['before', 'a', 'b'])
    await expect.poll(async () => (await kprf.metrics()).sum('kprf_wal_pending_records')).toBe(0)
    expect((await kprf.stop()).exitCode).toBe(0)
  })

  it('keeps what Kafka refuses for good among the dead letters, with the reason, and goes on', async () => {
    cluster.createTopic('compacted', { partitions: 1, configs: { 'cleanup.policy': 'compact' } })
    cluster.createTopic('dead', { partitions: 1 })
    const kprf = await start({ 'wal.dead_letters.topic': 'dead' })
    const records = [
      { topic: 'compacted', data: 'no key', headers: { a: '1' } },
      { topic: 't', data: 'fine' },
    ]
    expect((await kprf.push({ records })).status).toBe(200)

    await expect.poll(values).toEqual(['fine'])
    await expect.poll(() => cluster.records('dead').length).toBe(1)
    const [letter] = cluster.records('dead')
    const headers = letter?.headers.map(({ key, value }) => `${key}=${String(value)}`)
    expect(String(letter?.value)).toBe('no key')
    expect(headers).toEqual([
      'a=1',
      expect.stringContaining('kprf-error='),
      'kprf-error-code=87',
      'kprf-topic=compacted',
      expect.stringMatching(/^kprf-accepted-at=20\d\d-/),
    ])
    expect((await kprf.metrics()).sum('kprf_wal_dead_letters_total')).toBe(1)
    expect(await readdir(join(folder, 'slot-00', 'dead-letters'))).toHaveLength(1)
  })

  it('leaves nothing behind once everything is delivered and it has started again', async () => {
    const first = await start()
    await first.push({ records: [{ topic: 't', data: 'a' }] })
    await expect.poll(values).toEqual(['a'])
    expect((await first.stop()).exitCode).toBe(0)
    const second = await start()
    await second.push({ records: [{ topic: 't', data: 'b' }] })
    await expect.poll(values).toEqual(['a', 'b'])
    await expect.poll(() => readdir(join(folder, 'slot-00', 'log'))).toHaveLength(2)
  })

  it('has several processes on one folder, each with a log of its own', async () => {
    const [first, second] = [await start(), await start()]
    await first.push({ records: [{ topic: 't', data: 'a' }] })
    await second.push({ records: [{ topic: 't', data: 'b' }] })

    await expect.poll(() => [...values()].sort()).toEqual(['a', 'b'])
    expect((await readdir(folder)).sort()).toEqual(['slot-00', 'slot-01'])
  })

  it('has a log of its own for each worker, and whoever is late finds none that is taken', async () => {
    const kprf = await start({ workers: 3 })
    expect((await readdir(folder)).sort()).toEqual(['slot-00', 'slot-01', 'slot-02'])

    const [killed] = kprf.workerPids
    if (killed !== undefined) process.kill(killed, 'SIGKILL')
    await kprf.logged('a worker died')
    await start()
    const slots = await readdir(folder)
    // That of the worker that was killed, or the next: its successor may be first.
    expect(['slot-02', 'slot-03']).toContain(slots.sort().at(-1))
  })

  it('counts nothing as lost when workers are killed and replaced, and takes their slots over', async () => {
    const kprf = await start({ workers: 2, 'shutdown.timeout_ms': 500 })
    await kprf.push({ records: [{ topic: 't', data: 'before' }] })
    await expect.poll(values).toEqual(['before'])
    await cluster.stopBroker(1)
    const accepted = ['before']
    const push = async (count: number): Promise<void> => {
      for (let number = 0; number < count; number += 1) {
        const data = `away ${accepted.length}`
        expect((await kprf.push({ records: [{ topic: 't', data }] })).status).toBe(200)
        accepted.push(data)
        // Each on a connection of its own, so that both workers get some.
        kprf.closeIdleConnections()
      }
    }
    await push(20)
    const [killed] = kprf.workerPids
    if (killed !== undefined) process.kill(killed, 'SIGKILL')
    await kprf.logged('a worker died', ({ records_lost: lost }) => lost === 0)
    await expect.poll(() => kprf.workerPids.length).toBe(2)
    kprf.signal('SIGUSR2')
    await kprf.logged('the workers were restarted')
    await push(20)
    const metrics = await kprf.metrics()
    expect(metrics.sum('kprf_worker_lost_records_total')).toBe(0)
    const { exitCode, log } = await kprf.stop()
    expect(exitCode).toBe(0)
    expect(log.at(-1)).toMatchObject({
      ...{ msg: 'stopped', records_not_delivered: 0, records_lost_since_start: 0 },
    })

    await cluster.startBroker(1)
    const next = await start()
    await expect
      .poll(() => [...new Set(values())].sort(), { timeout: 60_000 })
      .toEqual([...accepted].sort())
    await expect.poll(async () => (await next.metrics()).sum('kprf_wal_pending_records')).toBe(0)
  }, 120_000)
})
