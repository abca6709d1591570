import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startCluster, type KafkaCluster, type PartitionState } from './cluster/cluster.ts'
import { FaultRun } from './support/fault-run.ts'
import { startKprf, type KprfProcess, type KprfSettings } from '../support/kprf-process.ts'
import type { PushedRecord } from '../support/push.ts'
import { until } from '../support/until.ts'
import { readTopicUntil } from './support/read-topic.ts'
import { textsOf } from './support/records.ts'
import { reviveBrokers } from './support/revive.ts'

/** Longer than Kafka takes to choose new leaders: nothing may be lost then. */
const generous = { 'kafka.message_timeout_ms': 30_000 }

const rounds = 5
/** More than enough for what does not depend on the broker that hangs; less than message.timeout.ms. */
const boundedMs = 12_000

/** What every fault run must show when message.timeout.ms is long enough. */
const nothingLost = { refused: 0, unknown: 0, lost: 0, givenUp: 0, unanswered: 0, unaccounted: 0 }

function allInSync(partitions: readonly PartitionState[]): boolean {
  return partitions.every(({ isr }) => isr.length === 3)
}

function leadersWithout(brokerId: number): (partitions: readonly PartitionState[]) => boolean {
  return (partitions) =>
    partitions.every(({ leader }) => leader !== undefined && leader !== brokerId)
}

async function timed(
  kprf: KprfProcess,
  record: PushedRecord,
): Promise<{ readonly status: number; readonly durationMs: number }> {
  const startedMs = performance.now()
  const { status } = await kprf.push({ records: [record], wait_for_send: true })
  return { status, durationMs: Math.round(performance.now() - startedMs) }
}

