import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, type Clock } from '../../../src/base/clock.ts'
import type { TestCluster } from '@kprf/embedded-broker/testing'
import { Service } from '../../../src/service/service.ts'
import { load } from '../../config/sources.ts'
import { HttpClient } from '../../support/http-client.ts'
import type { KprfSettings, LogLine } from '../../support/kprf-process.ts'
import type { Push, PushedRecord, PushReply, PushReplyBody } from '../../support/push.ts'
import { until } from '../../support/until.ts'
import type { Evidence } from './evidence.ts'
import { balanceOf, figuresOf, signsOf, type Balance, type Figures } from './figures.ts'
import { Ledger } from './ledger.ts'

/** A reply and the header that says when to come back. */
export interface AnsweredPush extends PushReply {
  readonly retryAfter: string | undefined
}

/** What a {@link Proxy} is started with. */
export interface ProxyOptions {
  readonly cluster: TestCluster
  /** Flags, and variables by their names. */
  readonly settings: KprfSettings
  readonly evidence: Evidence
  readonly clock?: Clock
}

const PATIENCE_MS = 15_000

/**
 * A whole kprf in this process on an embedded cluster, used over HTTP and checked by its replies, metrics and log.
 */
export class Proxy {
  readonly #cluster: TestCluster
  readonly #evidence: Evidence
  readonly #ledger = new Ledger()
  readonly #directory = mkdtempSync(join(tmpdir(), 'kprf-'))
  readonly #service: Service
  #pushes = new HttpClient(0)
  #operations = new HttpClient(0)

  private constructor({ cluster, settings, evidence, clock = systemClock }: ProxyOptions) {
    this.#cluster = cluster
    this.#evidence = evidence
    const flags = {
      'kafka.brokers': cluster.bootstrap,
      'kafka.queue_buffering_max_ms': 1,
      output_file: this.#logFile,
      'http.host': '127.0.0.1',
      'http.port': 0,
      'http.metrics_port': 0,
      'shutdown.timeout_ms': 0,
      ...settings,
    }
    const given = Object.entries(flags).map(([key, value]) => [key, String(value)] as const)
    const variables = given.filter(([key]) => key.startsWith('KPRF_'))
    const files = variables.filter(([key]) => key.endsWith('_FILE')).map(([, path]) => path)
    this.#service = new Service({
      config: load({
        argv: given
          .filter((one) => !variables.includes(one))
          .map(([key, value]) => `--${key}=${value}`),
        env: Object.fromEntries(variables),
        files: Object.fromEntries(files.map((path) => [path, readFileSync(path, 'utf8')])),
      }),
      clock,
      random: Math.random,
      build: { version: 'test', commitHash: 'test' },
    })
  }

  /** Starts on free ports. */
  static async start(options: ProxyOptions): Promise<Proxy> {
    const proxy = new Proxy(options)
    const { httpPort, metricsPort } = await proxy.#service.start()
    proxy.#pushes = new HttpClient(httpPort)
    proxy.#operations = new HttpClient(metricsPort)
    return proxy
  }

  /** Pushes and waits for delivery. */
  push(...records: readonly PushedRecord[]): Promise<AnsweredPush> {
    return this.#push({ records, wait_for_send: true, return_offsets: true })
  }

  /** Pushes and waits for admission only. */
  pushAsync(...records: readonly PushedRecord[]): Promise<AnsweredPush> {
    return this.#push({ records })
  }

  /** Statuses of `/livez` and `/readyz`. */
  async health(): Promise<{ readonly livez: number; readonly readyz: number }> {
    const [livez, readyz] = await Promise.all(
      ['/livez', '/readyz'].map((path) => this.#operations.get(path)),
    )
    return { livez: livez?.status ?? 0, readyz: readyz?.status ?? 0 }
  }

  /** The metrics that show faults. */
  async figures(): Promise<Figures> {
    const figures = figuresOf(await this.#scrape())
    this.#evidence.figures(figures)
    return figures
  }

  /** Those of our own metrics that show the fault, without those that are 0. */
  async signs(...names: readonly string[]): Promise<Record<string, number>> {
    const signs = signsOf(await this.#scrape(), names)
    this.#evidence.signs(signs)
    return signs
  }

  /** Where all pushed records are by now. */
  async balance(): Promise<Balance> {
    const balance = balanceOf(await this.#scrape(), this.#ledger, this.#cluster)
    this.#evidence.balance(balance)
    return balance
  }

  /** Resolves once that many records are queued. */
  async queued(count: number): Promise<void> {
    await until(`${count} records to be queued`, PATIENCE_MS, async () => {
      const { kafka_internal_queue_size: size } = figuresOf(await this.#scrape())
      return size === count ? true : undefined
    })
  }

  /** Resolves with the first line that has these fields, once it is logged. */
  async logged(fields: Readonly<Record<string, unknown>>): Promise<LogLine> {
    const line = await until(`${JSON.stringify(fields)} to be logged`, PATIENCE_MS, () =>
      this.#lines().find((one) =>
        Object.entries(fields).every(([name, value]) => one[name] === value),
      ),
    ).catch((error: unknown) => {
      throw new Error(`the log is\n${this.log}`, { cause: error })
    })
    this.#evidence.logged(fields)
    return line
  }

  /** The whole log so far. */
  get log(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  /** Stops, giving up what is queued. */
  async stop(): Promise<void> {
    await this.#service.stop('test')
    this.#pushes.close()
    this.#operations.close()
    rmSync(this.#directory, { recursive: true })
  }

  async #push(push: Push): Promise<AnsweredPush> {
    this.#ledger.sent(push)
    const { status, text, headers } = await this.#pushes.post('/push', JSON.stringify(push))
    const reply = { status, body: JSON.parse(text) as PushReplyBody }
    this.#ledger.answered(push, reply)
    this.#evidence.answered(push, reply)
    return { ...reply, retryAfter: headers['retry-after'] }
  }

  async #scrape(): Promise<string> {
    return (await this.#operations.get('/metrics')).text
  }

  #lines(): LogLine[] {
    const lines = this.log.split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as LogLine)
  }

  get #logFile(): string {
    return join(this.#directory, 'kprf.log')
  }
}
