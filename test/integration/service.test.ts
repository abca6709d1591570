import net from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { TestCluster, fault } from '@kprf/embedded-broker/testing'
import { startKprf, type KprfProcess, type KprfSettings } from '../support/kprf-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { valuesOf } from '../support/kafkajs-harness.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function startCluster(): Promise<TestCluster> {
  const cluster = await TestCluster.start({ topics: { t: { partitions: 2 } } })
  closers.push(() => cluster.close())
  return cluster
}

async function start(bootstrap: string, settings: KprfSettings = {}): Promise<KprfProcess> {
  const kprf = await startKprf(bootstrap, settings)
  closers.push(() => kprf.destroy())
  return kprf
}

/** A port on which nobody listens. */
async function unusedPort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const asyncPush = (...values: string[]) => ({
  records: values.map((data) => ({ topic: 't', data })),
})
const syncPush = (...values: string[]) => ({ ...asyncPush(...values), wait_for_send: true })

describe('kprf', () => {
  it('answers ok, and the records are in Kafka', async () => {
    const cluster = await startCluster()
    const kprf = await start(cluster.bootstrap)

    const reply = await kprf.push({ ...syncPush('a', 'b'), return_offsets: true })

    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({ status: 'ok', errors: [] })
    expect(reply.body.offsets?.map((offset) => offset?.offset)).toEqual(['0', '1'])
    expect(valuesOf(cluster, 't')).toEqual(['a', 'b'])
  })

  it('starts without Kafka, answers 503 in time, and connects when Kafka comes up', async () => {
    const port = await unusedPort()
    const kprf = await start(`127.0.0.1:${port}`, { 'kafka.message_timeout_ms': 300 })

    const reply = await kprf.push(syncPush('a'))
    expect([await kprf.readyz(), await kprf.livez()]).toEqual([503, 200])
    const cluster = await TestCluster.start({ port, topics: { t: { partitions: 1 } } })
    closers.push(() => cluster.close())
    await kprf.logged('Kafka is reachable')

    expect(reply.status).toBe(503)
    expect(reply.body).toMatchObject({
      status: 'error',
      errors: [
        {
          error: 'Message production error: MessageTimedOut (Local: Message timed out)',
          error_code: -192,
        },
      ],
      error_code: 50301,
    })
    expect((await kprf.push(syncPush('b'))).status).toBe(200)
    expect(await kprf.readyz()).toBe(200)
    expect(valuesOf(cluster, 't')).toEqual(['b'])
  })

  it('answers 504 when a record was sent and nobody knows what became of it', async () => {
    const cluster = await startCluster()
    const kprf = await start(cluster.bootstrap, { 'kafka.message_timeout_ms': 300 })
    cluster.control('Produce', fault.hangAfterHandling())

    const reply = await kprf.push(syncPush('a'))

    expect(reply.status).toBe(504)
    expect(reply.body).toMatchObject({ errors: [{ error_code: -192 }], error_code: 50401 })
    expect(valuesOf(cluster, 't')).toEqual(['a'])
  })

  it('says in log and metrics which asynchronous records were not delivered', async () => {
    const cluster = await startCluster()
    const kprf = await start(cluster.bootstrap)
    await kprf.push(syncPush('warm'))
    cluster.control('Produce', fault.error(29), { keep: true })

    const reply = await kprf.push(asyncPush('a', 'b'))
    const line = await kprf.logged('records not delivered')

    expect(reply.status).toBe(200)
    expect(line).toMatchObject({
      level: 'error',
      topic: 't',
      records: 2,
      outcome: 'not_persisted',
      error_code: 29,
    })
    const metrics = await kprf.metrics()
    expect(metrics.sum('kafka_errors_count', { topic: 't', error_code: '29' })).toBe(2)
    expect(metrics.sum('kafka_sent_messages', { topic: 't' })).toBe(1)
    expect(metrics.sum('kafka_message_send_duration_count', { topic: 't' })).toBe(3)
    expect(metrics.sum('kafka_internal_queue_size')).toBe(0)
    expect(metrics.sum('http_requests_duration_count', { method: 'push/async', code: '200' })).toBe(
      1,
    )
  })
})

