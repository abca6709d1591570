/**
 * `node test/recovery/cli.ts`: how kprf on a real Apache Kafka of three brokers fares while brokers are
 * away, and after. Prints each figure beside what it should be; it is a measurement, and exits with 0.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { startKprf, type KprfProcess } from '../support/kprf-process.ts'
import { startCluster, type KafkaCluster } from '../kafka/cluster/cluster.ts'
import { until } from '../support/until.ts'
import { Pushes, quantile } from './pushes.ts'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'

scriptArguments('Usage: npm run recovery', {})

const CLIENTS = 32
const CALM_MS = 6_000
const OUTAGE_MS = 5_000
const WINDOW_MS = 1_000
const RECOVERED = 0.9
const RECOVERY_TIMEOUT_MS = 60_000
/** Longer than any outage here: what is measured is when records get through, not whether. */
const PATIENT = { 'kafka.message_timeout_ms': 120_000, 'kafka.retries': 1_000 }

/** Topics that are forbidden and unknown, and brokers that hang, die, and are all away. */
const progress = new ScriptProgress({ verb: 'took', noun: 'measurement', total: 5 })
let sequence = 0
const value = (): string => `record ${(sequence += 1)}`

function report(what: string, measured: string, target: string): void {
  progress.print(`${what}: ${measured} (${target})`)
}

/** Throughput after all brokers were away. */
async function afterOutage(cluster: KafkaCluster, kprf: KprfProcess): Promise<void> {
  await cluster.createTopic('steady', { partitions: 6 })
  const pushes = new Pushes(kprf, CLIENTS, () => ({ topic: 'steady', data: value() }))
  await sleep(CALM_MS)
  const before = pushes.rate(performance.now() - CALM_MS / 2, performance.now())
  const ids = cluster.brokers.map(({ id }) => id)
  await Promise.all(ids.map((id) => cluster.kill(id, 'SIGKILL')))
  await sleep(OUTAGE_MS)
  await Promise.all(ids.map((id) => cluster.restart(id)))
  await cluster.waitForTopic('steady', (partitions) =>
    partitions.every(({ leader }) => leader !== undefined),
  )
  const backMs = performance.now()
  await until('the throughput to recover', RECOVERY_TIMEOUT_MS, () => {
    const nowMs = performance.now()
    const isRecovered = pushes.rate(nowMs - WINDOW_MS, nowMs) >= RECOVERED * before
    return Promise.resolve(isRecovered ? true : undefined)
  }).catch(() => undefined)
  // The window is a second long: it began that much earlier.
  const tookMs = performance.now() - backMs - WINDOW_MS
  const nowMs = performance.now()
  report(
    '90 % of the throughput after all brokers are back',
    `${(tookMs / 1000).toFixed(1)} s; ${before.toFixed(0)} pushes/s before, ${pushes.rate(nowMs - WINDOW_MS, nowMs).toFixed(0)} then`,
    'within 5 s',
  )
  await pushes.end()
}

/** Partitions of the others while one broker is dead or hangs. */
async function oneAway(
  cluster: KafkaCluster,
  kprf: KprfProcess,
  signal: 'SIGKILL' | 'SIGSTOP',
): Promise<void> {
  const topic = `spread-${signal}`
  // One replica each: the others' partitions then have nothing to do with the broker that is away.
  await cluster.createTopic(topic, { partitions: 6, replicationFactor: 1 })
  const led = await cluster.describeTopic(topic)
  const others = led.filter(({ leader }) => leader !== 3).map(({ partition }) => partition)
  const own = led.filter(({ leader }) => leader === 3).map(({ partition }) => partition)
  let turn = 0
  const pushes = new Pushes(kprf, CLIENTS, () => ({
    ...{ topic, data: value() },
    partition: others[(turn += 1) % others.length] ?? 0,
  }))
  await sleep(CALM_MS)
  const calm = pushes.between(performance.now() - CALM_MS / 2, performance.now())
  await cluster.kill(3, signal)
  const awayMs = performance.now()
  const stuck = setInterval(() => {
    const partition = own[(turn += 1) % own.length] ?? 0
    void kprf.push({ records: [{ topic, data: value(), partition }] })
  }, 5)
  await sleep(CALM_MS)
  clearInterval(stuck)
  const during = pushes.between(awayMs, performance.now())
  await pushes.end()
  if (signal === 'SIGKILL') await cluster.restart(3)
  else await cluster.kill(3, 'SIGCONT')
  await cluster.waitUntilUp(3)
  const ratioOf = (share: number): string =>
    `${quantile(calm, share).toFixed(1)} to ${quantile(during, share).toFixed(1)} ms, ${(quantile(during, share) / quantile(calm, share)).toFixed(2)} x`
  const throughput = (calm.length / (CALM_MS / 2) / (during.length / CALM_MS)).toFixed(2)
  report(
    `partitions of the others, one broker of three away by ${signal}`,
    `p50 ${ratioOf(0.5)}; p99 ${ratioOf(0.99)}; pushes/s down by ${throughput} x`,
    'p50 at most 2 x',
  )
}

