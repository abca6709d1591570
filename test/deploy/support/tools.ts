/**
 * The programs that the checks of `deploy/` need, built from their Go modules: Helm and kubectl themselves, and a program
 * that checks manifests with the code of the API server. The schemas that npm packages have know fields and types only.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Outcome, run } from './run.ts'

const root = join(import.meta.dirname, '../../..')
/** Kept between runs, so that only what has changed is built again. */
const folder = join(root, 'node_modules/.cache/kprf-deploy')

const MODULES = {
  helm: { module: 'helm-tool', package: 'helm.sh/helm/v4/cmd/helm' },
  kubectl: { module: 'manifest-check', package: 'k8s.io/kubernetes/cmd/kubectl' },
  'manifest-check': { module: 'manifest-check', package: '.' },
} as const

/** Nothing listens on this port. */
const NO_CLUSTER = 'http://127.0.0.1:1'

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

/** Runs `kubectl` without a cluster: it checks its arguments, and then says that it cannot connect. */
export function kubectl(...args: readonly string[]): Promise<Outcome> {
  return run(pathOf('kubectl'), [`--server=${NO_CLUSTER}`, ...args], { cwd: root })
}

/** Runs `helm` without a cluster, as {@link kubectl}. */
export function helm(...args: readonly string[]): Promise<Outcome> {
  return run(pathOf('helm'), [...args, `--kube-apiserver=${NO_CLUSTER}`], { cwd: root })
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
