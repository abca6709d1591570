/** `http.propagate_trace` of a real process: consumers find the trace context of the request in its records. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { startKprf } from '../support/kprf-process.ts'

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const STATE = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'
const PAGE = 'https://app.example.com'

it.each([
  ['one process', {}],
  ['two workers', { workers: 2 }],
  ['a write-ahead log', { 'wal.enabled': 'true' }],
])('records have the trace context of their request in Kafka, with %s', async (_, settings) => {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-trace-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  const cluster = await TestCluster.start({ topics: { t: { partitions: 1 } } })
  onTestFinished(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, {
    ...{ 'http.propagate_trace': 'true', 'http.cors.origins': PAGE, 'wal.dir': folder },
    ...settings,
  })
  onTestFinished(() => kprf.destroy())
  const send = async (target: string, body: string): Promise<void> => {
    const headers = { 'Content-Type': 'a/b', traceparent: PARENT, tracestate: STATE }
    const url = `http://127.0.0.1:${kprf.pushPort}${target}`
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(200)
  }

  await send('/topics/t/raw?key=raw&header.a=1', 'v')
  await send('/topics/t/raw?key=own&header.traceparent=own', 'v')
  await send('/topics/t/ndjson?envelope=true&wait=false', '{"key":"line","data":"v"}\n')
  const preflight = await fetch(`http://127.0.0.1:${kprf.pushPort}/push`, {
    method: 'OPTIONS',
    headers: { Origin: PAGE, 'Access-Control-Request-Method': 'POST' },
  })
  await kprf.stop()

  const stored = cluster
    .records('t')
    .map(({ key, headers }) => [
      String(key),
      ...headers.map((header) => `${header.key}: ${String(header.value)}`),
    ])
  const trace = [`traceparent: ${PARENT}`, `tracestate: ${STATE}`]
  expect(stored.toSorted()).toEqual([
    ['line', ...trace],
    ['own', 'content-type: a/b', 'traceparent: own'],
    ['raw', 'content-type: a/b', 'a: 1', ...trace],
  ])
  expect(preflight.headers.get('access-control-allow-headers')).toMatch(
    /, traceparent, tracestate$/,
  )
})
