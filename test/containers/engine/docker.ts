/** Commands of `docker`, against the engine of the tests. */
import { join } from 'node:path'
import { runCommand } from '../../kafka/cluster/command.ts'

/** Where an engine is reached. Only this, so that tests can have it from the setup, which runs in another process. */
export interface EngineAddress {
  /** For `docker` and whatever starts it. */
  readonly environment: { readonly DOCKER_HOST: string; readonly DOCKER_CONFIG: string }
  /** Holds what belongs to this run. */
  readonly folder: string
}

/** A command that has not ended after this is killed. A build on a busy machine takes minutes. */
const COMMAND_MS = 600_000

/** Where the engine with this folder is reached. */
export function addressOf(folder: string): EngineAddress {
  const socket = join(folder, 'engine.sock')
  return {
    folder,
    environment: { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: join(folder, 'config') },
  }
}

/** Runs `docker` against the engine and resolves to its output. */
export async function docker(engine: EngineAddress, ...args: string[]): Promise<string> {
  const { stdout } = await runCommand('docker', args, {
    timeoutMs: COMMAND_MS,
    env: { ...process.env, ...engine.environment },
  })
  return stdout.toString()
}

/** Removes all containers and their networks, which dockerd would leave to its next start. */
export async function removeContainers(engine: EngineAddress): Promise<void> {
  const containers = (await docker(engine, 'ps', '--all', '--quiet')).split('\n').filter(Boolean)
  if (containers.length > 0) await docker(engine, 'rm', '--force', ...containers)
  await docker(engine, 'network', 'prune', '--force')
}
