/** The programs that the README shows, word for word but for the port: each stores its record, or says why not. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'

/** How each language runs a file. */
const PROGRAMS = {
  php: { command: 'php', name: 'push.php' },
  python: { command: '/usr/bin/python3', name: 'push.py' },
  js: { command: process.execPath, name: 'push.mjs' },
} as const
type Language = keyof typeof PROGRAMS
const LANGUAGES: readonly Language[] = ['php', 'python', 'js']
const PORT = '4242'

let folder: string
let cluster: TestCluster
let kprf: KprfProcess
let readme: string

beforeAll(async () => {
  readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8')
  folder = await mkdtemp(join(tmpdir(), 'readme-snippets-'))
  cluster = await TestCluster.start({ brokers: 1, topics: { orders: { partitions: 1 } } })
  kprf = await startKprf(cluster.bootstrap, { 'kafka.topic_metadata_propagation_max_ms': 10 })
})

afterAll(async () => {
  await kprf.stop()
  await cluster.close()
  await rm(folder, { recursive: true })
})

/** Runs the only program of this language that the README has. */
async function run(language: Language, change: (program: string) => string): Promise<string> {
  const blocks = [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))]
  expect(blocks).toHaveLength(1)
  const program = blocks[0]?.[1] ?? ''
  expect(program).toContain(`http://127.0.0.1:${PORT}/push`)
  const { command, name } = PROGRAMS[language]
  const file = join(folder, name)
  await writeFile(file, change(program))
  const { stdout } = await promisify(execFile)(command, [file])
  return stdout.trim()
}

describe.each(LANGUAGES)('the program of the README in %s', (language) => {
  const withPort = (program: string): string => program.replace(PORT, String(kprf.pushPort))

  test('stores its record', async () => {
    const before = cluster.records('orders').length

    expect(await run(language, withPort)).toBe('stored')

    const [record] = cluster.records('orders').slice(before)
    expect(String(record?.key)).toBe('42')
    expect(JSON.parse(String(record?.value))).toEqual({ total: 7 })
  })

  test('says what kprf says when that refuses', async () => {
    const output = await run(language, (program) =>
      withPort(program).replace('orders', 'no such topic'),
    )

    expect(output).toMatch(/^failed: .*records\[0\]: topic must be/)
  })
})
