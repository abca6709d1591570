/**
 * `docker compose`, version 2. Debian 12 has only version 1, so that the plugin is built from its Go module where it is
 * not installed.
 */
import { existsSync } from 'node:fs'
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { runCommand } from '../../kafka/cluster/command.ts'
import { docker, type EngineAddress } from './docker.ts'
import { CACHE } from './folders.ts'

const VERSION = 'v2.40.3'
const MODULE = 'github.com/docker/compose/v2'
/** Built on two cores in a minute and a half. */
const BUILD_MS = 600_000

/** Makes `docker compose` work with this engine's configuration. */
export async function provideCompose(engine: EngineAddress): Promise<void> {
  if (await isInstalled(engine)) return
  const plugin = join(CACHE, `compose-${VERSION}`)
  if (!existsSync(plugin)) await build(plugin, join(engine.folder, 'compose'))
  await symlink(plugin, join(engine.folder, 'config/cli-plugins/docker-compose'))
}

async function isInstalled(engine: EngineAddress): Promise<boolean> {
  try {
    return /^v?2\./.test(await docker(engine, 'compose', 'version', '--short'))
  } catch {
    return false
  }
}

async function build(plugin: string, folder: string): Promise<void> {
  console.log(`building docker compose ${VERSION} from its Go module, once`)
  // Where Go's own installer puts it.
  const path = [process.env['PATH'], '/usr/local/go/bin'].join(delimiter)
  const env = { ...process.env, PATH: path, CGO_ENABLED: '0' }
  const go = async (...args: string[]): Promise<void> => {
    await runCommand('go', args, { cwd: folder, env, timeoutMs: BUILD_MS })
  }
  await mkdir(folder, { recursive: true })
  await mkdir(dirname(plugin), { recursive: true })
  await writeFile(join(folder, 'go.mod'), 'module compose\n')
  try {
    await go('get', `${MODULE}/cmd@${VERSION}`)
    const flags = `-s -w -X ${MODULE}/internal.Version=${VERSION}`
    await go('build', '-o', `${plugin}.partial`, '-ldflags', flags, `${MODULE}/cmd`)
  } catch (cause) {
    throw new Error(
      'docker compose version 2 is not here, and cannot be built: install the plugin docker-compose-plugin, or Go 1.24 or newer',
      { cause },
    )
  }
  await rename(`${plugin}.partial`, plugin)
}
