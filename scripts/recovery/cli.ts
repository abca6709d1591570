/**
 * `node scripts/recovery/cli.ts`: how kprf on a real Apache Kafka of three brokers fares while brokers are
 * away, and after. Prints each figure beside what it should be; it is a measurement, and exits with 0.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startKprf, type KprfProcess } from '../../test/support/kprf-process.ts'
import { startCluster, type KafkaCluster } from '../kafka/cluster.ts'
import { until } from '../kafka/until.ts'
import { Pushes, quantile } from './pushes.ts'

const CLIENTS = 32
const CALM_MS = 6_000
const OUTAGE_MS = 5_000
const WINDOW_MS = 1_000
const RECOVERED = 0.9
const RECOVERY_TIMEOUT_MS = 60_000
/** Longer than any outage here: what is measured is when records get through, not whether. */
const PATIENT = { 'kafka.message_timeout_ms': 120_000, 'kafka.retries': 1_000 }

let sequence = 0
const value = (): string => `record ${(sequence += 1)}`

function report(what: string, measured: string, target: string): void {
  console.log(`${what}: ${measured} (${target})`)
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

/** Topics that cannot be written to, in the midst of others that can. */
async function badTopics(cluster: KafkaCluster, kprf: KprfProcess): Promise<void> {
  for (const topic of ['good', 'forbidden', 'short-lived']) await cluster.createTopic(topic)
  await cluster.withAdmin((admin) =>
    admin.createAcls({
      acl: [
        {
          ...{ resourceType: 2, resourceName: 'forbidden', resourcePatternType: 3 },
          ...{ principal: 'User:ANONYMOUS', host: '*', operation: 4, permissionType: 2 },
        },
      ],
    }),
  )
  const pushes = new Pushes(kprf, CLIENTS, () => ({ topic: 'good', data: value() }))
  await kprf.push({ records: [{ topic: 'short-lived', data: value() }], wait_for_send: true })
  await sleep(CALM_MS)
  const calm = pushes.between(performance.now() - CALM_MS / 2, performance.now())
  await cluster.deleteTopic('short-lived')
  const startedMs = performance.now()
  const bad = ['nowhere', 'short-lived', 'forbidden'].map((topic) => ({
    topic,
    pushes: new Pushes(kprf, 2, () => ({ topic, data: value() })),
  }))
  await sleep(CALM_MS)
  const during = pushes.between(startedMs, performance.now())
  for (const one of bad) await one.pushes.end()
  await pushes.end()
  for (const { topic, pushes: answered } of bad) {
    const all = answered.between(0, Infinity)
    const statuses = [...new Set(all.map(({ status }) => status))].join(', ')
    report(
      `a topic that is ${topic === 'nowhere' ? 'unknown' : topic === 'forbidden' ? 'forbidden' : 'deleted'}`,
      `answered ${statuses} in ${quantile(all, 1).toFixed(0)} ms at the most, of ${all.length} pushes`,
      'within 1 s',
    )
  }
  const failed = during.filter(({ status }) => status !== 200).length
  report(
    'other topics beside them',
    `p50 ${quantile(calm, 0.5).toFixed(1)} to ${quantile(during, 0.5).toFixed(1)} ms, ${failed} of ${during.length} pushes failed`,
    'untouched',
  )
}

const cluster = await startCluster({
  brokers: 3,
  autoCreate: false,
  overrides: {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'true',
  },
})
try {
  for (const measure of [
    badTopics,
    (...parts: [KafkaCluster, KprfProcess]) => oneAway(...parts, 'SIGSTOP'),
    (...parts: [KafkaCluster, KprfProcess]) => oneAway(...parts, 'SIGKILL'),
    afterOutage,
  ]) {
    const kprf = await startKprf(cluster.bootstrap, PATIENT)
    await measure(cluster, kprf)
    await kprf.destroy()
  }
} finally {
  await cluster.stop()
}
