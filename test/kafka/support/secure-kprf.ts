import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../support/until.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { Service } from '../../../src/service/service.ts'
import { load } from '../../config/sources.ts'
import type { LogLine } from '../../support/kprf-process.ts'
import type { PushReplyBody } from '../../support/push.ts'

/** Properties of librdkafka; `token` is `kafka.sasl_oauthbearer_token`. */
export type Properties = Readonly<Record<string, string>>

/** How kprf gets into Kafka. */
export interface Security {
  /** Plain text where left out. */
  readonly tls?: Properties | undefined
  /** No credentials where left out. */
  readonly sasl?: Properties | undefined
}

/** Long for an answer, and short for a test that waits for the lack of one. */
const MESSAGE_TIMEOUT_MS = 1_500
const patienceMs = 30_000

/** kprf inside the test's process, configured with librdkafka's properties. */
export class SecureKprf {
  readonly #service: Service
  readonly #directory: string
  readonly #pushUrl: string
  readonly #operationsUrl: string

  constructor(parts: {
    readonly service: Service
    readonly directory: string
    readonly httpPort: number
    readonly metricsPort: number
  }) {
    this.#service = parts.service
    this.#directory = parts.directory
    this.#pushUrl = `http://127.0.0.1:${parts.httpPort}`
    this.#operationsUrl = `http://127.0.0.1:${parts.metricsPort}`
  }

  static async start(bootstrap: string, { tls, sasl }: Security): Promise<SecureKprf> {
    const directory = await mkdtemp(join(tmpdir(), 'kprf-'))
    const flags = {
      'kafka.brokers': bootstrap,
      'kafka.message_timeout_ms': MESSAGE_TIMEOUT_MS,
      output_file: join(directory, 'kprf.log'),
      log_level: 'debug',
      'http.host': '127.0.0.1',
      'http.port': 0,
      'http.metrics_port': 0,
      'shutdown.timeout_ms': 100,
      'shutdown.drain_delay_ms': 0,
      'kafka.security_protocol': `${sasl ? 'sasl_' : ''}${tls ? 'ssl' : 'plaintext'}`,
      ...asFlags({ ...tls, ...sasl }),
    }
    const config = load({ argv: Object.entries(flags).map(([key, value]) => `--${key}=${value}`) })
    const service = new Service({
      config,
      clock: systemClock,
      random: Math.random,
      build: { version: 'test', commitHash: 'test' },
    })
    const { httpPort, metricsPort } = await service.start()
    return new SecureKprf({ service, directory, httpPort, metricsPort })
  }

  /** Pushes one record and resolves when Kafka has it, or does not. */
  async push(topic: string, data: string): Promise<{ status: number; body: PushReplyBody }> {
    const response = await fetch(`${this.#pushUrl}/push`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ records: [{ topic, data }], wait_for_send: true }),
    })
    return { status: response.status, body: (await response.json()) as PushReplyBody }
  }

  /** Pushes until Kafka takes it. */
  async pushUntilTaken(topic: string, data: string): Promise<void> {
    await until(`a push to ${topic} to be answered 200`, patienceMs, async () =>
      (await this.push(topic, data)).status === 200 ? true : undefined,
    )
  }

  /** Resolves to what `/readyz?verbose` says, and to its status. */
  async readyz(): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.#operationsUrl}/readyz?verbose`)
    return { status: response.status, text: await response.text() }
  }

  /** Resolves to the status of `/livez`. */
  async livez(): Promise<number> {
    return (await fetch(`${this.#operationsUrl}/livez`)).status
  }

  /** Resolves to the log so far, as it is. */
  async logText(): Promise<string> {
    return await readFile(join(this.#directory, 'kprf.log'), 'utf8')
  }

  /** Resolves to the lines with this message that are above level debug. */
  async lines(msg: string): Promise<readonly LogLine[]> {
    const lines = (await this.logText()).split('\n').filter((line) => line !== '')
    return lines
      .map((line) => JSON.parse(line) as LogLine)
      .filter((line) => line.msg === msg && line.level !== 'debug')
  }

  /** Resolves to the first line with this message, once there is one. */
  async logged(msg: string): Promise<LogLine> {
    return await until(
      `the log to say "${msg}"`,
      patienceMs,
      async () => (await this.lines(msg))[0],
    )
  }

  async stop(): Promise<void> {
    await this.#service.stop('test')
    await rm(this.#directory, { recursive: true })
  }
}

function asFlags({ token, ...properties }: Properties): Properties {
  const flags = Object.entries(properties).map(([name, value]) => [
    `kafka.properties.${name}`,
    value,
  ])
  if (token !== undefined) flags.push(['kafka.sasl_oauthbearer_token', token])
  return Object.fromEntries(flags) as Properties
}
