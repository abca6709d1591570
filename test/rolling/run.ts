/** Rolling restarts under load: of two kprf, one after the other, and of the workers of one. */
import { TestCluster } from '@kprf/embedded-broker/testing'
import { findFreePorts } from '../kafka/cluster/ports.ts'
import { type KprfProcess, type KprfSettings, startKprf } from '../support/kprf-process.ts'
import { type Backend, Balancer } from './balancer.ts'
import { type LoadReport, TOPIC } from './load.ts'
import { ThreadedLoad } from './threaded-load.ts'

const PARTITIONS = 8
const CONNECTIONS = 64
/** The share of what they can bear. */
const LOAD = 0.7
/** How long pushes are still accepted: HAProxy sees `/readyz` fail within 0.5 s, later on a busy machine. */
const DRAIN_DELAY_MS = 3_000
const RESTART_TIMEOUT_MS = 120_000

/** What is restarted. */
export type RestartKind = 'replicas' | 'workers'

/** One restart. */
export interface Restart {
  readonly kind: RestartKind
  /** From 1; 0 is the one during which is measured what they can bear. */
  readonly number: number
  readonly seconds: number
  /** Of the process that ended; none did if workers are restarted. */
  readonly exitCode: number | null | undefined
  readonly report: LoadReport
}

/** What a run measured. */
export interface RollingResult {
  readonly capacityPerSecond: number
  readonly loadPerSecond: number
  readonly sent: number
  readonly failed: number
  readonly acknowledged: number
  /** Stored more often than once. */
  readonly repeated: number
  /** One line each. */
  readonly violations: readonly string[]
}

/** Options of a run. */
export interface RollingOptions {
  readonly kind: RestartKind
  readonly restarts: number
  readonly seed: number
  readonly settings?: KprfSettings
  readonly onRestart?: (restart: Restart) => void
}

/** Restarts what serves so many times, under load. */
export async function runRolling(options: RollingOptions): Promise<RollingResult> {
  const { kind, restarts, seed, onRestart } = options
  const cluster = await TestCluster.start({
    ...{ topics: { [TOPIC]: { partitions: PARTITIONS } }, autoCreateTopics: false },
    ...{ partitionMaxBytes: 2 ** 30, requestLogSize: 1 },
  })
  const servers = await Servers.start(cluster.bootstrap, options)
  const load = new ThreadedLoad(servers.port, seed)
  const violations: string[] = []
  try {
    const restart = async (number: number): Promise<void> => {
      const startedMs = performance.now()
      const exitCode = await servers.restart(number)
      const seconds = (performance.now() - startedMs) / 1000
      onRestart?.({ kind, number, seconds, exitCode, report: await load.report() })
      if (exitCode !== undefined && exitCode !== 0)
        violations.push(`restart ${number}: kprf ended with ${exitCode}`)
    }
    // What they can bear while one of them is away and another is started: less than all of them together.
    await load.measure(CONNECTIONS)
    await restart(0)
    const capacityPerSecond = await load.measured()
    const loadPerSecond = capacityPerSecond * LOAD
    await load.start(loadPerSecond)
    for (let number = 1; number <= restarts; number += 1) await restart(number)
    const { acknowledged, failures, ...counts } = await load.stop()
    violations.push(...failures, ...(await servers.stop()))
    const stored = timesStored(cluster)
    const lost = acknowledged.filter((number) => !stored.has(number))
    if (lost.length > 0) violations.push(`${lost.length} acknowledged records are not stored`)
    return {
      ...{ capacityPerSecond, loadPerSecond, ...counts, acknowledged: acknowledged.length },
      repeated: [...stored.values()].filter((times) => times > 1).length,
      violations,
    }
  } finally {
    await load.close()
    await servers.destroy()
    await cluster.close()
  }
}

/** How often each number is stored. */
function timesStored(cluster: TestCluster): ReadonlyMap<number, number> {
  const times = new Map<number, number>()
  for (const { value } of cluster.records(TOPIC)) {
    const number = Number.parseInt(String(value))
    times.set(number, (times.get(number) ?? 0) + 1)
  }
  return times
}

/** What serves: two kprf, or one with two workers, behind the balancer. */
class Servers {
  readonly port: number
  readonly #bootstrap: string
  readonly #settings: KprfSettings
  readonly #kind: RestartKind
  readonly #backends: readonly Backend[]
  readonly #running = new Map<Backend, KprfProcess>()
  #balancer: Balancer | undefined

  private constructor(bootstrap: string, options: RollingOptions, ports: readonly number[]) {
    const [port = 0, ...others] = ports
    this.port = port
    this.#bootstrap = bootstrap
    this.#kind = options.kind
    this.#settings = {
      ...{ 'shutdown.drain_delay_ms': DRAIN_DELAY_MS, 'kafka.message_timeout_ms': 60_000 },
      ...(this.#kind === 'workers' && { workers: 2 }),
      ...options.settings,
    }
    const names = this.#kind === 'workers' ? ['one'] : ['one', 'two']
    this.#backends = names.map((name, index) => ({
      ...{ name, port: others[2 * index] ?? 0, metricsPort: others[2 * index + 1] ?? 0 },
    }))
  }

  static async start(bootstrap: string, options: RollingOptions): Promise<Servers> {
    const servers = new Servers(bootstrap, options, await findFreePorts(5))
    try {
      for (const backend of servers.#backends) await servers.#start(backend)
      servers.#balancer = await Balancer.start(servers.port, servers.#backends)
      return servers
    } catch (error) {
      await servers.destroy()
      throw error
    }
  }

  /** @returns the exit code of the process that was replaced, if one was. */
  async restart(number: number): Promise<number | null | undefined> {
    const backend = this.#backends[number % this.#backends.length]
    const kprf = backend && this.#running.get(backend)
    if (backend === undefined || kprf === undefined) throw new Error('nothing runs')
    if (this.#kind === 'workers') {
      const before = linesOf(kprf, 'the workers were restarted')
      kprf.signal('SIGUSR2')
      const isFurther = (): boolean => linesOf(kprf, 'the workers were restarted') > before
      await kprf.logged('the workers were restarted', isFurther, RESTART_TIMEOUT_MS)
      return undefined
    }
    const { exitCode } = await kprf.stop()
    await this.#start(backend)
    await this.#balancer?.becomes(backend.name, 'UP')
    return exitCode
  }

  /** Stops all. @returns one line for each that did not end with 0. */
  async stop(): Promise<string[]> {
    const endings = await Promise.all([...this.#running.values()].map((kprf) => kprf.stop()))
    return endings
      .filter(({ exitCode }) => exitCode !== 0)
      .map(({ exitCode }) => `kprf ended with ${exitCode} at the end`)
  }

  async destroy(): Promise<void> {
    await this.#balancer?.stop()
    for (const kprf of this.#running.values()) await kprf.destroy()
  }

  async #start(backend: Backend): Promise<void> {
    const ports = { 'http.port': backend.port, 'http.metrics_port': backend.metricsPort }
    this.#running.set(backend, await startKprf(this.#bootstrap, { ...this.#settings, ...ports }))
  }
}

function linesOf({ log }: KprfProcess, msg: string): number {
  return log.filter((line) => line.msg === msg).length
}
