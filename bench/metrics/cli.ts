/**
 * `npm run bench:metrics [-- --topics 200]`: how long a scrape of `/metrics` takes, of one process and of several
 * workers, over HTTP, with a record of each topic delivered, statistics, and a write-ahead log.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { scriptArguments } from '../../scripts/arguments.ts'
import { type KprfProcess, startKprf } from '../../test/support/kprf-process.ts'
import { describeMachine } from '../machine.ts'

const WORKERS = [1, 4]
const SCRAPES = 100
/** The compiler of Node.js takes its time. */
const WARM_UP_SCRAPES = 20
const TARGET_MS = 50

// kafkajs sets timers with negative delays, and Node would warn about them (kafkajs issue 1751).
process.removeAllListeners('warning')
const { topics: topicCount } = scriptArguments('Usage: npm run bench:metrics -- [--topics N]', {
  topics: { type: 'string', default: '200' },
})
const topics = Array.from({ length: Number(topicCount) }, (_, number) => `topic-${number}`)
const { cpu, cores, node, commit } = describeMachine()
console.log(`${cpu}, ${cores} cores; Node.js ${node}; kprf ${commit}\n`)
console.log('| workers | series | bytes | median ms | p95 ms | slowest ms |')
console.log('| ---: | ---: | ---: | ---: | ---: | ---: |')
for (const workers of WORKERS) {
  const { series, bytes, tookMs } = await scrapes(workers)
  const [median = NaN, p95 = NaN, slowest = NaN] = [0.5, 0.95, 1].map((share) =>
    tookMs.at(Math.ceil(share * tookMs.length) - 1),
  )
  const figures = [median, p95, slowest].map((ms) => ms.toFixed(1))
  const verdict = median < TARGET_MS ? '' : ` more than ${TARGET_MS} ms`
  console.log(`| ${workers} | ${series} | ${bytes} | ${figures.join(' | ')} |${verdict}`)
}

/** Scrapes a kprf with so many workers, each of which has delivered records to all topics. */
async function scrapes(workers: number): Promise<{
  readonly series: number
  readonly bytes: number
  /** The fastest first. */
  readonly tookMs: readonly number[]
}> {
  const partitioned = Object.fromEntries(topics.map((topic) => [topic, { partitions: 1 }]))
  const cluster = await TestCluster.start({ brokers: 3, topics: partitioned })
  const folder = mkdtempSync(join(tmpdir(), 'wal-'))
  const kprf = await startKprf(cluster.bootstrap, {
    ...{ workers, 'kafka.statistics_interval_ms': 1_000 },
    ...{ 'wal.enabled': 'true', 'wal.dir': folder, 'http.max_topics_per_request': topics.length },
  })
  try {
    await deliverToAll(kprf, workers)
    for (let scrape = 0; scrape < WARM_UP_SCRAPES; scrape += 1) await kprf.metricsText()
    const tookMs: number[] = []
    let text = ''
    for (let scrape = 0; scrape < SCRAPES; scrape += 1) {
      const beganMs = performance.now()
      text = await kprf.metricsText()
      tookMs.push(performance.now() - beganMs)
    }
    tookMs.sort((one, other) => one - other)
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return { series: lines.length, bytes: Buffer.byteLength(text), tookMs }
  } finally {
    await kprf.destroy()
    await cluster.close()
    rmSync(folder, { recursive: true })
  }
}

/** Pushes to all topics until every worker has them: which one gets a push is chance. */
async function deliverToAll(kprf: KprfProcess, workers: number): Promise<void> {
  const records = topics.map((topic) => ({ topic, data: 'value' }))
  const rounds = workers === 1 ? 1 : workers * 16
  for (let round = 0; round < rounds; round += 1) {
    kprf.closeIdleConnections()
    const { status } = await kprf.push({ records, wait_for_send: true })
    if (status !== 200) throw new Error(`a push was answered with ${status}`)
  }
}
