import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { TestCluster, type TestClusterOptions, fault } from '@kprf/embedded-broker/testing'
import { Service } from '../../src/service/service.ts'
import { load } from '../config/sources.ts'
import { createAuthority } from '../support/certificates.ts'
import { valuesOf } from '../support/kafkajs-harness.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'kprf-'))
  closers.push(() => {
    rmSync(directory, { recursive: true })
  })
  return directory
}

async function startCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const cluster = await TestCluster.start({ topics: { t: { partitions: 1 } }, ...options })
  closers.push(() => cluster.close())
  return cluster
}

/** A service of this process, with its log in a file. */
class Running {
  readonly service: Service
  readonly logFile: string
  isStopped = false
  #url = ''
  #operationsUrl = ''

  constructor(cluster: TestCluster, flags: readonly string[]) {
    this.logFile = join(makeDirectory(), 'kprf.log')
    const config = load({
      argv: [
        `--kafka.brokers=${cluster.bootstrap}`,
        `--output_file=${this.logFile}`,
        '--http.host=127.0.0.1',
        '--http.port=0',
        '--http.metrics_port=0',
        ...flags,
      ],
    })
    const build = { version: 'test', commitHash: 'test' }
    this.service = new Service({ config, clock: systemClock, random: Math.random, build })
  }

  static async start(cluster: TestCluster, ...flags: readonly string[]): Promise<Running> {
    const running = new Running(cluster, flags)
    const { httpPort, metricsPort } = await running.service.start()
    running.#url = `http://127.0.0.1:${httpPort}`
    running.#operationsUrl = `http://127.0.0.1:${metricsPort}`
    closers.push(() => (running.isStopped ? undefined : running.stop()))
    return running
  }

  async push(data: string, isSync = true): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${this.#url}/push`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ records: [{ topic: 't', data }], wait_for_send: isSync }),
    })
    return { status: response.status, body: await response.json() }
  }

  async operations(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.#operationsUrl}${path}`)
    return { status: response.status, text: await response.text() }
  }

  stop(): Promise<number> {
    this.isStopped = true
    return this.service.stop('test')
  }

  get log(): string {
    return readFileSync(this.logFile, 'utf8')
  }
}

describe('GET /stats', () => {
  const names = (value: unknown): string[] =>
    typeof value === 'object' && value !== null ? Object.keys(value).toSorted() : []

  it('has the names of librdkafka at every level', async () => {
    const cluster = await startCluster()
    const running = await Running.start(
      cluster,
      '--kafka.statistics_interval_ms=1000',
      '--kafka.enable_idempotence=true',
    )
    await running.push('a')
    await expect.poll(async () => (await running.operations('/stats')).text).toContain('"txmsgs":1')

    const statistics: unknown = JSON.parse((await running.operations('/stats')).text)

    const broker = `${cluster.bootstrap}/1`
    const at = (...path: string[]): unknown =>
      path.reduce<unknown>(
        (value, key) => (typeof value === 'object' ? Reflect.get(value ?? {}, key) : undefined),
        statistics,
      )
    expect(names(statistics)).toEqual(TOP_LEVEL)
    expect(names(at('brokers', broker))).toEqual(BROKER)
    for (const window of ['int_latency', 'outbuf_latency', 'rtt', 'throttle']) {
      expect(names(at('brokers', broker, window))).toEqual(WINDOW)
    }
    expect(at('brokers', broker, 'toppars')).toEqual({ 't-0': { topic: 't', partition: 0 } })
    expect(names(at('topics', 't'))).toEqual(TOPIC)
    expect(names(at('topics', 't', 'batchsize'))).toEqual(WINDOW)
    expect(names(at('topics', 't', 'batchcnt'))).toEqual(WINDOW)
    expect(names(at('topics', 't', 'partitions', '0'))).toEqual(PARTITION)
    expect(names(at('eos'))).toEqual(EOS)
  })

  it('is not there while no statistics are collected', async () => {
    const running = await Running.start(await startCluster())

    expect(await running.operations('/stats')).toMatchObject({ status: 404 })
    expect((await running.operations('/metrics')).text).not.toContain('kafka_producer_')
  })
})

/** Names of librdkafka's fields, in the order of the alphabet. */
const words = (text: string): string[] => text.trim().split(/\s+/).toSorted()

