/**
 * A container engine of the tests' own: `dockerd` with its own data, socket and network, so that it neither needs
 * nor disturbs one that the machine has.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until, WaitAborted, within } from '../../support/until.ts'
import { addressOf, docker, type EngineAddress, removeContainers } from './docker.ts'
import { runFolder } from './folders.ts'
import { ADDRESS_POOL, bridgeOf, makeNetwork } from './network.ts'
import { removeWhatRemains } from './remains.ts'

/** dockerd itself gives containers 15 s to stop. */
const STOP_MS = 60_000

/** Starts the engine. Rejects with the end of its log if it does not start. */
export async function startEngine(): Promise<EngineAddress & { stop: () => Promise<void> }> {
  const folder = runFolder(process.pid)
  await mkdir(join(folder, 'config/cli-plugins'), { recursive: true })
  const address = addressOf(folder)
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
      ...[`--host=${address.environment.DOCKER_HOST}`, `--pidfile=${join(folder, 'engine.pid')}`],
      ...[`--data-root=${join(folder, 'data')}`, `--exec-root=${join(folder, 'exec')}`],
      ...[`--bridge=${bridgeOf(process.pid)}`, `--default-address-pool=${ADDRESS_POOL}`],
      ...['--iptables=false', '--ip-forward=false'],
    ],
    { stdio: ['ignore', log, log] },
  )
  closeSync(log)
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

/** Ends dockerd, with nothing left for its next start. */
async function end(engine: ChildProcess, address: EngineAddress): Promise<void> {
  if (engine.exitCode !== null || engine.pid === undefined) return
  try {
    await removeContainers(address)
  } finally {
    const exited = once(engine, 'exit')
    engine.kill('SIGTERM')
    await within(STOP_MS, exited, () => new Error(`dockerd (${engine.pid}) does not end`))
  }
}
