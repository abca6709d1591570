/**
 * `node test/kafka/cluster/cli.ts start [--brokers 1|3] [--no-auto-create]`, `stop` and `doctor`: a real
 * Apache Kafka on loopback for trying things out by hand. `start` prints the bootstrap address on
 * standard output and nothing else there; everything said to a person goes to standard error.
 */
import { parseArgs } from 'node:util'
import { startCluster } from './cluster.ts'
import { isFullyRunning, readState, removeCluster } from './cluster-state.ts'
import { isProcessAlive } from './broker-process.ts'
import { localClusterDirectory } from './paths.ts'
import { diagnose } from './tools.ts'

const usage = 'usage: cli.ts start [--brokers 1|3] [--no-auto-create] | stop | doctor'

/** A command line that cannot be understood, as in sysexits.h. */
const usageExitCode = 64

class UsageError extends Error {}

interface Arguments {
  readonly command: string
  readonly brokers: 1 | 3 | undefined
  readonly autoCreate: boolean
}

function parseArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args)
  const [command, ...rest] = positionals
  if (command === undefined || rest.length > 0) throw new UsageError(usage)
  return { command, brokers: parseBrokers(values.brokers), autoCreate: values['auto-create'] }
}

function parse(args: readonly string[]): {
  readonly values: { readonly brokers?: string | undefined; readonly 'auto-create': boolean }
  readonly positionals: readonly string[]
} {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      allowNegative: true,
      options: { brokers: { type: 'string' }, 'auto-create': { type: 'boolean', default: true } },
    })
  } catch (cause) {
    throw new UsageError(`${cause instanceof Error ? cause.message : ''}\n${usage}`, { cause })
  }
}

function parseBrokers(value: string | undefined): 1 | 3 | undefined {
  if (value === undefined) return undefined
  if (value === '1') return 1
  if (value === '3') return 3
  throw new UsageError(`--brokers is 1 or 3, not ${value}`)
}

async function start({ brokers, autoCreate }: Arguments): Promise<void> {
  const bootstrap = (await findRunning(brokers)) ?? (await startLocal(brokers ?? 1, autoCreate))
  process.stdout.write(`${bootstrap}\n`)
}

/** Resolves to the address of the local cluster when it runs already, as large as asked for. */
async function findRunning(brokers: number | undefined): Promise<string | undefined> {
  const state = await readState(localClusterDirectory)
  if (state === undefined) return undefined
  if (state.ownerPid !== undefined) {
    // The record names an owner only until the start is complete.
    if (isProcessAlive(state.ownerPid)) throw new Error(`process ${state.ownerPid} is starting it`)
    return undefined
  }
  if (!(await isFullyRunning(localClusterDirectory, state))) return undefined
  const count = state.nodes.length
  if (brokers !== undefined && brokers !== count) {
    throw new Error(`it is running with --brokers ${count}: stop it first`)
  }
  report('already running')
  return state.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')
}

async function startLocal(brokers: 1 | 3, autoCreate: boolean): Promise<string> {
  const startedMs = performance.now()
  const cluster = await startCluster({
    brokers,
    autoCreate,
    directory: localClusterDirectory,
    isDetached: true,
    report,
  })
  report(`up after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  return cluster.bootstrap
}

async function stop(): Promise<void> {
  report((await removeCluster(localClusterDirectory)) ? 'stopped' : 'was not running')
}

async function doctor(): Promise<void> {
  const complaints = await diagnose()
  for (const complaint of complaints) report(complaint)
  if (complaints.length > 0) process.exitCode = 1
  else report('everything the Kafka tests need is here')
}

function report(line: string): void {
  process.stderr.write(`kafka: ${line}\n`)
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    report(usage)
    return
  }
  const args = parseArguments(process.argv.slice(2))
  switch (args.command) {
    case 'start':
      return start(args)
    case 'stop':
      return stop()
    case 'doctor':
      return doctor()
    default:
      throw new UsageError(usage)
  }
}

try {
  await main()
} catch (error) {
  report(error instanceof Error ? error.message : String(error))
  process.exitCode = error instanceof UsageError ? usageExitCode : 1
}
