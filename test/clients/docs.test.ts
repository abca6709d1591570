/**
 * The commands and programs of every page, word for word but for ports: each ends with 0, and a command has the reply
 * that the page shows behind it. What a page shows as a push is taken. A page whose blocks need more says in a comment
 * what runs them; `test/docs` holds that every block is here, or there.
 */
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { problemsOf, RUN } from '../docs/checks.ts'
import { allPages, type Block, ROOT } from '../docs/pages.ts'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'
import { runProgram } from './support/programs.ts'

const pages = allPages()
const blocks = pages.flatMap((page) => page.blocks)
const programs = blocks
  .filter((block) => RUN.has(block.language) && block.marker === undefined)
  .filter((block) => problemsOf(block).length === 0)
  .map((block) => ({ ...block, reply: replyBehind(block) }))
const pushes = blocks.filter((block) => block.marker === undefined && isPush(block))
/** Files that commands on the pages read. */
const FILES = ['config_example.yaml', 'config_rust_example.yaml']

let folder: string
let cluster: TestCluster
let kprf: KprfProcess

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docs-'))
  for (const name of FILES) await copyFile(join(ROOT, name), join(folder, name))
  // The command of an installed kprf.
  const main = join(ROOT, 'src/main.ts')
  await writeFile(
    join(folder, 'kprf'),
    `#!/bin/sh\nexec '${process.execPath}' --conditions=kprf-source '${main}' "$@"\n`,
  )
  await chmod(join(folder, 'kprf'), 0o755)
  cluster = await TestCluster.start({ brokers: 1, topics: { orders: { partitions: 1 } } })
  kprf = await startKprf(cluster.bootstrap)
})

afterAll(async () => {
  await kprf.destroy()
  await cluster.close()
  await rm(folder, { recursive: true })
})

/** The JSON that follows on a block at once: what its command prints. */
function replyBehind({ place, text }: Block): unknown {
  const page = pages.find(({ path }) => place.startsWith(`${path}:`))
  const [, behind = ''] = page?.text.split(`${text}\`\`\`\n`) ?? []
  const [, json] = /^\n*```json\n(.*?)^```$/ms.exec(behind) ?? []
  return json === undefined || !/^\n*```json/.test(behind) ? undefined : JSON.parse(json)
}

function isPush({ language, text }: Block): boolean {
  if (language !== 'json') return false
  const value = JSON.parse(text) as unknown
  return typeof value === 'object' && value !== null && 'records' in value
}

/** What two replies have in common: names, texts of one word, and the kinds of all other values. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, name === 'status' ? part : shapeOf(part)]),
  )
}

test.each(programs)('$place ($language) ends well', async ({ language, text, reply }) => {
  const before = cluster.records('orders').length
  const moved = text
    .replaceAll('127.0.0.1:4242', `127.0.0.1:${kprf.pushPort}`)
    .replaceAll(/(?:127\.0\.0\.1|localhost):8088/g, `127.0.0.1:${kprf.operationsPort}`)
    .replaceAll('127.0.0.1:9092', cluster.bootstrap)

  const { stdout, stderr, exitCode } = await runProgram(language, moved, {
    folder,
    path: folder,
  })

  expect([exitCode, stderr]).toEqual([0, ''])
  if (reply !== undefined) expect(shapeOf(JSON.parse(stdout))).toEqual(shapeOf(reply))
  expect(stdout).not.toContain('"status":"error"')
  if (text.includes(':4242/push'))
    await expect.poll(() => cluster.records('orders').length).toBeGreaterThan(before)
})

test.each(pushes)('$place is a push that is taken', async ({ text }) => {
  const reply = await fetch(`http://127.0.0.1:${kprf.pushPort}/push`, {
    ...{ method: 'POST', body: text, headers: { 'Content-Type': 'application/json' } },
  })

  expect(await reply.json()).toMatchObject({ status: 'ok', errors: [] })
})

test('there are commands and programs to run', () => {
  expect(programs.length).toBeGreaterThan(3)
})
