/**
 * The programs of docs/clients, word for word but for the port, through a proxy that misbehaves: each stores every record
 * once, in order, on as few connections as that takes, and repeats nothing that a repeat does not help. Pages: php.md,
 * guzzle.md, python.md, node.md, go.md, shell.md.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { type Block, readPage } from '../docs/pages.ts'
import type { CommandResult } from '../support/kprf-command.ts'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'
import { FaultyFront, RETRY_AFTER_S, type SeenPush } from './support/faulty-front.ts'
import { runProgram } from './support/programs.ts'

const blocksOf = (name: string): readonly Block[] => readPage(`docs/clients/${name}.md`).blocks
const PROGRAMS = ['php', 'guzzle', 'python', 'node', 'go'].flatMap(blocksOf)
const [oneRecord, wholeFile, parts] = blocksOf('shell')
const ORDERS = Array.from({ length: 250 }, (_, order) => String(order))

let folder: string
let cluster: TestCluster
let kprf: KprfProcess
let front: FaultyFront
let firstOffset: number

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'client-pages-'))
  cluster = await TestCluster.start({ brokers: 1, topics: { orders: { partitions: 1 } } })
  kprf = await startKprf(cluster.bootstrap, { 'kafka.topic_metadata_propagation_max_ms': 10 })
  front = new FaultyFront(kprf.pushPort)
  await front.start()
})

beforeEach(() => {
  firstOffset = cluster.records('orders').length
})

afterAll(async () => {
  front.close()
  await kprf.destroy()
  await cluster.close()
  await rm(folder, { recursive: true })
})

const stored = () => cluster.records('orders').slice(firstOffset)

/** Runs a program on the front, after a change. */
async function run(
  block: Block | undefined,
  change: (program: string) => string = (program) => program,
): Promise<CommandResult> {
  if (block === undefined) throw new Error('the page has no such block')
  const moved = block.text.replaceAll('4242', String(front.port))
  return await runProgram(block.language, change(moved), { folder })
}

/** The keys of the pushes, with an equal number for equal ones. */
function keysOf(seen: readonly SeenPush[]): readonly number[] {
  const keys = [...new Set(seen.map(({ key }) => key))]
  expect(keys).not.toContain(undefined)
  return seen.map(({ key }) => keys.indexOf(key))
}

function expectPauseAfterFirst(): void {
  const [first, second] = front.seen
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(RETRY_AFTER_S * 1_000)
}

test('the pages have a program in each of these languages, and three for a shell', () => {
  expect(PROGRAMS.map(({ language }) => language)).toEqual([
    ...['php', 'php', 'python', 'python', 'js', 'go'],
  ])
  expect(parts?.language).toBe('sh')
})

describe.each(PROGRAMS)('$place ($language)', (block) => {
  test('stores each record once, although some were refused and an answer was lost', async () => {
    front.expect('partial', 'cut')

    const { stdout, stderr, exitCode } = await run(block)

    expect({ exitCode, stderr, stdout }).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: 'stored 250\n',
    })
    expect(stored().map(({ key }) => String(key))).toEqual(ORDERS)
    expect(new Set(stored().map(({ value }) => JSON.stringify(JSON.parse(String(value)))))).toEqual(
      new Set(['{"total":7}']),
    )
    // The rest of the first batch has another key, its repeat the same, and the other two batches their own.
    expect(keysOf(front.seen)).toEqual([0, 1, 1, 2, 3])
    expectPauseAfterFirst()
    // One until the cut, and one after it. The fetch of Node may open a second one before it has put the first back.
    expect(front.connections).toBeLessThanOrEqual(block.language === 'js' ? 3 : 2)
  })

  test('repeats a push that a balancer answered, in HTML', async () => {
    front.expect('balancer')

    const { stdout, stderr } = await run(block)

    expect([stderr, stdout]).toEqual(['', 'stored 250\n'])
    expect(stored().map(({ key }) => String(key))).toEqual(ORDERS)
    expect(front.seen).toHaveLength(4)
  })

  test('sends nothing twice that kprf refuses for good, and says why', async () => {
    front.expect()

    const { stdout, stderr, exitCode } = await run(block, (program) =>
      program.replaceAll(/(["'])orders\1/g, '$1no such topic$1'),
    )

    expect(exitCode).not.toBe(0)
    expect(stdout + stderr).toMatch(/422 .*records\[0\]: topic must be/)
    expect(front.seen).toHaveLength(1)
    expect(stored()).toEqual([])
  })
})

describe('docs/clients/shell.md', () => {
  test('stores a record once, although it was refused and an answer was lost', async () => {
    front.expect('refused', 'cut')

    const { stderr, exitCode } = await run(oneRecord)

    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stored().map(({ key, value }) => [String(key), String(value)])).toEqual([
      ['42', '{"total": 7}'],
    ])
    expect(keysOf(front.seen)).toEqual([0, 0, 0])
    expectPauseAfterFirst()
  })

  test('repeats a push that a balancer answered, in HTML', async () => {
    front.expect('balancer')

    const { stderr, exitCode } = await run(oneRecord)

    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stored()).toHaveLength(1)
    expect(front.seen).toHaveLength(2)
  })

  test('sends nothing twice that kprf refuses for good, and says why', async () => {
    front.expect()

    const { stderr, exitCode } = await run(oneRecord, (program) =>
      program.replace('orders', 'no%20such%20topic'),
    )

    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/not stored: .*topic must be/)
    expect(front.seen).toHaveLength(1)
  })

  test('stores each line of a file', async () => {
    front.expect()

    const { stdout, exitCode } = await run(wholeFile)

    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ status: 'ok', lines: 1_000, produced: 1_000 })
    expect(stored()).toHaveLength(1_000)
    expect(String(stored().at(-1)?.value)).toBe('{"order": 1000}')
  })

  test('stores each line of the parts of a file once, although an answer was lost', async () => {
    front.expect('cut')

    const { stderr, exitCode } = await run(parts)

    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stored().map(({ value }) => String(value))).toEqual(
      ORDERS.map((order) => `{"order": ${Number(order) + 1}}`),
    )
    expect(keysOf(front.seen)).toEqual([0, 0, 1, 2])
  })
})