const TOP_LEVEL = words(`
  age brokers client_id eos metadata_cache_cnt msg_cnt msg_max msg_size msg_size_max name replyq rx rx_bytes
  time topics ts tx tx_bytes txmsg_bytes txmsgs type
`)
const BROKER = words(`
  connects disconnects int_latency name nodeid nodename outbuf_cnt outbuf_latency outbuf_msg_cnt req
  req_timeouts rtt rx rxbytes rxcorriderrs rxerrs rxidle source state stateage throttle toppars tx txbytes
  txerrs txidle txretries waitresp_cnt waitresp_msg_cnt
`)
const WINDOW = words('avg cnt max min p50 p75 p90 p95 p99 p99_99 stddev sum')
const TOPIC = words('age batchcnt batchsize metadata_age partitions topic')
const PARTITION = words(`
  leader msgq_bytes msgq_cnt msgs msgs_inflight partition txbytes txmsgs xmit_msgq_bytes xmit_msgq_cnt
`)
const EOS = words('epoch_cnt idemp_state idemp_stateage producer_epoch producer_id')

describe('the log', () => {
  it('moves on to a new file when it is reopened after the old one was renamed', async () => {
    const running = await Running.start(await startCluster())
    const { logFile } = running
    renameSync(logFile, `${logFile}.1`)

    running.service.reopenLog()
    await running.stop()

    expect(readFileSync(`${logFile}.1`, 'utf8')).toContain('accepting pushes')
    expect(running.log).toContain('stopped')
  })
})

describe('the last line of the log', () => {
  it('says that it stopped, and nothing is logged behind it', async () => {
    const running = await Running.start(await startCluster())
    const { logger } = running.service
    for (let n = 0; n < 20; n += 1) logger.limited('info', 'key', 'repeated')

    await running.stop()
    logger.error('late')

    const lines = running.log.trim().split('\n')
    expect(lines.at(-2)).toContain('"suppressed":10')
    expect(lines.at(-1)).toContain('"msg":"stopped"')
  })

  it('says why it did not start, where it did not', async () => {
    const cluster = await startCluster()
    const { port } = new URL(`http://${cluster.bootstrap}`)
    const running = new Running(cluster, [`--http.port=${port}`])

    await expect(running.service.start()).rejects.toThrow('is taken on 127.0.0.1')
    running.service.logger.error('late')

    const lines = running.log.trim().split('\n')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(
      /"msg":"not started","service":"kprf","reason":"http\.port: port \d+ is taken/,
    )
  })
})

describe('metrics and log', () => {
  it('show retries, failures, refusals and what is queued', async () => {
    const cluster = await startCluster({ autoCreateTopics: false })
    const running = await Running.start(
      cluster,
      '--kafka.queue_buffering_max_messages=2',
      '--kafka.queue_full_wait_ms=0',
    )
    await running.push('a')
    cluster.control('Produce', fault.error(19))
    await running.push('b')
    cluster.control('Produce', fault.error(29))
    await running.push('c')
    const latch = Promise.withResolvers<undefined>()
    cluster.control('Produce', fault.delay(latch.promise))
    const received = cluster.nextRequest('Produce')
    const waiting = running.push('d')
    await received
    await running.push('e', false)
    const refused = await running.push('f', false)

    const { text } = await running.operations('/metrics')
    const ready = await running.operations('/readyz')
    latch.resolve(undefined)
    await waiting

    expect(refused).toMatchObject({ status: 503, body: { errors: [{ error_code: -184 }] } })
    expect(text).toContain('kafka_internal_queue_size{topic="t"} 2')
    expect(text).toContain('kafka_sent_messages{topic="t"} 2')
    expect(text).toContain('kafka_errors_count{topic="t",error_code="29"} 1')
    expect(text).toContain('kafka_errors_count{topic="t",error_code="-184"} 1')
    expect(ready).toMatchObject({ status: 503 })
    expect(ready.text).toContain('[-]queue failed: the queue is 100 % full')
    expect(running.log).toContain('"msg":"batch will be sent again"')
    expect(running.log).toContain('"msg":"records not delivered"')
    expect(await running.stop()).toBe(0)
  })

  it('show what memory records hold, and refuse them and traffic when it is all that they may', async () => {
    const cluster = await startCluster()
    const running = await Running.start(
      cluster,
      ...['--kafka.queue_memory_max_kbytes=1', '--kafka.queue_full_wait_ms=0'],
      ...['--kafka.message_timeout_ms=60000', '--shutdown.timeout_ms=0'],
    )
    await running.push('a')
    cluster.control('Produce', fault.hang(), { keep: true })
    const value = 'v'.repeat(1_000_000)
    let refused = await running.push(value, false)
    for (let n = 0; n < 12 && refused.status === 200; n += 1) {
      refused = await running.push(value, false)
    }

    const { text } = await running.operations('/metrics')
    const ready = await running.operations('/readyz')

    expect(refused).toMatchObject({ status: 503, body: { errors: [{ error_code: -184 }] } })
    const held = Number(/^kprf_queue_memory_bytes (\d+)$/m.exec(text)?.[1])
    expect(held).toBeGreaterThan(8_000_000)
    expect(text).toContain('kprf_queue_memory_limit_bytes 9437184')
    expect(ready).toMatchObject({ status: 503 })
    expect(ready.text).toMatch(
      /\[-\]memory failed: records hold 9\d % of the memory allowed for them/,
    )
    await running.stop()
  })

  it('count as lost what was accepted and not delivered while stopping', async () => {
    const cluster = await startCluster()
    const running = await Running.start(
      cluster,
      '--shutdown.timeout_ms=50',
      '--shutdown.drain_delay_ms=1',
    )
    await running.push('warm')
    cluster.control('Produce', fault.hang())
    await running.push('a', false)

    expect(await running.stop()).toBe(1)
    expect(running.log).toContain('"records_not_delivered":1')
  })
})