/** A topic that cannot be written to. */
interface BadTopic {
  readonly topic: string
  readonly kind: string
  /** Makes it so, while others are pushed to. */
  readonly spoil: () => unknown
}

/** Topics that cannot be written to, in the midst of others that can. */
async function besideBadTopics(kprf: KprfProcess, bad: readonly BadTopic[]): Promise<void> {
  const good = new Pushes(kprf, CLIENTS, () => ({ topic: 'good', data: value() }))
  await sleep(CALM_MS)
  const calm = good.between(performance.now() - CALM_MS / 2, performance.now())
  for (const { spoil } of bad) await spoil()
  const startedMs = performance.now()
  const running = bad.map(({ topic, kind }) => ({
    kind,
    pushes: new Pushes(kprf, 2, () => ({ topic, data: value() })),
  }))
  await sleep(CALM_MS)
  const during = good.between(startedMs, performance.now())
  for (const { kind, pushes } of running) {
    await pushes.end()
    const all = pushes.between(0, Infinity)
    const statuses = [...new Set(all.map(({ status }) => status))].join(', ')
    report(
      `a topic that is ${kind}`,
      `${all.length} pushes answered ${statuses}, the slowest in ${quantile(all, 1).toFixed(0)} ms`,
      'within 1 s',
    )
  }
  await good.end()
  const failed = during.filter(({ status }) => status !== 200).length
  report(
    'other topics beside them',
    `p50 ${quantile(calm, 0.5).toFixed(1)} to ${quantile(during, 0.5).toFixed(1)} ms, ${failed} of ${during.length} pushes failed`,
    'untouched',
  )
}

async function besideUnknownTopics(cluster: KafkaCluster, kprf: KprfProcess): Promise<void> {
  await cluster.createTopic('good')
  await cluster.createTopic('short-lived')
  await kprf.push({ records: [{ topic: 'short-lived', data: value() }], wait_for_send: true })
  await besideBadTopics(kprf, [
    { topic: 'nowhere', kind: 'unknown', spoil: () => undefined },
    { topic: 'short-lived', kind: 'deleted', spoil: () => cluster.deleteTopic('short-lived') },
  ])
}

/** The real brokers here have no access control: the embedded broker has. */
async function besideForbiddenTopic(): Promise<void> {
  const topics = { good: { partitions: 4 }, forbidden: { partitions: 4 } }
  const cluster = await TestCluster.start({ brokers: 3, topics, autoCreateTopics: false })
  const kprf = await startKprf(cluster.bootstrap, PATIENT)
  const forbid = (): void => {
    cluster.setDenials([{ principal: '*', topic: 'forbidden', operations: ['write'] }])
  }
  await besideBadTopics(kprf, [{ topic: 'forbidden', kind: 'forbidden', spoil: forbid }])
  await kprf.destroy()
  await cluster.close()
}

await besideForbiddenTopic()
progress.done()
const cluster = await startCluster({ brokers: 3, autoCreate: false })
try {
  for (const measure of [
    besideUnknownTopics,
    (...parts: [KafkaCluster, KprfProcess]) => oneAway(...parts, 'SIGSTOP'),
    (...parts: [KafkaCluster, KprfProcess]) => oneAway(...parts, 'SIGKILL'),
    afterOutage,
  ]) {
    const kprf = await startKprf(cluster.bootstrap, PATIENT)
    await measure(cluster, kprf)
    progress.done()
    await kprf.destroy()
  }
} finally {
  progress.end()
  await cluster.stop()
}
