/** Containers that belong together, from one compose file. */
import { join } from 'node:path'
import { docker, type EngineAddress } from './docker.ts'
import { REPOSITORY } from './folders.ts'

/** A compose file of the repository, under a name of its own. */
export class Stack {
  readonly #engine: EngineAddress
  readonly #arguments: readonly string[]

  /** @param file - from the root of the repository. */
  constructor(engine: EngineAddress, file: string, name: string) {
    this.#engine = engine
    this.#arguments = ['compose', `--file=${join(REPOSITORY, file)}`, `--project-name=${name}`]
  }

  /** Runs `docker compose` and resolves to its output. */
  compose(...args: string[]): Promise<string> {
    return docker(this.#engine, ...this.#arguments, ...args)
  }

  /** Creates and starts everything, and resolves once all that have a health check are healthy. */
  async up(): Promise<void> {
    await this.compose('up', '--detach', '--no-build', '--wait', '--wait-timeout=180')
  }

  /** Stops and removes everything but the volumes. */
  async down(): Promise<void> {
    await this.compose('down')
  }

  /** The same, with the volumes. */
  async remove(): Promise<void> {
    await this.compose('down', '--volumes', '--timeout=5')
  }

  /** Runs a command in the container of a service. */
  exec(service: string, ...command: string[]): Promise<string> {
    return this.compose('exec', '--no-TTY', service, ...command)
  }

  /** What the engine knows of the container of a service, also of one that has ended. */
  async inspect(service: string): Promise<Container> {
    const id = (await this.compose('ps', '--all', '--quiet', service)).trim()
    return inspectContainer(this.#engine, id)
  }

  /** Everything that a service has logged. */
  logs(service: string): Promise<string> {
    return this.compose('logs', '--no-color', '--no-log-prefix', service)
  }
}

/** Some of what `docker inspect` says of a container. */
export interface Container {
  readonly State: {
    readonly Status: string
    readonly ExitCode: number
    readonly Health?: { readonly Status: string; readonly Log: readonly { Output: string }[] }
  }
}

/** Resolves to what the engine knows of a container. */
export async function inspectContainer(engine: EngineAddress, name: string): Promise<Container> {
  const [container] = JSON.parse(await docker(engine, 'container', 'inspect', name)) as Container[]
  if (container === undefined) throw new Error(`There is no container ${name}`)
  return container
}