describe('security towards Kafka', () => {
  const users = { kprf: 'canary-password' }
  const credentials = ['--kafka.user=kprf', '--kafka.password=canary-password']

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])('works with SASL %s', async (mechanism) => {
    const cluster = await startCluster({ sasl: { users } })
    const running = await Running.start(
      cluster,
      ...credentials,
      `--kafka.sasl_mechanism=${mechanism}`,
    )

    expect((await running.push('a')).status).toBe(200)
    expect(valuesOf(cluster, 't')).toEqual(['a'])
    expect(running.log).not.toContain('canary-password')
  })

  it('with a wrong password stays up, is not ready, answers 503, and tells nobody the password', async () => {
    const cluster = await startCluster({ sasl: { users: { kprf: 'another' } } })
    const running = await Running.start(
      cluster,
      ...credentials,
      '--kafka.message_timeout_ms=300',
      '--log_level=debug',
    )

    const reply = await running.push('a')

    expect(reply).toMatchObject({ status: 503, body: { error_code: 50303 } })
    expect(await running.operations('/readyz')).toMatchObject({ status: 503 })
    expect((await running.operations('/livez')).status).toBe(200)
    running.service.logger.warn('a broker says canary-password', { reason: 'canary-password' })
    await running.stop()
    expect(running.log).toContain('Kafka is not reachable')
    expect(running.log).toContain('a broker says ********')
    expect(running.log).not.toContain('canary-password')
  })

  it('works with TLS, with a certificate of its own, and only for an authority that is trusted', async () => {
    const authority = createAuthority()
    const directory = makeDirectory()
    const client = authority.issue('kprf')
    const paths = Object.fromEntries(
      Object.entries({ ca: authority.cert, cert: client.cert, key: client.key }).map(
        ([name, pem]) => {
          const path = join(directory, `${name}.pem`)
          writeFileSync(path, pem)
          return [name, path]
        },
      ),
    )
    const tls = {
      ...authority.issue('localhost'),
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: true,
    }
    const cluster = await startCluster({ tls })
    const files = [
      `--kafka.ssl.ca_file=${paths['ca']}`,
      `--kafka.ssl.cert_file=${paths['cert']}`,
      `--kafka.ssl.key_file=${paths['key']}`,
    ]
    const trusting = await Running.start(cluster, '--kafka.security_protocol=ssl', ...files)
    const suspicious = await Running.start(
      cluster,
      '--kafka.security_protocol=ssl',
      '--kafka.message_timeout_ms=300',
    )

    expect((await trusting.push('a')).status).toBe(200)
    expect(await suspicious.push('b')).toMatchObject({ status: 503, body: { error_code: 50301 } })
    expect(valuesOf(cluster, 't')).toEqual(['a'])
  })
})
