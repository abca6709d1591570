/**
 * One node of a cluster as a child process: formats its storage once, starts, takes signals and
 * tells when it has ended. Knows nothing of the other nodes.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runCommand } from './command.ts'
import type { Distribution } from './distribution.ts'
import type { NodeAddress } from './server-properties.ts'
import { WaitAborted } from '../../support/until.ts'

/**
 * A signal for a broker: SIGKILL is a crash, SIGTERM an orderly shutdown, SIGSTOP a broker that
 * keeps its connections and answers nothing, SIGCONT the end of that.
 */
export type BrokerSignal = 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'

/** What a node is made of. */
export interface BrokerNodeOptions {
  readonly address: NodeAddress
  readonly distribution: Distribution
  /** Absolute path of the settings that `format` writes; its log goes beside them. */
  readonly propertiesPath: string
  /** Whether the broker is to go on when this process ends. */
  readonly isDetached: boolean
  /** Java system properties. */
  readonly javaProperties: Readonly<Record<string, string>>
}

/** Small, and quick to start: a test's broker lives for seconds and keeps little. */
const jvmOptions = [
  '-Xms128m',
  '-Xmx384m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
  '-Djava.awt.headless=true',
  `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'log4j2.xml')}`,
]

/** How much of the log an error quotes. */
const quotedLogLines = 15

/** A broker process that can be started again and again on the same data and ports. */
export class BrokerNode implements NodeAddress {
  readonly id: number
  readonly port: number
  readonly controllerPort: number
  readonly #options: BrokerNodeOptions
  readonly #logPath: string
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()

  constructor(options: BrokerNodeOptions) {
    this.id = options.address.id
    this.port = options.address.port
    this.controllerPort = options.address.controllerPort
    this.#options = options
    this.#logPath = join(dirname(options.propertiesPath), 'server.log')
  }

  /** Process id of the last process started; undefined before the first. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** True from `start` until the process has ended, also while it is suspended. */
  get isRunning(): boolean {
    const child = this.#child
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** Writes the settings and prepares empty storage for the cluster with this id. */
  async format(clusterId: string, properties: string): Promise<void> {
    const { distribution, propertiesPath } = this.#options
    await mkdir(dirname(propertiesPath), { recursive: true })
    await writeFile(propertiesPath, properties)
    await runCommand(
      distribution.java,
      this.#javaArguments('kafka.tools.StorageTool', [
        'format',
        `--cluster-id=${clusterId}`, // one argument: an id may begin with a hyphen
        `--config=${propertiesPath}`,
      ]),
    )
  }

  /** Starts the process; it takes seconds until it answers. */
  async start(): Promise<void> {
    if (this.isRunning) throw new Error(`Broker ${this.id} is already running`)
    const { distribution, propertiesPath, isDetached } = this.#options
    const log = openSync(this.#logPath, 'a')
    const child = spawn(distribution.java, this.#javaArguments('kafka.Kafka', [propertiesPath]), {
      stdio: ['ignore', log, log],
      detached: isDetached,
    })
    closeSync(log)
    this.#child = child
    this.#ended = new Promise((resolve) => child.once('exit', resolve)).then(() => undefined)
    if (isDetached) child.unref()
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  }

  /** Sends a signal if the broker is running; waits for its end after SIGKILL and SIGTERM. */
  async signal(signal: BrokerSignal): Promise<void> {
    if (!this.isRunning) return
    this.signalNow(signal)
    if (signal === 'SIGTERM') this.signalNow('SIGCONT') // a suspended process takes no SIGTERM
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await this.#ended
  }

  /** Sends a signal without waiting, for use where nothing can be awaited. */
  signalNow(signal: BrokerSignal): void {
    if (this.isRunning) this.#child?.kill(signal)
  }

  /** Resolves to an error that says the process ended by itself, with the end of its log. */
  async endedEarly(): Promise<WaitAborted> {
    const log = await readFile(this.#logPath, 'utf8')
    const end = log.trimEnd().split('\n').slice(-quotedLogLines).join('\n')
    return new WaitAborted(`Broker ${this.id} has ended. The end of ${this.#logPath}:\n${end}`)
  }

  #javaArguments(mainClass: string, args: readonly string[]): readonly string[] {
    const { distribution, javaProperties } = this.#options
    const definitions = Object.entries(javaProperties).map(([key, value]) => `-D${key}=${value}`)
    return [...jvmOptions, ...definitions, '-cp', distribution.classPath, mainClass, ...args]
  }
}
