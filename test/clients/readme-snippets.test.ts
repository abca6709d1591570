/** The program that README.md shows, word for word but for the port: it stores its record, or says why not. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { readPage } from '../docs/pages.ts'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'
import { runProgram } from './support/programs.ts'

const PORT = '4242'
const programs = readPage('README.md').blocks.filter(({ language }) => language === 'php')

let folder: string
let cluster: TestCluster
let kprf: KprfProcess

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'readme-snippets-'))
  cluster = await TestCluster.start({ brokers: 1, topics: { orders: { partitions: 1 } } })
  kprf = await startKprf(cluster.bootstrap, { 'kafka.topic_metadata_propagation_max_ms': 10 })
})

afterAll(async () => {
  await kprf.stop()
  await cluster.close()
  await rm(folder, { recursive: true })
})

/** Runs the program, and resolves to what it prints. */
async function run(change: (program: string) => string = (program) => program): Promise<string> {
  expect(programs).toHaveLength(1)
  const program = programs[0]?.text ?? ''
  expect(program).toContain(`http://127.0.0.1:${PORT}/push`)
  const moved = program.replace(PORT, String(kprf.pushPort))
  const { stdout } = await runProgram('php', change(moved), { folder })
  return stdout.trim()
}

describe('the program of the README', () => {
  test('stores its record', async () => {
    const before = cluster.records('orders').length

    expect(await run()).toBe('stored')

    const [record] = cluster.records('orders').slice(before)
    expect(String(record?.key)).toBe('42')
    expect(JSON.parse(String(record?.value))).toEqual({ total: 7 })
  })

  test('says what kprf says when that refuses', async () => {
    const output = await run((program) => program.replace('orders', 'no such topic'))

    expect(output).toMatch(/^failed: .*records\[0\]: topic must be/)
  })
})
