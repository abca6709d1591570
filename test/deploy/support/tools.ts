/**
 * The programs that the checks of `deploy/` need, built from the Go module proxy: Helm itself, and a program that
 * checks manifests with the code of the API server. The schemas that npm packages have know fields and types only.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Outcome, run } from './run.ts'

const root = join(import.meta.dirname, '../../..')
/** Kept between runs, so that only what has changed is built again. */
const folder = join(root, 'node_modules/.cache/kprf-deploy')

const MODULES = {
  helm: { module: 'helm-tool', package: 'helm.sh/helm/v4/cmd/helm' },
  'manifest-check': { module: 'manifest-check', package: '.' },
} as const

type Tool = keyof typeof MODULES

/** Builds a tool. @throws Error with the output of the Go compiler if that fails. */
export async function buildTool(tool: Tool): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const { module, package: name } = MODULES[tool]
  const { exitCode, output } = await run('go', ['build', '-o', pathOf(tool), name], {
    cwd: join(import.meta.dirname, '..', module),
  })
  if (exitCode !== 0) throw new Error(`go build ${tool} failed: ${output}`)
}

/** Runs `helm`. */
export function helm(...args: readonly string[]): Promise<Outcome> {
  return run(pathOf('helm'), args, { cwd: root })
}

/** Checks files of manifests; the last line of the output counts objects and mistakes. */
export function checkManifests(...files: readonly string[]): Promise<Outcome> {
  return run(pathOf('manifest-check'), files, { cwd: root })
}

/** Returns what `kubectl kustomize` prints for a folder. @throws Error if it cannot be built. */
export async function kustomize(path: string): Promise<string> {
  const { exitCode, output } = await run(pathOf('manifest-check'), ['build', path], { cwd: root })
  if (exitCode !== 0) throw new Error(output)
  return output
}

function pathOf(tool: Tool): string {
  return join(folder, tool)
}
