import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { expect, it, onTestFinished } from 'vitest'
import { type KprfSettings, startKprf } from '../support/kprf-process.ts'

const REPORTER = pathToFileURL(join(import.meta.dirname, '../support/report-requests.mjs')).href

it.each<[fact: string, settings: KprfSettings, requests: number]>([
  ['nothing of pushes in the usual form, as it is', {}, 0],
  ['all of them with http.fast_path false', { 'http.fast_path': 'false' }, 3],
])('Node reads %s', async (_, settings, requests) => {
  const cluster = await TestCluster.start()
  onTestFinished(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, settings, ['--import', REPORTER])

  const replies = []
  for (let push = 0; push < 3; push += 1) {
    replies.push(
      await kprf.push({ records: [{ topic: 'orders', data: 'a' }], wait_for_send: push > 0 }),
    )
  }
  const { stderr } = await kprf.stop()

  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(/^requests (\d+)$/m.exec(stderr)?.[1]).toBe(String(requests))
})
