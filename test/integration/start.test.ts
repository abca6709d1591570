import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startKprf } from '../support/kprf-process.ts'

const REPORTER = pathToFileURL(join(import.meta.dirname, '../support/report-loaded.mjs')).href

interface Loaded {
  readonly isMainThread: boolean
  readonly modules: readonly string[]
}

/** What most processes never need, and what makes a start slow. */
const HEAVY =
  /internal\/deps\/undici|NativeModule (tls|https)$|node_modules\/(yaml|jose|@opentelemetry\/(sdk|exporter|resources))|kafkajs\/src\/(consumer|admin)\/index|prom-client\/lib\/pushgateway|src\/cli\/(doctor\/|wal\/|tail)|src\/workers\/primary/

test('a start with the default settings loads nothing that it does not use, in either thread', async () => {
  const kprf = await startKprf('127.0.0.1:1', {}, ['--import', REPORTER])
  const { stderr } = await kprf.stop()

  const threads = stderr
    .split('\n')
    .filter((line) => line.startsWith('loaded '))
    .map((line) => JSON.parse(line.slice('loaded '.length)) as Loaded)
  expect(threads.map(({ isMainThread }) => isMainThread).sort()).toEqual([false, true])
  for (const { isMainThread, modules } of threads) {
    expect(modules).toContain('NativeModule http')
    expect(modules.some((name) => name.includes('/express/'))).toBe(isMainThread)
    expect(modules.filter((name) => HEAVY.test(name))).toEqual([])
  }
})
