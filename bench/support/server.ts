/** The servers of the benchmark. */
import { type CpuTime, cpuTime } from './cpu-time.ts'
import { startNode, type Child, type StartOptions } from './child.ts'

/** A server that accepts pushes. */
export interface Server {
  readonly name: string
  readonly port: number
  /** `undefined` if it is not known. */
  readonly pid: number | undefined
  /** The metrics port of kprf. */
  readonly metricsPort: number | undefined
  /** Stops it. @param signal - for kprf; the default lets it drain. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Whether its process has ended. */
  hasEnded(): boolean
}

const PORT_LINE = /^port (?<port>\d+)$/
const KPRF_LINE = /"accepting pushes".*"port":(?<port>\d+).*"metrics_port":(?<metrics>\d+)/

/** Bare `node:http`. */
export async function startBare(): Promise<Server> {
  return serverOf('bare node:http', await startNode(['bench/servers/bare.ts'], PORT_LINE))
}

/** The least that a push costs in Node.js. */
export async function startFloor(): Promise<Server> {
  return serverOf('a TCP server', await startNode(['bench/servers/floor.ts'], PORT_LINE))
}

/** A server that only answers ok. */
export async function startIdle(): Promise<Server> {
  return serverOf('idle', await startNode(['bench/servers/idle.ts'], PORT_LINE))
}

/** The simple program with Express and kafkajs. */
export async function startObvious(bootstrap: string): Promise<Server> {
  const child = await startNode(['bench/servers/obvious.ts', bootstrap], PORT_LINE)
  return serverOf('Express + kafkajs', child)
}

/** kprf as it is installed, with these settings. */
export async function startKprf(
  bootstrap: string,
  settings: Readonly<Record<string, string | number>> = {},
  nodeOptions: readonly string[] = [],
  options: StartOptions = {},
): Promise<Server> {
  const flags = {
    'kafka.brokers': bootstrap,
    'http.host': '127.0.0.1',
    'http.port': 0,
    'http.metrics_port': 0,
    ...settings,
  }
  const args = Object.entries(flags).map(([key, value]) => `--${key}=${value}`)
  const child = await startNode([...nodeOptions, 'dist/main.js', ...args], KPRF_LINE, options)
  return serverOf('kprf', child)
}

function serverOf(name: string, child: Child): Server {
  const { pid, match } = child
  const metrics = match.groups?.['metrics']
  return {
    name,
    port: Number(match.groups?.['port']),
    pid,
    metricsPort: metrics === undefined ? undefined : Number(metrics),
    stop: (signal = 'SIGTERM') => child.stop(signal),
    hasEnded: () => child.hasEnded(),
  }
}

/** Processor time of a server's process so far; NaN if unknown. */
export function cpuTimeOf({ pid }: Server): CpuTime {
  return (pid === undefined ? undefined : cpuTime(pid)) ?? { totalMs: NaN, systemMs: NaN }
}

/** All of it, ms. */
export function cpuOf(server: Server): number {
  return cpuTimeOf(server).totalMs
}
