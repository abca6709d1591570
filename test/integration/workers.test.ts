import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { HttpClient, type HttpReply } from '../support/http-client.ts'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { startKprf, type KprfProcess, type KprfSettings } from '../support/kprf-process.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Running {
  readonly cluster: TestCluster
  readonly kprf: KprfProcess
  /** Pushes one record on a connection of its own, as php-fpm does. */
  readonly pushOnce: (value: string, topic?: string) => Promise<HttpReply>
}

async function startWorkers(settings: KprfSettings = {}): Promise<Running> {
  const cluster = await TestCluster.start({ topics: { t: { partitions: 2 } } })
  closers.push(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, { workers: 2, ...settings })
  closers.push(() => kprf.destroy())
  const client = new HttpClient(kprf.pushPort, { keepAlive: false })
  const pushOnce = (value: string, topic = 't'): Promise<HttpReply> =>
    client.post('/push', JSON.stringify({ records: [{ topic, data: value }] }))
  return { cluster, kprf, pushOnce }
}

/** Pushes that many records side by side and resolves to how many got each status. */
async function pushMany(
  pushOnce: Running['pushOnce'],
  count: number,
  valueBytes = 0,
): Promise<Readonly<Record<number, number>>> {
  const counts: Record<number, number> = {}
  const values = Array.from({ length: count }, (_, index) => `${index}`.padEnd(valueBytes, '.'))
  const pushNext = async (): Promise<void> => {
    for (let value = values.pop(); value !== undefined; value = values.pop()) {
      const { status } = await pushOnce(value)
      counts[status] = (counts[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: 8 }, pushNext))
  return counts
}

/** Keeps records in the queue until kprf is told to drain. */
const LONG_LINGER: KprfSettings = {
  'kafka.queue_buffering_max_ms': 60_000,
  'kafka.message_timeout_ms': 120_000,
}

/** Keeps so many records in the queue, refuses more at once, and gives them up in the end. */
const queueOf = (limit: number): KprfSettings => ({
  ...LONG_LINGER,
  'kafka.queue_buffering_max_messages': limit,
  'kafka.queue_full_wait_ms': 0,
  'shutdown.timeout_ms': 0,
})

/** Two workers whose queue is full, and all that they hold is known to the primary. */
async function startFullWorkers() {
  // So few that each record shows in how full the queue is said to be, in per cent.
  const limit = 95
  const { kprf, pushOnce } = await startWorkers({
    ...queueOf(10_000),
    'kafka.queue_buffering_max_kbytes': limit,
  })
  const pushKib = (count: number): ReturnType<typeof pushMany> => pushMany(pushOnce, count, 1024)
  const { 200: accepted = 0 } = await pushKib(limit + 50)
  const fill = Math.floor((accepted / limit) * 100)
  // What a worker lost that dies is what it had told by then.
  await expect
    .poll(() => kprf.readiness())
    .toContain(`[-]queue failed: the queue is ${fill} % full`)
  return { limit, kprf, pushKib, accepted }
}

describe('several workers', () => {
  it('take pushes on one port, and are seen as one on the other', async () => {
    const { cluster, kprf, pushOnce } = await startWorkers()

    expect(await pushMany(pushOnce, 100)).toEqual({ 200: 100 })
    await expect.poll(async () => (await kprf.metrics()).sum('kafka_sent_messages')).toBe(100)

    const metrics = await kprf.metrics()
    expect(metrics.sum('http_requests_duration_count', { code: '200' })).toBe(100)
    expect(metrics.sum('kprf_workers')).toBe(2)
    expect(valuesOf(cluster, 't')).toHaveLength(100)
    expect(await kprf.readyz()).toBe(200)
    const { exitCode, log } = await kprf.stop()
    expect(exitCode).toBe(0)
    const stopped = log.filter(({ msg }) => msg === 'stopped').map(({ worker }) => worker)
    expect(stopped.toSorted()).toEqual([0, 1, undefined])
  })

  it('have their statistics put together, those of one that was replaced included', async () => {
    const { kprf, pushOnce } = await startWorkers({ 'kafka.statistics_interval_ms': 1_000 })
    const read = async (): Promise<Readonly<Record<string, unknown>>> =>
      JSON.parse((await kprf.stats()).text) as Record<string, unknown>
    const total = 'kafka_producer_total_messages_sent'
    await pushMany(pushOnce, 100)
    await expect.poll(read).toMatchObject({
      ...{ name: 'kprf#producers', txmsgs: 100, msg_cnt: 0 },
      topics: { t: { topic: 't' } },
    })

    kprf.signal('SIGUSR2')
    await kprf.logged('the workers were restarted')
    await pushMany(pushOnce, 50)

    await expect.poll(read).toMatchObject({ txmsgs: 150 })
    const { status, headers } = await kprf.stats()
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json')
    expect((await kprf.metrics()).sum(total)).toBe(150)
  })

  it('share the limit of the queue', async () => {
    const limit = 1600
    const { kprf, pushOnce } = await startWorkers(queueOf(limit))

    const { 200: accepted = 0, ...others } = await pushMany(pushOnce, limit + 200)

    expect(accepted).toBeLessThanOrEqual(limit)
    expect(accepted).toBeGreaterThanOrEqual((limit * 7) / 8)
    expect(others).toEqual({ 503: limit + 200 - accepted })
    await expect.poll(async () => (await kprf.metrics()).sum('kprf_queue_records')).toBe(accepted)
  })

  it('share the limits of rates', async () => {
    const rules = JSON.stringify([{ topic_name: 't', max_requests_per_minute: 30 }])
    const { pushOnce } = await startWorkers({
      'ratelimit.enabled': 'true',
      'ratelimit.rules': rules,
    })

    // The window of a minute is long enough for all of them.
    expect(await pushMany(pushOnce, 80)).toEqual({ 200: 30, 429: 50 })
    expect((await pushOnce('v', 'other')).status).toBe(200)
  })

  it('are replaced when they die, and what they lose is counted', async () => {
    const { kprf, pushKib, accepted } = await startFullWorkers()
    const [victim = 0] = kprf.workerPids

    process.kill(victim, 'SIGKILL')
    const died = await kprf.logged('a worker died')
    await expect.poll(async () => (await kprf.metrics()).sum('kprf_workers')).toBe(2)

    const metrics = await kprf.metrics()
    const lost = metrics.sum('kprf_worker_lost_records_total')
    expect(died).toMatchObject({ level: 'error', pid: victim, how: 'SIGKILL', records_lost: lost })
    expect(lost).toBeGreaterThan(0)
    expect(metrics.sum('kprf_queue_records')).toBe(accepted - lost)
    expect(metrics.sum('kprf_worker_restarts_total', { reason: 'crash' })).toBe(1)
    const { 200: again = 0, ...others } = await pushKib(50)
    expect(again).toBeGreaterThan(0)
    // Only what there was no room for.
    expect(others).toEqual(again < 50 ? { 503: 50 - again } : {})
  })

  it('give the room of one that died to the others', async () => {
    const { limit, kprf, pushKib } = await startFullWorkers()
    const [victim = 0] = kprf.workerPids

    process.kill(victim, 'SIGKILL')
    const { records_lost: lost } = await kprf.logged('a worker died')
    await expect.poll(async () => (await kprf.metrics()).sum('kprf_workers')).toBe(2)
    const { 200: after = 0 } = await pushKib(limit)

    expect(after).toBeGreaterThan(Number(lost) - limit / 8)
    expect(after).toBeLessThanOrEqual(Number(lost) + limit / 8)
  })

  it('drain on SIGTERM, and the exit code says whether all was delivered', async () => {
    const { cluster, kprf, pushOnce } = await startWorkers(LONG_LINGER)
    await pushMany(pushOnce, 60)

    const { exitCode, log } = await kprf.stop()

    expect(exitCode).toBe(0)
    expect(valuesOf(cluster, 't')).toHaveLength(60)
    expect(log.at(-1)).toMatchObject({ msg: 'stopped', records_not_delivered: 0 })
  })

  it('end with 1 and count what is lost when Kafka does not come back', async () => {
    const { cluster, kprf, pushOnce } = await startWorkers({
      ...LONG_LINGER,
      'shutdown.timeout_ms': 300,
    })
    await pushMany(pushOnce, 60)
    await cluster.close()

    const { exitCode, log } = await kprf.stop()

    expect(exitCode).toBe(1)
    expect(log.at(-1)).toMatchObject({
      ...{ msg: 'stopped', records_not_delivered: 60, records_lost_since_start: 60 },
    })
  })

  it('end when the primary process is gone', async () => {
    const { cluster, kprf, pushOnce } = await startWorkers(LONG_LINGER)
    await pushMany(pushOnce, 20)
    const pids = kprf.workerPids

    await kprf.stop('SIGKILL')

    const isAlive = (pid: number): boolean => {
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    }
    await expect.poll(() => pids.filter(isAlive)).toEqual([])
    expect(valuesOf(cluster, 't')).toHaveLength(20)
  })

  it('say why when the port is taken, and end with 78', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    closers.push(() => taken.close())
    const { port } = taken.address() as net.AddressInfo

    await expect(startWorkers({ 'http.port': port })).rejects.toThrow(
      /ended with 78\. Its log:\n[^\n]*"starting kprf"[^\n]*\n\{[^\n]*\"not started\"[^\n]*\nhttp\.port: port \d+ is taken/,
    )
  })
})

describe('SIGUSR2', () => {
  it('replaces the workers one by one without a failed request', async () => {
    const { cluster, kprf, pushOnce } = await startWorkers()
    const before = kprf.workerPids
    const sent: string[] = []
    const statuses = new Map<number, number>()
    let isDone = false
    const keepPushing = async (name: string, push: Running['pushOnce']): Promise<void> => {
      for (let index = 0; !isDone; index += 1) {
        const value = `${name} ${index}`
        const { status } = await push(value)
        sent.push(value)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    }
    const keptAlive = Array.from({ length: 4 }, () => new HttpClient(kprf.pushPort))
    const pushes = [
      ...keptAlive.map((client, index) =>
        keepPushing(`kept ${index}`, (data) =>
          client.post(
            '/push',
            JSON.stringify({ records: [{ topic: 't', data }], wait_for_send: true }),
          ),
        ),
      ),
      ...[0, 1, 2, 3].map((index) => keepPushing(`short ${index}`, pushOnce)),
    ]

    kprf.signal('SIGUSR2')
    await kprf.logged('the workers were restarted')
    isDone = true
    await Promise.all(pushes)
    for (const client of keptAlive) client.close()

    expect([...statuses.keys()]).toEqual([200])
    expect(kprf.workerPids.filter((pid) => before.includes(pid))).toEqual([])
    const { exitCode } = await kprf.stop()
    expect(exitCode).toBe(0)
    expect(valuesOf(cluster, 't').toSorted()).toEqual(sent.toSorted())
  })

  it('keeps the counts of workers that are gone', async () => {
    const { kprf, pushOnce } = await startWorkers()
    await pushMany(pushOnce, 40)

    kprf.signal('SIGUSR2')
    await kprf.logged('the workers were restarted')

    const metrics = await kprf.metrics()
    expect(metrics.sum('kafka_sent_messages')).toBe(40)
    expect(metrics.sum('kprf_worker_restarts_total', { reason: 'request' })).toBe(2)
    expect(metrics.sum('kprf_worker_restarts_total', { reason: 'crash' })).toBe(0)
  })

  it('brings a changed configuration into effect, names what it cannot, and refuses a broken one', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kprf-workers-'))
    closers.push(() => {
      rmSync(directory, { recursive: true })
    })
    const config = join(directory, 'kprf.yaml')
    writeFileSync(config, 'http: {max_records_per_request: 1}')
    const { kprf, pushOnce } = await startWorkers({ config })
    const pushTwo = async (): Promise<number> => {
      const record = { topic: 't', data: 'v' }
      const client = new HttpClient(kprf.pushPort, { keepAlive: false })
      return (await client.post('/push', JSON.stringify({ records: [record, record] }))).status
    }
    expect(await pushTwo()).toBe(413)

    writeFileSync(config, 'http: {max_records_per_request: 2}\noutput_file: /tmp/other.log')
    kprf.signal('SIGUSR2')
    const ignored = await kprf.logged('some changes take effect only when kprf itself is restarted')
    await kprf.logged('the workers were restarted')
    expect(await pushTwo()).toBe(200)
    expect(ignored).toMatchObject({ level: 'warn', keys: ['output_file'] })

    writeFileSync(config, 'http: {max_records_per_request: none}')
    kprf.signal('SIGUSR2')
    const refused = await kprf.logged('some workers were not restarted; the running ones continue')
    expect(JSON.stringify(refused)).toContain('http.max_records_per_request: must be')
    expect((await pushOnce('v')).status).toBe(200)
  })

  it('does nothing but say so where there is one process', async () => {
    const { kprf, pushOnce } = await startWorkers({ workers: 1 })

    kprf.signal('SIGUSR2')
    await kprf.logged('SIGUSR2 restarts workers one by one; with workers: 1, restart kprf itself')

    expect((await pushOnce('v')).status).toBe(200)
  })
})

describe('an Idempotency-Key with several workers', () => {
  it('has its push taken once, whichever workers get it', async () => {
    const { cluster, kprf } = await startWorkers()
    const client = new HttpClient(kprf.pushPort, { keepAlive: false })
    const push = (): Promise<HttpReply> =>
      client.post('/push', JSON.stringify({ records: [{ topic: 't', data: 'v' }] }), {
        'Idempotency-Key': 'k',
      })

    const together = await Promise.all(Array.from({ length: 16 }, push))
    const later = await Promise.all(Array.from({ length: 16 }, push))

    const isFirst = ({ status, headers }: HttpReply): boolean =>
      status === 200 && headers['idempotency-replayed'] === undefined
    expect([...together, ...later].filter(isFirst)).toHaveLength(1)
    expect(new Set(later.map(({ status }) => status))).toEqual(new Set([200]))
    await expect.poll(() => valuesOf(cluster, 't')).toEqual(['v'])
    const metrics = await kprf.metrics()
    expect(metrics.sum('kprf_idempotency_keys')).toBe(1)
    expect(
      metrics.sum('kprf_idempotency_replayed_total') +
        metrics.sum('kprf_idempotency_conflicts_total'),
    ).toBe(31)
  })

  it('whose worker was killed has an unknown outcome', async () => {
    const { kprf } = await startWorkers(LONG_LINGER)
    const client = new HttpClient(kprf.pushPort, { keepAlive: false })
    const push = (): Promise<HttpReply> =>
      client.post(
        '/push',
        JSON.stringify({ records: [{ topic: 't', data: 'v' }], wait_for_send: true }),
        { 'Idempotency-Key': 'k' },
      )
    const first = push().then(
      () => 'answered',
      () => 'cut',
    )
    await expect.poll(async () => (await kprf.metrics()).sum('kprf_queue_records')).toBe(1)
    expect((await push()).status).toBe(409)

    // One after the other: with both gone, the port 0 would be another one.
    for (const pid of kprf.workerPids) {
      process.kill(pid, 'SIGKILL')
      await expect.poll(() => kprf.workerPids.includes(pid)).toBe(false)
      await expect.poll(async () => (await kprf.metrics()).sum('kprf_workers')).toBe(2)
    }
    expect(await first).toBe('cut')

    expect((await push()).status).toBe(504)
    expect((await push()).text).toContain('"error_code":50402')
  })
})
