/** The image: what is in it, what is not, how large it is, and how it checks its own health. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Spec, Validation } from '@cyclonedx/cyclonedx-library'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { parseMetrics } from '../support/metric-samples.ts'
import { build } from './engine/base-images.ts'
import { commit } from './engine/commit.ts'
import { docker } from './engine/docker.ts'
import { REPOSITORY } from './engine/folders.ts'
import { inspectContainer } from './engine/stack.ts'

const engine = inject('engine')
const MIB = 2 ** 20
const NAME = 'kprf-under-test'
/** How a program in the image is run in place of kprf. */
const inImage = (program: string, ...args: string[]): Promise<string> =>
  docker(engine, 'run', '--rm', '--network=none', `--entrypoint=${program}`, 'kprf', ...args)

interface Image {
  readonly Size: number
  readonly RootFS: { readonly Layers: readonly string[] }
  readonly Config: Readonly<Record<string, unknown>>
}

/** Some of CycloneDX. */
interface Sbom {
  readonly metadata: { readonly component: { readonly name: string } }
  readonly components: readonly { readonly purl: string }[]
}

async function inspectImage(name: string): Promise<Image> {
  const [image] = JSON.parse(await docker(engine, 'image', 'inspect', name)) as Image[]
  if (image === undefined) throw new Error(`There is no image ${name}`)
  return image
}

describe('what is in the image', () => {
  test('kprf runs as a user that is not root, given as a number, and answers to its name', async () => {
    expect(await inImage('id', '-u')).toBe('1000\n')
    expect((await inspectImage('kprf')).Config['User']).toBe('1000:1000')
    const { version } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8'))
    expect(await inImage('kprf', '--version')).toBe(`kprf ${version} (${await commit()})\n`)
  })

  test('the base image has npm, yarn and corepack, and the image of kprf has none of them', async () => {
    const find = ['-xdev', '-regex', String.raw`.*/\(npm\|npx\|yarn\|yarnpkg\|corepack\)`]
    const inBase = await docker(engine, 'run', '--rm', 'node:26-slim', 'find', '/', ...find)
    expect(inBase.trim().split('\n')).toContain('/usr/local/bin/npm')
    expect(inBase.trim().split('\n')).toContain('/usr/local/bin/corepack')
    const inKprf = ['run', '--rm', '--user=0', '--entrypoint=find', 'kprf', '/', ...find]
    expect(await docker(engine, ...inKprf)).toBe('')
  })

  test('it is less than 150 MB larger than its base', async () => {
    const bytes = (await inspectImage('kprf')).Size - (await inspectImage('node:26-slim')).Size
    console.log(`the image of kprf is ${(bytes / 1e6).toFixed(1)} MB larger than its base`)
    expect(bytes).toBeGreaterThan(1e6)
    expect(bytes).toBeLessThan(150e6)
  })

  test('its labels say which kprf it is, and it is stopped by SIGTERM', async () => {
    const { version, license } = JSON.parse(
      await readFile(join(REPOSITORY, 'package.json'), 'utf8'),
    )
    const { Config } = await inspectImage('kprf')
    expect(Config['Labels']).toMatchObject({
      'org.opencontainers.image.title': 'kprf',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': license,
      'org.opencontainers.image.revision': await commit(),
      'org.opencontainers.image.base.name': 'docker.io/library/node:26-slim',
    })
    expect(Config['StopSignal']).toBe('SIGTERM')
  })

  test('another commit with the same files has the same layers', async () => {
    await docker(engine, ...build('kprf-other'), '--build-arg=COMMIT_HASH=4567def', REPOSITORY)
    const other = await inspectImage('kprf-other')
    expect(other.RootFS.Layers).toEqual((await inspectImage('kprf')).RootFS.Layers)
    expect(other.Config['Labels']).toMatchObject({ 'org.opencontainers.image.revision': '4567def' })
  })

  test('its SBOM is valid CycloneDX, and lists each package in the image and no other', async () => {
    const sbom = await inImage('cat', '/opt/kprf/sbom.cdx.json')
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot5)
    expect(await validator.validate(sbom)).toBeNull()
    expect(await validator.validate(sbom.replace('"library"', '"book"'))).not.toBeNull()

    const { metadata, components } = JSON.parse(sbom) as Sbom
    expect(metadata.component.name).toBe('kprf')
    const listed = components.map(({ purl }) => decodeURIComponent(purl))
    const script = `
      const { globSync, readFileSync } = require('node:fs')
      const paths = globSync(['node_modules/**/node_modules/*/package.json', 'node_modules/*/package.json',
        'node_modules/**/node_modules/@*/*/package.json', 'node_modules/@*/*/package.json', 'packages/*/package.json'])
      const purls = paths.map((path) => JSON.parse(readFileSync(path))).map(({ name, version }) => \`pkg:npm/\${name}@\${version}\`)
      console.log(JSON.stringify(purls))`
    const installed = JSON.parse(await inImage('node', '-e', script)) as string[]
    expect(new Set(listed)).toEqual(new Set(installed))
    expect(installed).toContain('pkg:npm/kafkajs@2.2.4')
  })
})

