/** One kprf with workers, write-ahead log, statistics and a certificate, to which nothing bad happens. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { createAuthority } from '../../support/certificates.ts'
import { startKprf } from '../../support/kprf-process.ts'
import { until } from '../../support/until.ts'

const PUSHES = 100
const TIMEOUT_MS = 30_000

/** A running kprf. */
export interface HealthyKprf {
  /** `/metrics` after some pushes, and after as many again. */
  twoPages(): Promise<readonly string[]>
  close(): Promise<void>
}

/** Starts it. */
export async function startHealthyKprf(): Promise<HealthyKprf> {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-healthy-'))
  const authority = createAuthority()
  const cluster = await TestCluster.start({
    topics: { orders: { partitions: 2 } },
    tls: authority.issue('broker'),
  })
  writeFileSync(join(folder, 'ca.pem'), authority.cert)
  const kprf = await startKprf(cluster.bootstrap, {
    ...{ workers: 2, 'kafka.statistics_interval_ms': 1_000 },
    ...{ 'wal.enabled': 'true', 'wal.dir': join(folder, 'log') },
    ...{ 'kafka.security_protocol': 'ssl', 'kafka.ssl.ca_file': join(folder, 'ca.pem') },
  })
  const pushAll = async (total: number): Promise<string> => {
    for (let pushed = 0; pushed < PUSHES; pushed += 2) {
      for (const waits of [true, false]) {
        await kprf.push({ records: [{ topic: 'orders', data: 'x' }], wait_for_send: waits })
      }
    }
    await until(`${total} delivered records`, TIMEOUT_MS, async () => {
      const metrics = await kprf.metrics()
      const isSettled = metrics.sum('kprf_wal_pending_records') === 0
      return isSettled && metrics.sum('kafka_sent_messages') === total ? true : undefined
    })
    return await kprf.metricsText()
  }
  return {
    twoPages: async () => [await pushAll(PUSHES), await pushAll(2 * PUSHES)],
    async close() {
      await kprf.destroy()
      await cluster.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
