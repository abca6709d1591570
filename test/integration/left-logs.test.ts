/** kprf as a process without a write-ahead log, in whose folder an earlier process left one. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { findLeftLogs } from '../../src/wal/tools/left-logs.ts'
import { type KprfProcess, type KprfSettings, startKprf } from '../support/kprf-process.ts'

const WARNING =
  'a write-ahead log has records that Kafka may not have, and nothing sends them while wal.enabled is false: set it to true until they are sent; kprf wal inspect shows them'

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

async function start(settings: KprfSettings): Promise<KprfProcess> {
  const kprf = await startKprf(cluster.bootstrap, { 'wal.dir': folder, ...settings })
  running.push(kprf)
  return kprf
}

/** Starts kprf without a log. */
function startWithout(settings: KprfSettings = {}): Promise<KprfProcess> {
  return start({ 'wal.enabled': 'false', ...settings })
}

/** Stops it, and resolves to its warnings. */
async function warningsOf(kprf: KprfProcess): Promise<readonly object[]> {
  const { log } = await kprf.stop()
  return log.filter(({ msg }) => msg === WARNING)
}

describe('kprf that starts without a write-ahead log', () => {
  it.each([1, 2])(
    'warns once of records that one left in wal.dir, with %i workers',
    async (workers) => {
      const before = await start({ 'wal.enabled': 'true' })
      await cluster.stopBroker(1)
      const { status } = await before.push({ records: [{ topic: 't', data: 'left' }] })
      expect(status).toBe(200)
      await before.stop('SIGKILL')
      await cluster.startBroker(1)

      const kprf = await startWithout({ workers })
      await kprf.logged(WARNING)
      expect(await warningsOf(kprf)).toEqual([
        expect.objectContaining({ dir: folder, slots: ['slot-00'], records: 1 }),
      ])
    },
  )

  it('finds nothing to warn of if all was delivered, or if another process uses the log', async () => {
    const before = await start({ 'wal.enabled': 'true' })
    await before.push({ records: [{ topic: 't', data: 'delivered' }] })
    await expect.poll(() => cluster.records('t').length).toBe(1)
    // Kafka has the record before kprf knows.
    await expect.poll(async () => (await before.metrics()).sum('kprf_wal_pending_records')).toBe(0)
    await before.stop()
    expect(await readdir(join(folder, 'slot-00', 'log'))).not.toEqual([])
    expect(await findLeftLogs(folder)).toBeUndefined()

    const other = await start({ 'wal.enabled': 'true' })
    await cluster.stopBroker(1)
    await other.push({ records: [{ topic: 't', data: 'pending' }] })
    expect(await findLeftLogs(folder)).toBeUndefined()
    await other.stop('SIGKILL')
    expect(await findLeftLogs(folder)).toEqual({ slots: ['slot-00'], records: 1 })
  })
})