test('only what the Dockerfile copies is sent to the engine', async () => {
  const context = join(engine.folder, 'context')
  const wanted = ['package.json', 'src/main.ts', 'packages/embedded-broker/src/index.ts']
  const others = [
    ...['.env', 'secrets/kafka.pem', '.git/config', 'node_modules/left.js', 'kprf-0.1.0.tgz'],
    ...['dist/main.js', 'config.yaml', 'test/a.test.ts', 'docs/WAL.md', 'deploy/secret.yaml'],
    ...['packages/embedded-broker/dist/index.js', 'packages/embedded-broker/node_modules/a.js'],
    'packages/embedded-broker/test/a.test.ts',
  ]
  for (const name of [...wanted, ...others]) {
    await mkdir(dirname(join(context, name)), { recursive: true })
    await writeFile(join(context, name), '')
  }
  const ignored = await readFile(join(REPOSITORY, '.dockerignore'))
  await writeFile(join(context, '.dockerignore'), ignored)
  const dockerfile = join(engine.folder, 'context.Dockerfile')
  await writeFile(dockerfile, 'FROM node:26-slim\nCOPY . /context\n')
  await docker(engine, ...build('context'), `--file=${dockerfile}`, context)
  const sent = await docker(engine, 'run', '--rm', 'context', 'find', '/context', '-type', 'f')
  expect(sent.trim().split('\n').sort()).toEqual(wanted.map((name) => `/context/${name}`).sort())
})

describe('a container of its own', () => {
  afterEach(async () => {
    await docker(engine, 'rm', '--force', '--volumes', NAME)
  })

  /** Starts kprf without a Kafka, and resolves once it takes pushes. */
  async function start(options: readonly string[], flags: readonly string[] = []): Promise<void> {
    const common = ['run', '--detach', `--name=${NAME}`, '--env=KPRF_KAFKA_BROKERS=127.0.0.1:1']
    await docker(engine, ...common, '--health-interval=1s', ...options, 'kprf', ...flags)
    await expect
      .poll(() => docker(engine, 'logs', NAME), { timeout: 60_000 })
      .toContain('accepting pushes')
  }
  const health = async (): Promise<string | undefined> =>
    (await inspectContainer(engine, NAME)).State.Health?.Status

  test('is healthy on the default port', async () => {
    await start([])
    await expect.poll(health, { timeout: 60_000 }).toBe('healthy')
    expect(await docker(engine, 'exec', NAME, 'kprf', 'health')).toBe('ok\n')
  })

  test('is healthy on a port that a variable sets', async () => {
    await start(['--env=KPRF_HTTP_METRICS_PORT=9100'])
    await expect.poll(health, { timeout: 60_000 }).toBe('healthy')
  })

  test('is healthy on a port and a host that its file sets', async () => {
    const file = join(engine.folder, 'kprf.yaml')
    await writeFile(file, 'http:\n  metrics_port: 9200\n  host: "::"\n', { mode: 0o644 })
    await start([
      `--volume=${file}:/etc/kprf/kprf.yaml:ro`,
      '--env=KPRF_CONFIG=/etc/kprf/kprf.yaml',
    ])
    await expect.poll(health, { timeout: 60_000 }).toBe('healthy')
  })

  test('is unhealthy on a port that only a flag sets, which the health check cannot know', async () => {
    await start(['--health-start-period=1s'], ['--http.metrics_port=9300'])
    await expect.poll(health, { timeout: 60_000 }).toBe('unhealthy')
    const { State } = await inspectContainer(engine, NAME)
    expect(State.Health?.Log.at(-1)?.Output).toContain(
      'http://127.0.0.1:8088/livez was not answered',
    )
  })

  test.each([256, 512])('with %i MiB of memory has half of it for the queue', async (mebibytes) => {
    await start([`--memory=${mebibytes}m`])
    const script = "fetch('http://127.0.0.1:8088/metrics').then((r) => r.text()).then(console.log)"
    const metrics = parseMetrics(await docker(engine, 'exec', NAME, 'node', '-e', script))
    expect(metrics.sum('kprf_queue_memory_limit_bytes')).toBe((mebibytes / 2) * MIB)
  })
})
