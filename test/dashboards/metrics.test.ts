/** What Prometheus gets of kprf as a process: well-named metrics, not too many, and the sum of several workers. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { KprfProcess, type KprfSettings, startKprf } from '../support/kprf-process.ts'
import { END_WITH_PARENT, markedEnvironment } from '../support/started-processes.ts'
import { RUST_NAMES } from './rust-names.ts'

const TOPICS = Array.from({ length: 20 }, (_, number) => `topic-${number}`)
const STATISTICS: KprfSettings = { 'kafka.statistics_interval_ms': 100 }

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** The settings of a write-ahead log in a folder of its own. */
function walSettings(): KprfSettings {
  const folder = mkdtempSync(join(tmpdir(), 'wal-'))
  closers.push(() => {
    rmSync(folder, { recursive: true })
  })
  return { 'wal.enabled': 'true', 'wal.dir': folder }
}

async function start(settings: KprfSettings): Promise<KprfProcess> {
  const topics = Object.fromEntries(TOPICS.map((topic) => [topic, { partitions: 1 }]))
  const cluster = await TestCluster.start({ brokers: 1, topics })
  closers.push(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, settings)
  closers.push(() => kprf.destroy())
  return kprf
}

async function startEmbedded(): Promise<KprfProcess> {
  const flags = ['--embedded-broker', '--http.host=127.0.0.1', '--http.port=0']
  const child = spawn(
    process.execPath,
    [
      ...[...END_WITH_PARENT, '--conditions=kprf-source', 'src/main.ts'],
      ...[...flags, '--http.metrics_port=0'],
    ],
    {
      ...{ cwd: join(import.meta.dirname, '../..'), env: markedEnvironment() },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  const kprf = new KprfProcess(child)
  closers.push(() => kprf.destroy())
  await kprf.ready()
  return kprf
}

/** Pushes one record to each topic, and waits until Kafka has all, and the statistics know of them. */
async function pushToAll(kprf: KprfProcess, settings: KprfSettings = {}): Promise<void> {
  for (const topic of TOPICS) {
    const { status } = await kprf.push({ records: [{ topic, data: 'value' }] })
    expect(status).toBe(200)
  }
  const delivered = async (name: string): Promise<number> => (await kprf.metrics()).sum(name)
  await expect.poll(() => delivered('kafka_sent_messages')).toBe(TOPICS.length)
  if (!('kafka.statistics_interval_ms' in settings)) return
  await expect.poll(() => delivered('kafka_producer_total_messages_sent')).toBe(TOPICS.length)
}

/** What promtool says of a scrape, line by line, without the names that the Rust kprf has fixed. */
function complaints(text: string): readonly string[] {
  const { stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    ...{ input: text, encoding: 'utf8' },
  })
  if (error) throw new Error('promtool does not run: install it (apt-get install prometheus)')
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line !== '' && !RUST_NAMES.has(line.split(' ')[0] ?? ''))
}

/** Number of series, but for those of the garbage collector: which kinds of collection there were is chance. */
function seriesOf(text: string): number {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.filter((line) => !line.startsWith('nodejs_gc_duration_seconds')).length
}
/** The garbage collector has at most three kinds of collection in use, with 7 series each. */
const GC_SERIES = 21

describe('promtool check metrics', () => {
  it.each([
    ['one process', () => ({})],
    ['statistics and a write-ahead log', () => ({ ...STATISTICS, ...walSettings() })],
    ['two workers', () => ({ workers: 2 })],
    [
      'two workers with statistics and a write-ahead log',
      () => ({ workers: 2, ...STATISTICS, ...walSettings() }),
    ],
  ] satisfies [string, () => KprfSettings][])('finds nothing with %s', async (_, settingsOf) => {
    const settings: KprfSettings = settingsOf()
    const kprf = await start(settings)
    await pushToAll(kprf, settings)

    expect(complaints(await kprf.metricsText())).toEqual([])
  })

  it('finds nothing with the embedded broker', async () => {
    const kprf = await startEmbedded()
    await pushToAll(kprf)

    expect(complaints(await kprf.metricsText())).toEqual([])
  })

  it('would find a name without its unit, and one that counts and does not say so', () => {
    const text = '# HELP a_ms h\n# TYPE a_ms gauge\na_ms 1\n# HELP b h\n# TYPE b counter\nb 1\n'

    expect(complaints(text)).toHaveLength(2)
  })

  it('complains of each name that is excepted here: none is excepted in vain', async () => {
    const settings = {
      ...{ ...STATISTICS, 'ratelimit.enabled': 'true', 'ratelimit.rules': RATE_LIMIT },
    }
    const kprf = await start(settings)
    await pushToAll(kprf, settings)
    for (const data of ['first', 'second']) {
      await kprf.push({ records: [{ topic: 'limited', data }] })
    }
    await kprf.push({ records: [{ topic: 'topic-0', data: 'x'.repeat(2_000_000) }] })
    const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      ...{ input: await kprf.metricsText(), encoding: 'utf8' },
    })

    const named = `${stdout}${stderr}`.split('\n').map((line) => line.split(' ')[0])
    expect([...RUST_NAMES].filter((name) => !named.includes(name))).toEqual([])
  })
})

const RATE_LIMIT = JSON.stringify([{ topic_name: 'limited', max_requests_per_minute: 1 }])

describe('with 20 topics', () => {
  it('there are at most 500 series', async () => {
    const kprf = await start({})
    await pushToAll(kprf)

    expect(seriesOf(await kprf.metricsText()) + GC_SERIES).toBeLessThanOrEqual(500)
  })

  it('there are at most 600 series with the statistics, which have 84 of one broker', async () => {
    const kprf = await start(STATISTICS)
    await pushToAll(kprf, STATISTICS)

    const text = await kprf.metricsText()
    expect(text.split('\n').filter((line) => line.startsWith('kafka_producer_'))).toHaveLength(84)
    expect(seriesOf(text) + GC_SERIES).toBeLessThanOrEqual(600)
  })
})

describe('two workers', () => {
  it('are counted together, each metric in its way', async () => {
    const beforeSeconds = Date.now() / 1000
    const kprf = await start({ workers: 2, ...walSettings() })
    // The least of both: each has connected.
    await expect.poll(async () => (await kprf.metrics()).sum('kprf_kafka_up')).toBe(1)
    await pushToAll(kprf)

    const metrics = await kprf.metrics()
    const sum = metrics.sum.bind(metrics)
    const route = { route: '/push', method: 'POST', code: '200' }
    expect(sum('kprf_http_requests_total', route)).toBe(TOPICS.length)
    expect(sum('kprf_http_request_duration_seconds_count')).toBe(TOPICS.length)
    expect(sum('kprf_records_delivered_total')).toBe(TOPICS.length)
    expect(sum('kprf_delivery_latency_seconds_count', { mode: 'async' })).toBe(TOPICS.length)
    expect(sum('kprf_wal_group_records_sum')).toBe(TOPICS.length)
    expect(sum('kprf_workers')).toBe(2)
    for (const name of ['kprf_build_info', 'kprf_app_metadata', 'kprf_config_hash_info']) {
      expect(sum(name), name).toBe(1)
    }
    expect(sum('kprf_ready')).toBe(1)
    expect(sum('kprf_kafka_brokers_connected')).toBe(1)
    expect(sum('kprf_wal_state', { state: 'accepting' })).toBe(1)
    expect(sum('kprf_wal_state')).toBe(1)
    expect(sum('kprf_start_time_seconds')).toBeGreaterThan(beforeSeconds)
    expect(sum('kprf_start_time_seconds')).toBeLessThan(Date.now() / 1000)
  })
})
