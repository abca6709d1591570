/**
 * `npm run bench:metrics [-- --topics 200]`: how long a scrape of `/metrics` takes, of one process and of several
 * workers, over HTTP, with a record of each topic delivered, statistics, and a write-ahead log; and how much processor
 * time of the process that answers. Linux only.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { type KprfProcess, startKprf } from '../../test/support/kprf-process.ts'
import { describeMachine } from '../machine.ts'

const WORKERS = [1, 4]
const SCRAPES = 100
/** The compiler of Node.js takes its time. */
const WARM_UP_SCRAPES = 20
const TARGET_MS = 50
const MS_PER_TICK = 10
const STATISTICS_MS = 1_000

// kafkajs sets timers with negative delays, and Node would warn about them (kafkajs issue 1751).
process.removeAllListeners('warning')
const { topics: topicCount } = scriptArguments('Usage: npm run bench:metrics -- [--topics N]', {
  topics: { type: 'string', default: '200' },
})
const topics = Array.from({ length: Number(topicCount) }, (_, number) => `topic-${number}`)
const { cpu, cores, node, commit } = describeMachine()
const progress = new ScriptProgress({ verb: 'measured', noun: 'kprf', total: WORKERS.length })
progress.print(`${cpu}, ${cores} cores; Node.js ${node}; kprf ${commit}\n`)
progress.print('| workers | series | bytes | fastest ms | median ms | p95 ms | processor ms |')
progress.print('| ---: | ---: | ---: | ---: | ---: | ---: | ---: |')
for (const workers of WORKERS) {
  const { series, bytes, tookMs, processorMs } = await scrapes(workers)
  const [fastest = NaN] = tookMs
  const [median = NaN, p95 = NaN] = [0.5, 0.95].map((share) =>
    tookMs.at(Math.ceil(share * tookMs.length) - 1),
  )
  const figures = [fastest, median, p95, processorMs].map((ms) => ms.toFixed(1))
  const verdict = median < TARGET_MS ? '' : ` more than ${TARGET_MS} ms`
  progress.print(`| ${workers} | ${series} | ${bytes} | ${figures.join(' | ')} |${verdict}`)
  progress.done()
}
progress.end()

/** Scrapes a kprf with so many workers, each of which has delivered records to all topics. */
async function scrapes(workers: number): Promise<{
  readonly series: number
  readonly bytes: number
  /** The fastest first. */
  readonly tookMs: readonly number[]
  /** Of the process that answers, for each scrape. */
  readonly processorMs: number
}> {
  const partitioned = Object.fromEntries(topics.map((topic) => [topic, { partitions: 1 }]))
  const cluster = await TestCluster.start({ brokers: 3, topics: partitioned })
  const folder = mkdtempSync(join(tmpdir(), 'wal-'))
  const kprf = await startKprf(cluster.bootstrap, {
    ...{ workers, 'kafka.statistics_interval_ms': STATISTICS_MS },
    ...{ 'wal.enabled': 'true', 'wal.dir': folder, 'http.max_topics_per_request': topics.length },
  })
  try {
    await deliverToAll(kprf, workers)
    for (let scrape = 0; scrape < WARM_UP_SCRAPES; scrape += 1) await kprf.metricsText()
    const tookMs: number[] = []
    let text = ''
    const usedMs = processorMsOf(kprf.pid)
    for (let scrape = 0; scrape < SCRAPES; scrape += 1) {
      const beganMs = performance.now()
      text = await kprf.metricsText()
      tookMs.push(performance.now() - beganMs)
    }
    const processorMs = (processorMsOf(kprf.pid) - usedMs) / SCRAPES
    tookMs.sort((one, other) => one - other)
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return { series: lines.length, bytes: Buffer.byteLength(text), tookMs, processorMs }
  } finally {
    await kprf.destroy()
    await cluster.close()
    rmSync(folder, { recursive: true })
  }
}

/** The processor time that a process has used. */
function processorMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program is in brackets, and may have spaces.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) * MS_PER_TICK
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
  // The statistics show the end of the last interval.
  while (!(await kprf.metricsText()).includes('kafka_producer_topic_metadata_age{')) {
    await setTimeout(STATISTICS_MS / 10)
  }
}
