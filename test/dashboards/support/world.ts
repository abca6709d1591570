/**
 * Two kprf in front of an embedded Kafka, under a load with everything in it that the dashboard shows: clients that make
 * mistakes, are denied, limited or leave; brokers that refuse, throttle and cut connections; a worker that dies; a
 * write-ahead log that loses its folder for a moment.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request as plainRequest } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fault, TestCluster } from '@kprf/embedded-broker/testing'
import { createAuthority } from '../../support/certificates.ts'
import { type KprfProcess, type KprfSettings, startKprf } from '../../support/kprf-process.ts'
import { until } from '../../support/until.ts'

/** Kafka's numbers of errors. */
const NOT_LEADER = 6
const MESSAGE_TOO_LARGE = 10

const TOKEN = 'token-of-the-load'
const ROUNDS_PER_FAULT = 10
const HIDDEN_TIMEOUT_MS = 30_000

/** All of it, running. */
export interface World {
  readonly kprfs: readonly KprfProcess[]
  /** `host:port` of the metrics of each. */
  readonly targets: readonly string[]
  /** Starts the load, and resolves to what ends it. */
  startLoad(): () => Promise<void>
  close(): Promise<void>
}

/** One request of the load. */
interface Sending {
  readonly path?: string
  readonly body: string
  readonly token?: string
  /** Whether the client waits for the reply, or leaves before it has sent all. @defaultValue 'reply' */
  readonly ending?: 'reply' | 'leaves'
}

const push = (topic: string, waits: boolean, count = 5): Sending => ({
  body: JSON.stringify({
    records: Array.from({ length: count }, () => ({ topic, data: 'abcdefghij'.repeat(20) })),
    wait_for_send: waits,
  }),
})

/** What is sent to each kprf in each round. */
const ROUND: readonly Sending[] = [
  push('orders', true),
  push('orders', false),
  push('clicks', true),
  push('limited', true),
  // Kafka refuses its records: one fails, the other becomes a dead letter.
  push('refused', true, 1),
  push('refused', false, 1),
  { body: 'not JSON' },
  { path: '/no-such-path', body: '{}' },
  { ...push('orders', true), token: 'not-a-token' },
  { ...push('orders', true), ending: 'leaves' },
]

/** Starts it, without load. */
export async function startWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-dashboards-'))
  const topics = ['orders', 'clicks', 'limited', 'refused']
  const cluster = await TestCluster.start({
    brokers: 2,
    topics: Object.fromEntries(topics.map((topic) => [topic, { partitions: 2 }])),
  })
  const kprfs: KprfProcess[] = []
  const close = async (): Promise<void> => {
    await Promise.all(kprfs.map((kprf) => kprf.destroy()))
    await cluster.close()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const authority = createAuthority()
    const { cert, key } = authority.issue('kprf')
    writeFileSync(join(folder, 'cert.pem'), cert)
    writeFileSync(join(folder, 'key.pem'), key)
    const tls = {
      'http.tls.cert_file': join(folder, 'cert.pem'),
      'http.tls.key_file': join(folder, 'key.pem'),
    }
    kprfs.push(
      await startKprf(cluster.bootstrap, { ...settings(join(folder, 'log-1')), ...tls }),
      await startKprf(cluster.bootstrap, { ...settings(join(folder, 'log-2')), workers: 2 }),
    )
    return {
      kprfs,
      targets: kprfs.map((kprf) => `127.0.0.1:${metricsPortOf(kprf)}`),
      startLoad: () => startLoad({ cluster, kprfs, authority: authority.cert, folder }),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function settings(logFolder: string): KprfSettings {
  const sha256 = createHash('sha256').update(TOKEN).digest('hex')
  return {
    'wal.enabled': 'true',
    'wal.dir': logFolder,
    'kafka.statistics_interval_ms': 1_000,
    'kafka.properties.compression.codec': 'gzip',
    'ratelimit.enabled': 'true',
    'ratelimit.rules': JSON.stringify([{ topic_name: 'limited', max_requests_per_minute: 60 }]),
    'http.auth.tokens': JSON.stringify([{ principal: 'load', sha256 }]),
  }
}

function metricsPortOf(kprf: KprfProcess): number {
  return Number(kprf.log.find(({ msg }) => msg === 'accepting pushes')?.['metrics_port'])
}

interface Load {
  readonly cluster: TestCluster
  readonly kprfs: readonly KprfProcess[]
  readonly authority: string
  readonly folder: string
}

function startLoad({ cluster, kprfs, authority, folder }: Load): () => Promise<void> {
  const agents = [new TlsAgent({ ca: authority, keepAlive: true }), new Agent({ keepAlive: true })]
  cluster.control('Produce', fault.error(MESSAGE_TOO_LARGE, { topic: 'refused' }), {
    ...{ keep: true, topic: 'refused' },
  })
  let isStopped = false
  const run = async (): Promise<void> => {
    for (let round = 0; !isStopped; round += 1) {
      if (round % ROUNDS_PER_FAULT === 0) addFaults(cluster)
      await Promise.all(
        kprfs.flatMap((kprf, index) =>
          ROUND.map((sending) => send(kprf.pushPort, agents[index], sending)),
        ),
      )
    }
  }
  const running = run()
  const [first, second] = kprfs
  const hidden = hideTheLog(first, join(folder, 'log-1'))
  killAWorker(second)
  return async () => {
    await hidden
    isStopped = true
    await running
    cluster.clearControls()
    for (const agent of agents) agent.destroy()
  }
}

function addFaults(cluster: TestCluster): void {
  cluster.control('Produce', fault.error(NOT_LEADER, { topic: 'orders' }), { topic: 'orders' })
  cluster.control('Produce', fault.cutAfter(), { topic: 'clicks' })
  cluster.control('Produce', fault.throttle(10), { topic: 'clicks' })
}

function killAWorker(kprf: KprfProcess | undefined): void {
  const [worker] = kprf?.workerPids ?? []
  if (worker === undefined) throw new Error('there is no worker to kill')
  process.kill(worker, 'SIGKILL')
}

/** Until a write has failed. */
async function hideTheLog(kprf: KprfProcess | undefined, folder: string): Promise<void> {
  renameSync(folder, `${folder}.hidden`)
  try {
    await until('a write of the log that fails', HIDDEN_TIMEOUT_MS, async () => {
      const metrics = await kprf?.metrics()
      return metrics?.sum('kprf_wal_errors_total') === 0 ? undefined : true
    })
  } finally {
    renameSync(`${folder}.hidden`, folder)
  }
}

/** Sends a request and waits for its end, whatever that is: the metrics say it. */
async function send(port: number, agent: Agent | undefined, sending: Sending): Promise<void> {
  const { path = '/push', body, token = TOKEN, ending = 'reply' } = sending
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    Authorization: `Bearer ${token}`,
  }
  const options = { host: '127.0.0.1', port, method: 'POST', path, headers }
  const request =
    agent instanceof TlsAgent
      ? tlsRequest({ ...options, agent })
      : plainRequest({ ...options, ...(agent !== undefined && { agent }) })
  const ended = new Promise<void>((resolve) => {
    request
      .on('response', (response) => response.resume().on('close', resolve))
      // Connections break when the worker dies.
      .on('error', () => {
        resolve()
      })
  })
  if (ending === 'leaves') request.write(body.slice(1), () => request.destroy(new Error('left')))
  else request.end(body)
  await ended
}
