/**
 * kprf as users run it: a separate process, started from the command line and used over HTTP and with signals.
 * Tests check its log, its exit code and the contents of Kafka.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { HttpClient, type HttpReply } from './http-client.ts'
import { parseMetrics, type MetricSamples } from './metric-samples.ts'
import type { Push, PushReply, PushReplyBody } from './push.ts'
import { END_WITH_PARENT, markedEnvironment } from './started-processes.ts'
import { within } from './until.ts'

/** Settings by their keys, as flags would give them. */
export type KprfSettings = Readonly<Record<string, string | number>>

/** One line of the log. */
export interface LogLine {
  /** ISO 8601. */
  readonly ts: string
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

/** The result of an ended process. */
export interface Ending {
  /** Null if a signal ended it. */
  readonly exitCode: number | null
  readonly log: readonly LogLine[]
  /** Output of Node itself: warnings, uncaught errors. */
  readonly stderr: string
  /** From the signal to the end. */
  readonly durationMs: number
}

const projectDirectory = join(import.meta.dirname, '..', '..')
const startTimeoutMs = 30_000
/** Number of log lines that an error quotes. */
const quotedLogLines = 20

/** Starts kprf on free ports and resolves when it accepts pushes. */
export async function startKprf(
  bootstrap: string,
  settings: KprfSettings = {},
  nodeFlags: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<KprfProcess> {
  const kprf = spawnKprf(bootstrap, settings, nodeFlags, environment)
  await kprf.ready()
  return kprf
}

/** Starts kprf on free ports. It may be stopped before it is ready. */
export function spawnKprf(
  bootstrap: string,
  settings: KprfSettings = {},
  nodeFlags: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): KprfProcess {
  return spawnWith([], { 'kafka.brokers': bootstrap, ...settings }, nodeFlags, environment)
}

/** Starts kprf with its embedded broker, on free ports, and resolves when it accepts pushes. */
export async function startEmbeddedKprf(settings: KprfSettings = {}): Promise<KprfProcess> {
  const kprf = spawnWith(['--embedded-broker'], settings, ['--conditions=kprf-source'])
  await kprf.ready()
  return kprf
}

function spawnWith(
  argv: readonly string[],
  settings: KprfSettings,
  nodeFlags: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): KprfProcess {
  const flags = {
    'http.host': '127.0.0.1',
    'http.port': 0,
    'http.metrics_port': 0,
    ...settings,
  }
  const child = spawn(
    process.execPath,
    [
      ...END_WITH_PARENT,
      ...nodeFlags,
      'src/main.ts',
      ...argv,
      ...Object.entries(flags).map(([key, value]) => `--${key}=${value}`),
    ],
    // The environment must not configure it by accident.
    {
      ...{ cwd: projectDirectory, env: { ...environment, ...markedEnvironment() } },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  return new KprfProcess(child)
}

/** A running kprf. Made by {@link startKprf} and {@link spawnKprf}. */
export class KprfProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #log: LogLine[] = []
  readonly #ended: Promise<void>
  readonly #listeners = new Set<() => void>()
  #stderr = ''
  #isExpectedToEnd = false
  #pushClient: HttpClient | undefined
  #operationsClient: HttpClient | undefined
  /** Ends it with the test run, even if the run does not stop it. */
  readonly #killOnExit = (): void => {
    this.#child.kill('SIGKILL')
  }

  constructor(child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.#child = child
    process.once('exit', this.#killOnExit)
    createInterface(child.stdout).on('line', (line) => {
      this.#log.push(parseLine(line))
      for (const listener of this.#listeners) listener()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.#ended = new Promise((resolve) => {
      child.once('close', () => {
        process.removeListener('exit', this.#killOnExit)
        resolve()
        for (const listener of this.#listeners) listener()
      })
    })
  }

  /** The lines logged so far. */
  get log(): readonly LogLine[] {
    return this.#log
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('kprf has not started')
    return this.#child.pid
  }

  /** The processes that it has forked, newest last. Linux only. */
  get workerPids(): number[] {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8')
    return children.split(' ').filter(Boolean).map(Number)
  }

  /** The push port. */
  get pushPort(): number {
    return Number(this.#log.find(({ msg }) => msg === 'accepting pushes')?.['port'])
  }

  /** The operations port. */
  get operationsPort(): number {
    return Number(this.#log.find(({ msg }) => msg === 'accepting pushes')?.['metrics_port'])
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves once it has logged its ports. Called once. Rejects if it ends before. */
  async ready(): Promise<void> {
    const { port, metrics_port: metricsPort } = await this.logged('accepting pushes')
    this.#pushClient = new HttpClient(Number(port))
    this.#operationsClient = new HttpClient(Number(metricsPort))
  }

  /** Resolves to the first line with this message, logged before or later. */
  async logged(
    msg: string,
    isMeant: (line: LogLine) => boolean = () => true,
    timeoutMs: number = startTimeoutMs,
  ): Promise<LogLine> {
    const find = (): LogLine | undefined =>
      this.#log.find((line) => line.msg === msg && isMeant(line))
    const { promise, resolve, reject } = Promise.withResolvers<LogLine>()
    const look = (): void => {
      const line = find()
      if (line !== undefined) resolve(line)
      else if (!this.isRunning) reject(this.#error(`kprf has ended without logging "${msg}"`))
    }
    this.#listeners.add(look)
    look()
    try {
      return await within(timeoutMs, promise, () =>
        this.#error(`kprf has not logged "${msg}" within ${timeoutMs} ms`),
      )
    } finally {
      this.#listeners.delete(look)
    }
  }

  /** Pushes and resolves to the reply, whatever its status. Rejects without a reply. */
  async push(push: Push): Promise<PushReply> {
    const { status, text } = await this.#request(this.#pushClient, (client) =>
      client.post('/push', JSON.stringify(push)),
    )
    return { status, body: JSON.parse(text) as PushReplyBody }
  }

  /** Resolves to every sample of `/metrics`. */
  async metrics(): Promise<MetricSamples> {
    return (await this.scrape()).metrics
  }

  /** Like {@link KprfProcess.metrics}, with the number of series. */
  async scrape(): Promise<{ readonly metrics: MetricSamples; readonly seriesCount: number }> {
    const { text } = await this.#get('/metrics')
    const seriesCount = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#')).length
    return { metrics: parseMetrics(text), seriesCount }
  }

  /** Resolves to `/metrics` as it is. */
  async metricsText(): Promise<string> {
    return (await this.#get('/metrics')).text
  }

  /** Closes its idle connections; the next request opens a new one. */
  closeIdleConnections(): void {
    this.#pushClient?.close()
  }

  /** Resolves to the reply of `/stats`. */
  async stats(): Promise<HttpReply> {
    return await this.#get('/stats')
  }

  /** Resolves to the status of `/readyz`. */
  async readyz(): Promise<number> {
    return (await this.#get('/readyz')).status
  }

  /** Resolves to what `/readyz` says of each check. */
  async readiness(): Promise<string> {
    return (await this.#get('/readyz?verbose')).text
  }

  /** Resolves to the status of `/livez`. */
  async livez(): Promise<number> {
    return (await this.#get('/livez')).status
  }

  /** Sends a signal that does not end the process. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Sends a signal and resolves when the process has ended. Rejects if it ended before. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ending> {
    this.#assertRunning()
    this.#isExpectedToEnd = true
    const startedMs = performance.now()
    this.#child.kill(signal)
    await this.#ended
    this.#pushClient?.close()
    this.#operationsClient?.close()
    return {
      exitCode: this.#child.exitCode,
      log: this.#log,
      stderr: this.#stderr,
      durationMs: performance.now() - startedMs,
    }
  }

  /** Ends the process at once, if it still runs: for `afterAll`, also after a failed test. */
  async destroy(): Promise<void> {
    if (this.isRunning) await this.stop('SIGKILL')
  }

  async #get(path: string): Promise<HttpReply> {
    return this.#request(this.#operationsClient, (client) => client.get(path))
  }

  async #request(
    client: HttpClient | undefined,
    send: (client: HttpClient) => Promise<HttpReply>,
  ): Promise<HttpReply> {
    if (client === undefined) throw new Error('kprf is not ready yet')
    try {
      return await send(client)
    } catch (error) {
      // The error of a request to a dead process is not useful: its log is.
      if (!this.#isExpectedToEnd) this.#assertRunning()
      throw error
    }
  }

  #assertRunning(): void {
    if (!this.isRunning) throw this.#error('kprf has ended by itself')
  }

  #error(what: string): Error {
    const { exitCode, signalCode } = this.#child
    const end = this.#log.slice(-quotedLogLines).map((line) => JSON.stringify(line))
    const ending = this.isRunning ? 'is running' : `ended with ${String(exitCode ?? signalCode)}`
    return new Error([`${what}; it ${ending}. Its log:`, ...end, this.#stderr].join('\n'))
  }
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine
  } catch {
    return { ts: '', level: 'not JSON', msg: line }
  }
}
