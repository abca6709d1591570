import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startCluster, type KafkaCluster } from './cluster/cluster.ts'
import { until } from '../support/until.ts'
import { FaultRun } from './support/fault-run.ts'
import { startKprf, type Ending, type KprfProcess, type LogLine } from '../support/kprf-process.ts'
import { readTopic, readTopicUntil } from './support/read-topic.ts'
import { textsOf } from './support/records.ts'
import { reviveBrokers } from './support/revive.ts'

const shutdownTimeoutMs = 2_000
/**
 * Time for a shutdown: replies get a second, closing the connections to Kafka takes some time, and the machine may
 * be busy.
 */
const slackMs = 8_000

/** What it logs once all is done; counts of lines that were held back may follow. */
function lastWords({ log }: Ending): LogLine | undefined {
  return log.find(({ msg }) => msg === 'stopped')
}

describe('a shutdown', () => {
  let cluster: KafkaCluster
  let kprf: KprfProcess | undefined

  beforeAll(async () => {
    cluster = await startCluster({ autoCreate: false })
  })

  afterEach(async () => {
    await kprf?.destroy()
    await reviveBrokers(cluster)
  })

  afterAll(async () => {
    await cluster.stop()
  })

  async function startImpatient(): Promise<KprfProcess> {
    kprf = await startKprf(cluster.bootstrap, {
      'kafka.message_timeout_ms': 60_000,
      'shutdown.timeout_ms': shutdownTimeoutMs,
    })
    return kprf
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s under load delivers all that was accepted',
    async (signal) => {
      const run = await FaultRun.start(`drained-${signal}`, cluster, {
        'kafka.message_timeout_ms': 30_000,
      })
      kprf = run.kprf

      await run.load.progress(500)
      run.load.expectEnd()
      const ending = await run.kprf.stop(signal)
      await run.load.ended()
      const { violations } = await run.judge(run.topics, ending, {
        givenUpCount: 0,
        resentCount: () => 0,
      })

      expect(violations).toEqual([])
      expect(ending).toMatchObject({ exitCode: 0, stderr: '' })
      expect(lastWords(ending)).toMatchObject({ records_not_delivered: 0 })
    },
  )

  it('while Kafka is down says how many records are lost, and ends in time', async () => {
    await cluster.createTopic('undelivered', { partitions: 3 })
    const started = await startImpatient()
    await started.push({ records: [{ topic: 'undelivered', data: '0' }], wait_for_send: true })
    await cluster.kill(1, 'SIGKILL')
    const records = Array.from({ length: 25 }, (_, index) => ({
      topic: 'undelivered',
      data: `${index + 1}`,
    }))
    const { status } = await started.push({ records })

    const ending = await started.stop('SIGTERM')
    await cluster.restart(1)

    expect(status).toBe(200)
    expect(ending).toMatchObject({ exitCode: 1, stderr: '' })
    expect(lastWords(ending)).toMatchObject({ records_not_delivered: 25 })
    expect(ending.durationMs).toBeLessThan(shutdownTimeoutMs + slackMs)
    expect(textsOf(await readTopic(cluster.bootstrap, 'undelivered'))).toEqual(['0'])
  })

  it('while Kafka hangs leaves it open what became of a record in flight', async () => {
    await cluster.createTopic('in-flight', { partitions: 1 })
    const started = await startImpatient()
    await started.push({ records: [{ topic: 'in-flight', data: 'before' }], wait_for_send: true })
    await cluster.kill(1, 'SIGSTOP')
    const reply = started.push({
      records: [{ topic: 'in-flight', data: 'perhaps' }],
      wait_for_send: true,
    })
    await until('the record to be in the queue', shutdownTimeoutMs, async () => {
      const metrics = await started.metrics()
      return metrics.sum('kafka_internal_queue_size') === 1 ? true : undefined
    })

    const [{ status }, ending] = await Promise.all([reply, started.stop('SIGTERM')])
    await cluster.kill(1, 'SIGCONT')
    await cluster.waitUntilUp(1)
    // It finds the request in its socket when it goes on.
    const { bootstrap } = cluster
    const stored = await readTopicUntil((records) => records.length > 1, {
      bootstrap,
      topic: 'in-flight',
      timeoutMs: slackMs,
    })

    expect(status).toBe(504)
    expect(ending).toMatchObject({ exitCode: 0, stderr: '' })
    expect(ending.durationMs).toBeLessThan(shutdownTimeoutMs + slackMs)
    expect(textsOf(stored)).toEqual(['before', 'perhaps'])
  })
})
