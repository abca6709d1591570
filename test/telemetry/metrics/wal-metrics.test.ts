import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import type { WalState } from '../../../src/base/wal-state.ts'
import { WalMetrics } from '../../../src/telemetry/metrics/wal-metrics.ts'
import { CLOSED_WAL } from '../../../src/wal/write-ahead-log.ts'
import { type Exposition, parseExposition, valueOf } from './parse-exposition.ts'

const makeWal = (state: Partial<WalState> = {}) => {
  const registry = new Registry()
  const metrics = new WalMetrics(registry, () => ({ ...CLOSED_WAL, ...state }))
  const scrape = async (): Promise<Exposition> => parseExposition(await registry.metrics())
  return { metrics, scrape }
}

describe('WalMetrics', () => {
  it('says which of its states the log is in', async () => {
    const exposition = await makeWal({ condition: 'full' }).scrape()

    const states = ['accepting', 'full', 'failed', 'closed'].map((state) =>
      valueOf(exposition, 'kprf_wal_state', { state }),
    )
    expect(states).toEqual([0, 1, 0, 0])
    expect(valueOf(exposition, 'kprf_wal_accepting')).toBe(0)
  })

  it('says how large its disk is, and how much of the log Kafka does not have', async () => {
    const exposition = await makeWal({ diskBytes: 100, freeBytes: 7, pendingBytes: 3 }).scrape()

    expect(valueOf(exposition, 'kprf_wal_disk_bytes')).toBe(100)
    expect(valueOf(exposition, 'kprf_wal_disk_free_bytes')).toBe(7)
    expect(valueOf(exposition, 'kprf_wal_pending_bytes')).toBe(3)
  })

  it('counts damage, failures and what is sent after a start', async () => {
    const { metrics, scrape } = makeWal()
    metrics.damaged(2, 300)
    metrics.damaged(0, 50)
    metrics.truncated(9)
    metrics.replayed(4)
    metrics.syncFailed()
    for (const reason of ['topic_unknown', 'topic_unknown', 'invalid_record'])
      metrics.buried(reason)

    const exposition = await scrape()
    const value = (name: string, labels = {}): number | undefined =>
      valueOf(exposition, `kprf_${name}`, labels)
    for (const name of ['damaged', 'corrupt']) expect(value(`wal_${name}_records_total`)).toBe(2)
    expect(value('wal_damaged_bytes_total')).toBe(350)
    expect(value('wal_truncated_bytes_total')).toBe(9)
    expect(value('wal_replayed_records_total')).toBe(4)
    expect(value('wal_sync_errors_total')).toBe(1)
    for (const name of ['wal_dead_letters_total', 'dlq_records_total']) {
      expect(value(name, { reason: 'topic_unknown' }), name).toBe(2)
    }
  })
})
