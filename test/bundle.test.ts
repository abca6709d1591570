import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { rolldown, type OutputChunk } from 'rolldown'
import { expect, test } from 'vitest'
import config from '../rolldown.config.ts'

const root = join(import.meta.dirname, '..')

/** What only other commands, several workers, or settings other than the defaults need. */
const RARE =
  /^src\/(cli\/(doctor\/|wal\/|tail\.|token\.)|workers\/primary|telemetry\/tracing\/otlp-tracer)/

const chunks = await bundled()

/** `dist`, without writing it. */
async function bundled(): Promise<readonly OutputChunk[]> {
  const { output: options, ...input } = config
  const bundle = await rolldown({ ...input, cwd: root })
  const { output } = await bundle.generate(Array.isArray(options) ? options[0] : options)
  await bundle.close()
  return output.filter((file) => file.type === 'chunk')
}

/** The modules of a chunk, from the root of the repository. */
function modulesOf({ moduleIds }: OutputChunk): readonly string[] {
  return moduleIds.map((id) => id.slice(root.length + 1))
}

/** The chunk that has a module. */
function chunkOf(module: string): OutputChunk {
  const chunk = chunks.find((one) => modulesOf(one).includes(module))
  if (chunk === undefined) throw new Error(`${module} is in no chunk`)
  return chunk
}

/** What is loaded with these modules. */
function loadedWith(...modules: readonly string[]): readonly OutputChunk[] {
  const loaded = new Set(modules.map(chunkOf))
  for (const { imports } of loaded) {
    for (const chunk of chunks) if (imports.includes(chunk.fileName)) loaded.add(chunk)
  }
  return [...loaded]
}

const start = loadedWith(
  'src/main.ts',
  'src/cli/program.ts',
  'src/cli/serve.ts',
  'src/service/service.ts',
)
const thread = loadedWith('src/operations/thread/entry.ts')

test('a start loads few files, and none that only other commands need', () => {
  const modules = start.flatMap(modulesOf)

  expect(modules.length).toBeGreaterThan(200)
  expect(start.length).toBeLessThan(40)
  expect(modules.filter((module) => RARE.test(module))).toEqual([])
  expect(chunks.flatMap(modulesOf).filter((module) => RARE.test(module)).length).toBeGreaterThan(5)
})

test('the first file has nothing but what checks the version of Node.js and bounds the memory', () => {
  expect(loadedWith('src/main.ts').flatMap(modulesOf).toSorted()).toEqual([
    'src/base/young-generation.ts',
    'src/cli/node-version.ts',
    'src/main.ts',
  ])
})

test('the thread of the operations port loads nothing of the producer', () => {
  const modules = thread.flatMap(modulesOf)

  expect(modules).toContain('src/operations/app.ts')
  expect(modules.filter((module) => /^src\/(producer|service|wal)\//.test(module))).toEqual([])
})

test('what is found by its place is where own-files.ts looks for it', () => {
  expect(chunkOf('src/base/own-files.ts').fileName).toMatch(/^chunks\/[^/]+\.js$/)
  expect(chunkOf('src/main.ts').fileName).toBe('main.js')
  expect(chunkOf('src/operations/thread/entry.ts').fileName).toBe('operations/thread/entry.js')
})

test('every library is outside, and a dependency of the package', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>
  }
  const inside = new Set(chunks.map(({ fileName }) => fileName))
  const outside = chunks
    .flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports])
    .filter((name) => !inside.has(name) && !isBuiltin(name))

  expect(outside.length).toBeGreaterThan(5)
  for (const name of outside) {
    expect(Object.keys(dependencies)).toContain(/^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0])
  }
  expect(chunks.flatMap(modulesOf).filter((module) => module.includes('node_modules'))).toEqual([])
})