describe('SIGTERM', () => {
  it('sends what is queued without waiting for linger, and ends with 0', async () => {
    const cluster = await startCluster()
    const kprf = await start(cluster.bootstrap, {
      'kafka.queue_buffering_max_ms': 60_000,
      'kafka.message_timeout_ms': 120_000,
    })
    await kprf.push(asyncPush('a', 'b', 'c'))

    const { exitCode, log } = await kprf.stop()

    expect(exitCode).toBe(0)
    expect(valuesOf(cluster, 't').toSorted()).toEqual(['a', 'b', 'c'])
    expect(log.at(-1)).toMatchObject({ msg: 'stopped', records_not_delivered: 0 })
  })

  it('finishes the pushes that wait, and refuses new ones with 503', async () => {
    const cluster = await startCluster()
    const kprf = await start(cluster.bootstrap)
    await kprf.push(syncPush('warm'))
    const latch = Promise.withResolvers<undefined>()
    cluster.control('Produce', fault.delay(latch.promise))
    const received = cluster.nextRequest('Produce')
    const waiting = kprf.push(syncPush('a'))
    await received

    const stopped = kprf.stop()
    await kprf.logged('draining')
    const refused = await kprf.push(syncPush('b'))
    const probes = [await kprf.readyz(), await kprf.livez()]
    latch.resolve(undefined)

    expect((await waiting).status).toBe(200)
    expect(refused.status).toBe(503)
    expect(refused.body).toMatchObject({ error_code: 50304 })
    expect(probes).toEqual([503, 200])
    expect((await stopped).exitCode).toBe(0)
    expect(valuesOf(cluster, 't').toSorted()).toEqual(['a', 'warm'])
  })

  it('gives up at shutdown.timeout_ms, says how many records are lost, and ends with 1', async () => {
    const port = await unusedPort()
    const kprf = await start(`127.0.0.1:${port}`, {
      'shutdown.timeout_ms': 200,
      'kafka.message_timeout_ms': 60_000,
    })
    await kprf.push(asyncPush('a', 'b'))

    const { exitCode, log } = await kprf.stop()

    expect(exitCode).toBe(1)
    expect(log.at(-1)).toMatchObject({
      ...{ level: 'error', msg: 'stopped' },
      ...{ records_not_delivered: 2, records_lost_since_start: 2 },
    })
  })

  it('says how many accepted records were lost before, which is no reason to end with 1', async () => {
    const port = await unusedPort()
    const kprf = await start(`127.0.0.1:${port}`, { 'kafka.message_timeout_ms': 100 })
    await kprf.push(asyncPush('a', 'b', 'c'))
    await kprf.logged('records not delivered')

    const { exitCode, log } = await kprf.stop()

    expect(exitCode).toBe(0)
    expect(log.at(-1)).toMatchObject({
      ...{ level: 'warn', msg: 'stopped' },
      ...{ records_not_delivered: 0, records_lost_since_start: 3 },
    })
  })

  it('a second time gives up at once', async () => {
    const port = await unusedPort()
    const kprf = await start(`127.0.0.1:${port}`, {
      'kafka.message_timeout_ms': 600_000,
      'shutdown.timeout_ms': 500_000,
    })
    await kprf.push(asyncPush('a'))

    const first = kprf.stop()
    await kprf.logged('draining')
    await kprf.stop()

    expect((await first).exitCode).toBe(1)
  })

  it('keeps taking pushes for shutdown.drain_delay_ms while /readyz fails', async () => {
    const cluster = await startCluster()
    const kprf = await start(cluster.bootstrap, { 'shutdown.drain_delay_ms': 2_000 })
    await kprf.push(syncPush('warm'))

    const stopped = kprf.stop()
    await kprf.logged('draining')
    const reply = await kprf.push(syncPush('a'))
    const readyz = await kprf.readyz()
    const second = kprf.stop()

    expect(reply.status).toBe(200)
    expect(readyz).toBe(503)
    await second
    expect((await stopped).exitCode).toBe(0)
  })
})

describe('SIGTERM with a drain delay', () => {
  it('then closes idle connections and takes no new ones, while it still delivers', async () => {
    const cluster = await startCluster()
    const kprf = await start(cluster.bootstrap, {
      'shutdown.drain_delay_ms': 300,
      'kafka.message_timeout_ms': 60_000,
    })
    await kprf.push(syncPush('warm'))
    const idle = await new RawClient(kprf.pushPort).connected()
    idle.write('GET /none HTTP/1.1\r\nHost: kprf\r\n\r\n')
    expect((await idle.response()).headers.get('connection')).toBe('keep-alive')
    const latch = Promise.withResolvers<undefined>()
    cluster.control('Produce', fault.delay(latch.promise))
    const received = cluster.nextRequest('Produce')
    const waiting = kprf.push(syncPush('a'))
    await received

    const stopped = kprf.stop()
    await until('the idle connection to be closed', 15_000, () => idle.isOver || undefined)
    const late = new RawClient(kprf.pushPort)
    await late.closed()
    latch.resolve(undefined)

    expect(late.errorCode).toBe('ECONNREFUSED')
    expect((await waiting).status).toBe(200)
    expect((await stopped).exitCode).toBe(0)
    expect(valuesOf(cluster, 't').toSorted()).toEqual(['a', 'warm'])
  })
})

describe('SIGHUP', () => {
  it('does not end the process, as it would if it were not for reopening the log', async () => {
    const cluster = await startCluster()
    const kprf = await start(cluster.bootstrap)

    kprf.signal('SIGHUP')
    const reply = await kprf.push(syncPush('a'))
    const { exitCode } = await kprf.stop()

    expect(reply.status).toBe(200)
    expect(exitCode).toBe(0)
  })
})

describe('a wrong start', () => {
  it('with a wrong configuration prints one line each and ends with 78', async () => {
    const kprf = startKprf('127.0.0.1:9092', { 'kafka.retries': 'many', 'htp.port': 1 })

    await expect(kprf).rejects.toThrow(/ended with 78[^]*kafka\.retries: must be a whole number/)
  })

  it('without a broker says what to set', async () => {
    await expect(startKprf('')).rejects.toThrow(/kafka\.brokers is empty/)
  })

  it('on a port that is taken says so, and leaves nothing running', async () => {
    const cluster = await startCluster()
    const server = net.createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    const { port } = server.address() as net.AddressInfo

    const kprf = startKprf(cluster.bootstrap, { 'http.port': port })

    await expect(kprf).rejects.toThrow(/ended with 78[^]*http\.port: port \d+ is taken/)
  })
})
