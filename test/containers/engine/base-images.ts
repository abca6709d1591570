/**
 * Stand-ins for the images that the Dockerfile and the compose files name, made from Debian's packages, npm's and
 * Maven's: so the tests need no registry of images. They are kept, all in one file, until what they are made of changes.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { runCommand } from '../../kafka/cluster/command.ts'
import { prepareDistribution } from '../../kafka/cluster/distribution.ts'
import { docker, type EngineAddress } from './docker.ts'
import { CACHE, REPOSITORY } from './folders.ts'

/** Each with the folder of its Dockerfile, in the order in which they are built. */
const IMAGES = {
  'kprf-test/services': 'services',
  'node:26-slim': 'node',
  'apache/kafka:4.4.0': 'kafka',
  'haproxy:3.2': 'haproxy',
  'prom/prometheus:v3.7.3': 'prometheus',
  'grafana/grafana:12.3.0': 'grafana',
} as const

const SOURCES = join(import.meta.dirname, '../base-images')
const NPM = 'npm@11.21.2'
const NODE = join(REPOSITORY, 'node_modules/node/bin/node')
/** The authorities that this machine trusts: in containers, npm reaches the registry with them. */
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt'
/** How the names of the kept files begin. */
const KEPT = 'base-images-'
/** Debian's packages on a slow network. */
const DEBIAN_MS = 600_000

/** Loads the stand-ins into the engine, or makes them. */
export async function provideBaseImages(engine: EngineAddress): Promise<void> {
  const kept = join(CACHE, `${KEPT}${await fingerprint()}.tar`)
  if (existsSync(kept)) {
    await docker(engine, 'load', '--input', kept)
    return
  }
  console.log('making stand-ins for the base images, once')
  await make(engine)
  await mkdir(CACHE, { recursive: true })
  await docker(engine, 'save', '--output', `${kept}.partial`, ...Object.keys(IMAGES))
  // Those of former Dockerfiles are a gigabyte each.
  for (const name of await readdir(CACHE)) {
    if (name.startsWith(KEPT) && !name.endsWith('.partial')) await rm(join(CACHE, name))
  }
  await rename(`${kept}.partial`, kept)
}

async function make(engine: EngineAddress): Promise<void> {
  const context = join(engine.folder, 'base-images')
  await cp(SOURCES, context, { recursive: true })
  await Promise.all([
    makeDebian(engine),
    fetchNode(join(context, 'node')),
    fetchKafka(join(context, 'kafka')),
  ])
  for (const [image, folder] of Object.entries(IMAGES)) {
    await docker(engine, ...build(image), join(context, folder))
  }
}

/** Builds with the network of this machine: the engine's own leads nowhere. */
export function build(image: string): string[] {
  return ['build', '--quiet', '--network=host', `--tag=${image}`]
}

async function makeDebian(engine: EngineAddress): Promise<void> {
  const root = join(engine.folder, 'debian')
  const packages = '--include=ca-certificates,libstdc++6,libatomic1'
  await runCommand('debootstrap', ['--variant=minbase', packages, 'bookworm', root], {
    timeoutMs: DEBIAN_MS,
  })
  if (existsSync(AUTHORITIES)) await copyFile(AUTHORITIES, join(root, AUTHORITIES))
  const archive = `${root}.tar`
  await runCommand('tar', ['--create', `--file=${archive}`, `--directory=${root}`, '.'])
  await docker(engine, 'import', archive, 'kprf-test/debian')
}

async function fetchNode(context: string): Promise<void> {
  await copyFile(NODE, join(context, 'node'))
  const { stdout } = await runCommand('npm', ['pack', '--silent', NPM], { cwd: context })
  const archive = stdout.toString().trim()
  await mkdir(join(context, 'npm'))
  await runCommand('tar', ['--extract', `--file=${archive}`, '--strip-components=1', '-C', 'npm'], {
    cwd: context,
  })
  const registry = await runCommand('npm', ['config', 'get', 'registry'])
  const lines = [`registry=${registry.stdout.toString().trim()}`, `cafile=${AUTHORITIES}`]
  await writeFile(join(context, 'npmrc'), `${lines.join('\n')}\n`)
}

async function fetchKafka(context: string): Promise<void> {
  const { classPath } = await prepareDistribution(console.log)
  await cp(dirname(classPath), join(context, 'libs'), { recursive: true })
}

/** Changes with whatever the stand-ins are made of. */
async function fingerprint(): Promise<string> {
  const entries = await readdir(SOURCES, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  const kafka = join(REPOSITORY, 'test/kafka/cluster/pom.xml')
  const node = join(REPOSITORY, 'package.json')
  const hash = createHash('sha256')
  for (const path of [...names.sort(), kafka, import.meta.filename]) {
    hash.update(relative(REPOSITORY, path)).update(await readFile(path))
  }
  const { devDependencies } = JSON.parse(await readFile(node, 'utf8')) as {
    devDependencies: { node: string }
  }
  return hash.update(devDependencies.node).digest('hex').slice(0, 12)
}