describe('a broker of three', () => {
  let cluster: KafkaCluster
  const processes: KprfProcess[] = []

  beforeAll(async () => {
    cluster = await startCluster({ brokers: 3, autoCreate: false })
  })

  afterEach(async () => {
    for (const kprf of processes.splice(0)) await kprf.destroy()
    await reviveBrokers(cluster)
  })

  afterAll(async () => {
    await cluster.stop()
  })

  async function start(settings: KprfSettings): Promise<KprfProcess> {
    const kprf = await startKprf(cluster.bootstrap, settings)
    processes.push(kprf)
    return kprf
  }

  async function startRun(name: string, settings: KprfSettings = generous): Promise<FaultRun> {
    const run = await FaultRun.start(name, cluster, settings)
    processes.push(run.kprf)
    return run
  }

  it('may be killed under load, again and again, without a record being lost', async () => {
    const run = await startRun('killed')

    for (let round = 0; round < rounds; round += 1) {
      const id = (round % 3) + 1
      const led = await cluster.describeTopic('killed-many')
      expect(led.some(({ leader }) => leader === id)).toBe(true)
      await cluster.kill(id, 'SIGKILL')
      await run.leadersMovedFrom(id)
      await run.load.progress(100)
      await cluster.restart(id)
      await run.replicasInSync()
    }
    const { violations, figures, ending } = await run.finish()

    expect(violations).toEqual([])
    expect(figures).toMatchObject(nothingLost)
    expect(ending).toMatchObject({ exitCode: 0, stderr: '' })
  })

  it('may be killed under load, with the default times, and clients are told the truth', async () => {
    const run = await startRun('impatient', {})

    await cluster.kill(3, 'SIGKILL')
    await run.leadersMovedFrom(3)
    await run.load.progress(100)
    await cluster.restart(3)
    await run.replicasInSync()
    const { violations, figures, ending } = await run.finish()

    expect(violations).toEqual([])
    expect(figures).toMatchObject({ unanswered: 0, unaccounted: 0 })
    expect(ending).toMatchObject({ exitCode: 0, stderr: '' })
  })

  it('may be killed and hung under load, and with idempotence no record is stored twice', async () => {
    const run = await startRun('idempotent', {
      ...generous,
      'kafka.enable_idempotence': 'true',
      'kafka.retries': 1_000,
    })

    for (const [id, signal] of [
      [1, 'SIGKILL'],
      [2, 'SIGSTOP'],
      [3, 'SIGKILL'],
    ] as const) {
      await cluster.kill(id, signal)
      await run.leadersMovedFrom(id)
      await run.load.progress(100)
      if (signal === 'SIGKILL') await cluster.restart(id)
      else await cluster.kill(id, 'SIGCONT')
      await cluster.waitUntilUp(id)
      await run.replicasInSync()
    }
    const { violations, figures, ending } = await run.finish()

    expect(violations).toEqual([])
    expect(figures).toMatchObject({ ...nothingLost, duplicates: 0 })
    expect(ending).toMatchObject({ exitCode: 0, stderr: '' })
  })

  it('may hang and go on without a record being lost', async () => {
    const run = await startRun('hung')

    await cluster.kill(2, 'SIGSTOP')
    await run.leadersMovedFrom(2)
    await run.load.progress(100)
    await cluster.kill(2, 'SIGCONT')
    await cluster.waitUntilUp(2)
    await run.replicasInSync()
    const { violations, figures, ending } = await run.finish()

    expect(violations).toEqual([])
    expect(figures).toMatchObject(nothingLost)
    expect(ending).toMatchObject({ exitCode: 0, stderr: '' })
  })

  it('may shut down in good order and come back without a record being lost', async () => {
    const run = await startRun('shut-down')

    await cluster.kill(1, 'SIGTERM')
    await run.leadersMovedFrom(1)
    await run.load.progress(100)
    await cluster.restart(1)
    await run.replicasInSync()
    const { violations, figures, ending } = await run.finish()

    expect(violations).toEqual([])
    expect(figures).toMatchObject(nothingLost)
    expect(ending).toMatchObject({ exitCode: 0, stderr: '' })
  })

  it('may lose all its partitions to others under load without a record being lost', async () => {
    const run = await startRun('moved')

    for (let round = 0; round < rounds; round += 1) {
      await run.moveAllPartitions()
      await run.load.progress(100)
    }
    const { violations, figures, ending } = await run.finish()

    expect(violations).toEqual([])
    expect(figures).toMatchObject(nothingLost)
    expect(ending).toMatchObject({ exitCode: 0, stderr: '' })
  })

  it('leaves the other brokers usable while it hangs', async () => {
    await cluster.createTopic('before', { partitions: 6 })
    const everyPartition = [0, 1, 2, 3, 4, 5].map((partition) => ({
      topic: 'before',
      data: 'x',
      partition,
    }))
    // Several, because it is chance which broker each of them asks for metadata.
    const several = await Promise.all([0, 1, 2].map(() => start(generous)))
    const led = await cluster.describeTopic('before')
    const partition = led.findIndex(({ leader }) => leader !== 3)
    for (const [index, kprf] of several.entries()) {
      await cluster.createTopic(`new-${index}`, { partitions: 3 })
      await kprf.push({ records: everyPartition, wait_for_send: true })
    }

    await cluster.kill(3, 'SIGSTOP')
    // So that each has something in flight to the broker that hangs.
    for (const kprf of several) await kprf.push({ records: everyPartition })
    await cluster.waitForTopic('before', leadersWithout(3))
    const replies = await Promise.all(
      several.flatMap((kprf, index) => [
        timed(kprf, { topic: `new-${index}`, data: 'x' }),
        timed(kprf, { topic: 'before', data: 'x', partition }),
      ]),
    )
    await cluster.kill(3, 'SIGCONT')
    await cluster.waitUntilUp(3)
    await cluster.waitForTopic('before', allInSync)

    console.log('while a broker hung:', replies)
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200))
    expect(Math.max(...replies.map(({ durationMs }) => durationMs))).toBeLessThan(boundedMs)
  })

  it('that dies with a record in its hands leaves it open whether Kafka has it', async () => {
    await cluster.withAdmin(async (admin) => {
      const replicaAssignment = [{ partition: 0, replicas: [1, 2, 3] }]
      await admin.createTopics({ topics: [{ topic: 'open', replicaAssignment }] })
    })
    await cluster.waitForTopic('open', ([partition]) => partition?.isr.length === 3)
    const kprf = await start({ ...generous, 'kafka.retries': 0 })
    await kprf.push({ records: [{ topic: 'open', data: 'before' }], wait_for_send: true })

    // Broker 3 keeps broker 1 from acknowledging what broker 2 gets; and broker 2 comes next.
    await cluster.kill(3, 'SIGSTOP')
    const reply = kprf.push({ records: [{ topic: 'open', data: 'perhaps' }], wait_for_send: true })
    await until('broker 2 to have the record', boundedMs, async () =>
      (await cluster.readLog(2, 'open', 0)).includes('perhaps') ? true : undefined,
    )
    await cluster.kill(1, 'SIGKILL')
    const { status } = await reply
    await cluster.kill(3, 'SIGCONT')
    await cluster.restart(1)
    await cluster.waitForTopic('open', allInSync)

    const { bootstrap } = cluster
    const stored = await readTopicUntil((records) => records.length > 1, {
      bootstrap,
      topic: 'open',
      timeoutMs: boundedMs,
    })

    expect(textsOf(stored)).toEqual(['before', 'perhaps'])
    expect(status).toBe(504)
  })

  it('does not matter to other topics when one is deleted under load', async () => {
    const run = await startRun('deleted')
    const kept = ['deleted-many', 'deleted-one']

    await cluster.deleteTopic('deleted-some')
    await run.load.progress(1000)
    const { violations, figures, ending } = await run.finish(kept)

    expect(violations).toEqual([])
    expect(figures).toMatchObject({ ...nothingLost, givenUp: expect.any(Number) })
    expect(figures['status404']).toBeGreaterThan(0)
    expect(ending).toMatchObject({ exitCode: 0, stderr: '' })
  })
})
