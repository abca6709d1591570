/**
 * `node test/soak/cli.ts --minutes M [--seed S] [--clients C]`: runs kprf as a process of its own on three
 * embedded brokers, which stop, hang and cut connections all the time, under clients of every kind, some of
 * which name a topic that does not exist under ever new names. Prints how memory, timers, sockets and the
 * number of metric series move, and exits with 1 when records are unaccounted for in the end, or more sockets or
 * timers are left than a kprf at rest has.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { startKprf, type KprfProcess } from '../support/kprf-process.ts'
import { SeededRandom } from '../support/random.ts'
import { until } from '../support/until.ts'
import { lowest, trendOf, type Sample } from './trend.ts'
import { PARTITIONS, TOPICS, Unrest } from './unrest.ts'

const SAMPLE_INTERVAL_MS = 1_000
/** For memory, what is left after a collection counts: the minimum of this many samples. */
const WINDOW_SAMPLES = 20
/** The compiler, caches and pools of the runtime settle in this share of the run. */
const WARM_UP = 0.25
const SETTLE_TIMEOUT_MS = 30_000
const MIB = 1_048_576

/** What is watched, and in which unit it is printed. */
const WATCHED = [
  ['resident memory', 'MiB', ({ metrics }) => metrics.sum('process_resident_memory_bytes') / MIB],
  ['heap used', 'MiB', ({ metrics }) => metrics.sum('nodejs_heap_size_used_bytes') / MIB],
  [
    'memory outside the heap',
    'MiB',
    ({ metrics }) => metrics.sum('nodejs_external_memory_bytes') / MIB,
  ],
  ['timers', '', timersOf],
  [
    'sockets',
    '',
    ({ metrics }) => metrics.sum('nodejs_active_resources', { type: 'TCPSocketWrap' }),
  ],
  ['metric series', '', ({ seriesCount }) => seriesCount],
] as const satisfies readonly (readonly [string, string, (scrape: Scrape) => number])[]

const BROKERS = 3
/**
 * Most sockets of a kprf at rest: to each broker that for produce requests, and that for questions, which depends on
 * whom it has asked so far; and the one of the scrape.
 */
const MAX_SOCKETS_AT_REST = 2 * BROKERS + 1

type Scrape = Awaited<ReturnType<KprfProcess['scrape']>>

function timersOf({ metrics }: Scrape): number {
  return metrics.sum('nodejs_active_resources', { type: 'Timeout' })
}

async function watch(
  kprf: KprfProcess,
  durationMs: number,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(WATCHED.map(([name]) => [name, []]))
  const progress = new ScriptProgress({
    ...{ verb: 'watched', noun: 'second', total: durationMs / 1_000 },
  })
  const startedMs = performance.now()
  while (performance.now() - startedMs < durationMs) {
    await sleep(SAMPLE_INTERVAL_MS)
    const scrape = await kprf.scrape()
    progress.done()
    const atMs = performance.now() - startedMs
    if (atMs < durationMs * WARM_UP) continue
    for (const [name, , read] of WATCHED) samples.get(name)?.push({ atMs, value: read(scrape) })
  }
  progress.end()
  return samples
}

function print(samples: ReadonlyMap<string, readonly Sample[]>): void {
  for (const [name, unit] of WATCHED) {
    const lows = lowest(samples.get(name) ?? [], WINDOW_SAMPLES)
    const { first, last, slopePerHour, relativePerHour } = trendOf(lows)
    const shown = [first, last, slopePerHour].map((value) => value.toFixed(1))
    const [from, to, slope] = shown
    console.log(
      `${name}: ${from} to ${to} ${unit}, slope ${slope} ${unit} per hour (${(relativePerHour * 100).toFixed(1)} %)`,
    )
  }
}

/** Records that are unaccounted for, or counted twice. */
async function unaccountedFor(kprf: KprfProcess): Promise<number> {
  const { metrics } = await kprf.scrape()
  const sum = (name: string): number => metrics.sum(name)
  return (
    sum('kprf_records_received_total') -
    sum('kafka_sent_messages') -
    sum('kprf_records_failed_total') -
    sum('kprf_records_rejected_total') -
    sum('kafka_internal_queue_size')
  )
}

/**
 * Waits until there are no more timers than before the beginning, and no more sockets than a kprf at rest has; returns
 * what is left over.
 */
async function leftOver(kprf: KprfProcess, atRest: Scrape): Promise<readonly string[]> {
  const most = new Map([
    ['timers', timersOf(atRest)],
    ['sockets', MAX_SOCKETS_AT_REST],
  ])
  const look = async (): Promise<readonly string[]> => {
    const scrape = await kprf.scrape()
    return WATCHED.flatMap(([name, , read]) => {
      const limit = most.get(name) ?? Infinity
      return read(scrape) > limit ? [`${name}: ${read(scrape)}, at rest at most ${limit}`] : []
    })
  }
  return await until('kprf to be at rest', SETTLE_TIMEOUT_MS, async () =>
    (await look()).length === 0 ? [] : undefined,
  ).catch(look)
}

const values = scriptArguments('Usage: npm run soak -- [--minutes 5] [--seed 1] [--clients 16]', {
  minutes: { type: 'string', default: '5' },
  seed: { type: 'string', default: '1' },
  clients: { type: 'string', default: '16' },
})
const topics = Object.fromEntries(TOPICS.map((topic) => [topic, { partitions: PARTITIONS }]))
const cluster = await TestCluster.start({ brokers: BROKERS, topics, autoCreateTopics: false })
const kprf = await startKprf(cluster.bootstrap)
try {
  for (const topic of TOPICS) {
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      await kprf.push({ records: [{ topic, data: 'first', partition }], wait_for_send: true })
    }
  }
  kprf.closeIdleConnections()
  await sleep(SAMPLE_INTERVAL_MS)
  const atRest = await kprf.scrape()
  const unrest = new Unrest(kprf, cluster, new SeededRandom(Number(values.seed)))
  const running = unrest.run(Number(values.clients))
  const samples = await watch(kprf, Number(values.minutes) * 60_000)
  unrest.end()
  await running
  print(samples)
  console.log(unrest.figures)
  await until('the queue to drain', SETTLE_TIMEOUT_MS, async () =>
    (await kprf.metrics()).sum('kafka_internal_queue_size') === 0 ? true : undefined,
  )
  kprf.closeIdleConnections()
  const problems = [...(await leftOver(kprf, atRest))]
  const unaccounted = await unaccountedFor(kprf)
  if (unaccounted !== 0) problems.push(`${unaccounted} records are unaccounted for`)
  for (const problem of problems) console.log(`FAILED: ${problem}`)
  if (problems.length === 0) console.log('every record is accounted for, and nothing is left over')
  process.exitCode = problems.length > 0 ? 1 : 0
} finally {
  await kprf.destroy()
  await cluster.close()
}
