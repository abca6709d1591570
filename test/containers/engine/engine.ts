/**
 * A container engine of the tests' own: `dockerd` with its own data, socket and bridge, and without changing the
 * firewall, so that it neither needs nor disturbs one that the machine has.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../../kafka/cluster/command.ts'
import { until, WaitAborted, within } from '../../support/until.ts'
import { runFolder } from './folders.ts'
import { ADDRESS_POOL, bridgeOf, makeNetwork } from './network.ts'
import { removeWhatRemains } from './remains.ts'

/** Where the engine is reached. Only this, so that tests can have it from the setup, which runs in another process. */
export interface EngineAddress {
  /** For `docker` and whatever starts it. */
  readonly environment: Readonly<Record<string, string>>
  /** Holds what belongs to this run. */
  readonly folder: string
}

/** A command that has not ended after this is killed. A build on a busy machine takes minutes. */
const COMMAND_MS = 600_000
/** dockerd itself gives containers 15 s to stop. */
const STOP_MS = 60_000

/** Starts the engine. Rejects with the end of its log if it does not start. */
export async function startEngine(): Promise<EngineAddress & { stop: () => Promise<void> }> {
  const folder = runFolder(process.pid)
  await mkdir(join(folder, 'config/cli-plugins'), { recursive: true })
  const socket = join(folder, 'engine.sock')
  try {
    await makeNetwork(process.pid)
  } catch (error) {
    await removeWhatRemains(process.pid)
    throw error
  }
  const logPath = join(folder, 'engine.log')
  const log = openSync(logPath, 'w')
  const engine = spawn(
    'dockerd',
    [
      ...[`--host=unix://${socket}`, `--pidfile=${join(folder, 'engine.pid')}`],
      ...[`--data-root=${join(folder, 'data')}`, `--exec-root=${join(folder, 'exec')}`],
      ...[`--bridge=${bridgeOf(process.pid)}`, `--default-address-pool=${ADDRESS_POOL}`],
      ...['--iptables=false', '--ip-forward=false'],
    ],
    { stdio: ['ignore', log, log] },
  )
  closeSync(log)
  const address = {
    folder,
    environment: { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: join(folder, 'config') },
  }
  const stop = async (): Promise<void> => {
    await end(engine, address)
    await removeWhatRemains(process.pid)
  }
  try {
    await until('the container engine', 60_000, async () => {
      if (engine.exitCode !== null || engine.pid === undefined) {
        const text = await readFile(logPath, 'utf8')
        throw new WaitAborted(`dockerd does not start here:\n${text.slice(-2_000)}`)
      }
      return docker(address, 'version')
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { ...address, stop }
}

/** Runs `docker` against the engine and resolves to its output. */
export async function docker(engine: EngineAddress, ...args: string[]): Promise<string> {
  const { stdout } = await runCommand('docker', args, {
    timeoutMs: COMMAND_MS,
    env: { ...process.env, ...engine.environment },
  })
  return stdout.toString()
}

/** Removes the containers and their networks, which dockerd would leave to its next start, and ends it. */
async function end(engine: ChildProcess, address: EngineAddress): Promise<void> {
  if (engine.exitCode !== null || engine.pid === undefined) return
  const containers = (await docker(address, 'ps', '--all', '--quiet')).split('\n').filter(Boolean)
  if (containers.length > 0) await docker(address, 'rm', '--force', ...containers)
  await docker(address, 'network', 'prune', '--force')
  const exited = once(engine, 'exit')
  engine.kill('SIGTERM')
  await within(STOP_MS, exited, () => new Error(`dockerd (${engine.pid}) does not end`))
}
