import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { expect, it, onTestFinished } from 'vitest'
import { type KprfSettings, startKprf } from '../support/kprf-process.ts'

const REPORTER = pathToFileURL(join(import.meta.dirname, '../support/report-requests.mjs')).href

interface Setup {
  readonly settings?: KprfSettings
  readonly environment?: Readonly<Record<string, string>>
  /** A configuration file. */
  readonly yaml?: string
}

it.each<[fact: string, setup: Setup, requests: number]>([
  ['nothing of pushes in the usual form, as it is', {}, 0],
  ['nothing of them in any of several workers', { settings: { workers: 2 } }, 0],
  [
    'all of them with http.fast_path false as a flag',
    { settings: { 'http.fast_path': 'false' } },
    3,
  ],
  ['all of them in all workers', { settings: { 'http.fast_path': 'false', workers: 2 } }, 3],
  ['all of them with it in the environment', { environment: { KPRF_HTTP_FAST_PATH: 'false' } }, 3],
  ['all of them with it in a file', { yaml: 'http:\n  fast_path: false\n' }, 3],
])('Node reads %s', async (_, { settings, environment, yaml }, requests) => {
  const cluster = await TestCluster.start()
  onTestFinished(() => cluster.close())
  const file = yaml === undefined ? {} : { config: configuration(yaml) }
  const flags = { ...settings, ...file }
  const kprf = await startKprf(cluster.bootstrap, flags, ['--import', REPORTER], environment)

  const replies = []
  for (let push = 0; push < 3; push += 1) {
    replies.push(
      await kprf.push({ records: [{ topic: 'orders', data: 'a' }], wait_for_send: push > 0 }),
    )
  }
  const { stderr } = await kprf.stop()

  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
  const counts = [...stderr.matchAll(/^requests (\d+)$/gm)].map(([, count]) => Number(count))
  expect(counts.length).toBeGreaterThan(Number(settings?.['workers'] ?? 0))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(requests)
})

function configuration(yaml: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-fast-path-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  const path = join(folder, 'kprf.yaml')
  writeFileSync(path, yaml)
  return path
}
