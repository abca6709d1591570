import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startCluster, type KafkaCluster } from './cluster/cluster.ts'
import { until } from '../support/until.ts'
import { FaultRun } from './support/fault-run.ts'
import { startKprf, type KprfProcess, type KprfSettings } from '../support/kprf-process.ts'
import type { PushReply } from '../support/push.ts'
import { readTopic, readTopicUntil } from './support/read-topic.ts'
import { textsOf } from './support/records.ts'
import { reviveBrokers } from './support/revive.ts'

const messageTimeoutMs = 3_000
/** How much later than message.timeout.ms a reply may come on a busy machine. */
const slackMs = 3_000
/** For what happens by itself once Kafka is back. */
const recoveryTimeoutMs = 30_000

describe('an outage of every broker', () => {
  let cluster: KafkaCluster
  let kprf: KprfProcess | undefined

  beforeAll(async () => {
    cluster = await startCluster({ brokers: 3, autoCreate: false })
  })

  afterEach(async () => {
    await kprf?.destroy()
    await reviveBrokers(cluster)
  })

  afterAll(async () => {
    await cluster.stop()
  })

  async function start(settings: KprfSettings): Promise<KprfProcess> {
    kprf = await startKprf(cluster.bootstrap, settings)
    return kprf
  }

  async function killAll(): Promise<void> {
    await Promise.all(cluster.brokers.map(({ id }) => cluster.kill(id, 'SIGKILL')))
  }

  async function restartAll(topic: string): Promise<void> {
    await Promise.all(cluster.brokers.map(({ id }) => cluster.restart(id)))
    await cluster.waitForTopic(topic, (partitions) =>
      partitions.every(({ leader }) => leader !== undefined),
    )
  }

  it('is answered with 503 in time, and forgotten when they are back', async () => {
    await cluster.createTopic('outage', { partitions: 3 })
    const started = await start({ 'kafka.message_timeout_ms': messageTimeoutMs })
    const push = (data: string): Promise<PushReply> =>
      started.push({ records: [{ topic: 'outage', data }], wait_for_send: true })
    await push('before')

    await killAll()
    const during = await timed(() => push('during'))
    const probes = [await started.readyz(), await started.livez()]
    await restartAll('outage')
    const after = await timed(() =>
      until('a push to be delivered', recoveryTimeoutMs, async () => {
        const reply = await push('after')
        return reply.status === 200 ? reply : undefined
      }),
    )
    const readyAgain = await started.readyz()

    console.log('outage of every broker:', {
      refusedAfterMs: during.durationMs,
      deliveredAfterMs: after.durationMs,
    })
    expect(during.result.status).toBe(503)
    expect(during.result.body.errors).toEqual([
      expect.objectContaining({
        error_code: -192,
        error: 'Message production error: MessageTimedOut (Local: Message timed out)',
      }),
    ])
    expect(during.durationMs).toBeLessThan(messageTimeoutMs + slackMs)
    expect(probes).toEqual([503, 200])
    expect(readyAgain).toBe(200)
    const stored = await readTopicUntil((records) => records.length > 1, {
      bootstrap: cluster.bootstrap,
      topic: 'outage',
      timeoutMs: recoveryTimeoutMs,
    })
    expect([...textsOf(stored)].sort()).toEqual(['after', 'before'])
  })

  it('at the start is waited for: what was accepted meanwhile is delivered', async () => {
    await cluster.createTopic('late', { partitions: 1 })
    await killAll()
    // Brokers that have just started may lack replicas in sync for longer than the usual retries take.
    const started = await start({
      ...{ 'kafka.message_timeout_ms': 60_000, 'kafka.retries': 1_000 },
    })

    const probes = [await started.readyz(), await started.livez()]
    const accepted = await started.push({
      records: Array.from({ length: 100 }, (_, index) => ({ topic: 'late', data: `${index}` })),
    })
    await restartAll('late')
    const { durationMs } = await timed(() =>
      until('the queue to drain', recoveryTimeoutMs, async () => {
        const metrics = await started.metrics()
        return metrics.sum('kafka_sent_messages', { topic: 'late' }) === 100 ? true : undefined
      }),
    )

    console.log('Kafka down at the start:', { deliveredAfterMs: durationMs })
    expect(probes).toEqual([503, 200])
    expect(accepted.status).toBe(200)
    expect(await started.readyz()).toBe(200)
    expect(textsOf(await readTopic(cluster.bootstrap, 'late'))).toEqual(
      Array.from({ length: 100 }, (_, index) => `${index}`),
    )
    expect((await started.stop()).exitCode).toBe(0)
  })

  it('under load costs no record that may wait for its end', async () => {
    const run = await FaultRun.start('endured', cluster, { 'kafka.message_timeout_ms': 120_000 })
    kprf = run.kprf

    await killAll()
    await until('kprf to notice', recoveryTimeoutMs, async () =>
      (await run.kprf.readyz()) === 503 ? true : undefined,
    )
    await restartAll('endured-many')
    await run.replicasInSync()
    const { violations, figures, ending } = await run.finish()

    expect(violations).toEqual([])
    expect(figures).toMatchObject({ refused: 0, unknown: 0, lost: 0, givenUp: 0, unaccounted: 0 })
    expect(ending).toMatchObject({ exitCode: 0, stderr: '' })
  })
})

async function timed<T>(
  action: () => Promise<T>,
): Promise<{ readonly result: T; readonly durationMs: number }> {
  const startedMs = performance.now()
  const result = await action()
  return { result, durationMs: Math.round(performance.now() - startedMs) }
}
