/** `http.otlp_endpoint` of a real process: a span of each push arrives at a collector. */
import { afterEach, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { type KprfProcess, type KprfSettings, startKprf } from '../support/kprf-process.ts'
import { startCommandWith } from '../support/kprf-command.ts'
import { startCollector } from '../support/otlp-collector.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT_ID = 'b7ad6b7169203331'
const PRODUCER_KIND = 4
const ERROR_CODE = 2
const FAILING =
  'spans cannot be sent, and are lost until they can; pushes go on: see that http.otlp_endpoint accepts OTLP over HTTP'
const POLL = { timeout: 20_000 }

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function start(settings: KprfSettings, nodeFlags: readonly string[] = []) {
  const cluster = await TestCluster.start({ topics: { t: { partitions: 1 } } })
  closers.push(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, settings, nodeFlags)
  closers.push(() => kprf.destroy())
  return { cluster, kprf }
}

async function send(kprf: KprfProcess, headers: Readonly<Record<string, string>> = {}) {
  const url = `http://127.0.0.1:${kprf.pushPort}/topics/t/raw`
  return (await fetch(url, { method: 'POST', headers, body: 'v' })).status
}

it.each([
  ['one process', {}],
  ['two workers', { workers: 2 }],
])('spans of pushes arrive, and records name them as their parents, with %s', async (_, more) => {
  const collector = await startCollector()
  const settings = { 'http.otlp_endpoint': collector.url, 'http.propagate_trace': 'true', ...more }
  const { cluster, kprf } = await start(settings)
  const parent = `00-${TRACE_ID}-${PARENT_ID}-01`
  const startedMs = Date.now()

  const statuses = [
    await send(kprf, { traceparent: parent, tracestate: 'a=1', 'X-Request-Id': 'first' }),
    await send(kprf, { 'Content-Encoding': 'none-known' }),
  ]
  expect(statuses).toEqual([200, 415])
  await expect.poll(() => collector.spans.length, POLL).toBe(2)

  const sent = collector.spans.find(({ status }) => status.code !== ERROR_CODE)
  const failed = collector.spans.find(({ status }) => status.code === ERROR_CODE)
  expect(sent).toMatchObject({
    ...{ name: 'send t', kind: PRODUCER_KIND, traceId: TRACE_ID, parentSpanId: PARENT_ID },
    traceState: 'a=1',
    attributes: {
      'messaging.system': 'kafka',
      'messaging.destination.name': 't',
      'http.response.status_code': 200,
      'kprf.request_id': 'first',
    },
  })
  expect(sent?.resource).toMatchObject({ 'service.name': 'kprf' })
  expect(sent?.resource['service.instance.id']).toMatch(/^[0-9a-f-]{36}$/)
  expect(failed?.attributes).toMatchObject({ 'http.response.status_code': 415 })
  for (const { startTimeUnixNano, endTimeUnixNano } of collector.spans) {
    const startMs = Number(BigInt(startTimeUnixNano) / 1_000_000n)
    const endMs = Number(BigInt(endTimeUnixNano) / 1_000_000n)
    expect(startMs).toBeLessThanOrEqual(endMs)
    expect(endMs).toBeGreaterThanOrEqual(startedMs - 1)
    expect(endMs).toBeLessThanOrEqual(Date.now() + 1)
  }
  const headers = cluster.records('t').flatMap((record) => record.headers)
  const traceparent = headers.find(({ key }) => key === 'traceparent')?.value
  expect(String(traceparent)).toBe(`00-${TRACE_ID}-${String(sent?.spanId)}-01`)
})

it('spans of the last pushes arrive when kprf is stopped', async () => {
  const collector = await startCollector()
  const { kprf } = await start({ 'http.otlp_endpoint': collector.url })

  for (let count = 0; count < 5; count++) expect(await send(kprf)).toBe(200)
  const { exitCode } = await kprf.stop()

  expect(exitCode).toBe(0)
  expect(collector.spans.length).toBe(5)
})

it('pushes go on while the collector refuses spans, of which there is one warning', async () => {
  const collector = await startCollector()
  collector.status = 400
  const { kprf } = await start({ 'http.otlp_endpoint': collector.url })

  for (let count = 1; count <= 3; count++) {
    expect(await send(kprf)).toBe(200)
    await expect.poll(() => collector.requests.length, POLL).toBe(count)
  }
  await kprf.logged(FAILING)
  collector.status = 200
  expect(await send(kprf)).toBe(200)
  const recovered = await kprf.logged('spans are sent again')
  const { exitCode, log } = await kprf.stop()

  expect(recovered['spans_lost']).toBe(3)
  expect(exitCode).toBe(0)
  expect(log.filter(({ level }) => level === 'warn').map(({ msg }) => msg)).toEqual(
    expect.arrayContaining([FAILING]),
  )
  expect(log.filter(({ msg }) => msg === FAILING).length).toBe(1)
  expect(collector.spans.length).toBe(1)
})

it('a collector that is not there keeps kprf neither from pushes nor from its end', async () => {
  // Nothing listens on this port, which the system gives to nobody.
  const { kprf } = await start({ 'http.otlp_endpoint': 'http://127.0.0.1:1/v1/traces' })

  for (let count = 0; count < 5; count++) expect(await send(kprf)).toBe(200)
  const { exitCode, log } = await kprf.stop()

  expect(exitCode).toBe(0)
  expect(log.filter(({ msg }) => msg === 'spans were lost')).toMatchObject([
    { level: 'warn', spans_lost: 5 },
  ])
})

/** Writes each package of OpenTelemetry that is loaded to stderr. */
const WATCH = `--import=data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  registerHooks({
    load(url, context, next) {
      const name = /node_modules.(@opentelemetry.[^/]+)/.exec(url)?.[1]
      if (name) process.stderr.write(name + '\\n')
      return next(url, context)
    },
  })
`)}`

async function packagesLoaded(settings: KprfSettings): Promise<readonly string[]> {
  const { kprf } = await start(settings, [WATCH])
  expect(await send(kprf)).toBe(200)
  const { stderr } = await kprf.stop()
  return [...new Set(stderr.split('\n').filter((line) => line.startsWith('@')))].sort()
}

/** In Node.js 22, a hook of modules breaks packages that are CommonJS. */
const hasHooks = Number(process.versions.node.split('.', 1)[0]) >= 24

it.runIf(hasHooks)(
  'without the key nothing of it is loaded but what prom-client loads',
  async () => {
    const collector = await startCollector()

    expect(await packagesLoaded({})).toEqual(['@opentelemetry/api'])
    expect(await packagesLoaded({ 'http.otlp_endpoint': collector.url })).toEqual(
      expect.arrayContaining([
        '@opentelemetry/exporter-trace-otlp-http',
        '@opentelemetry/sdk-trace',
      ]),
    )
  },
)

it.runIf(hasHooks)(
  'a start that fails for another reason than the configuration ends with 1',
  async () => {
    const hook =
      "import { registerHooks } from 'node:module';" +
      "registerHooks({ resolve: (name, context, next) => { if (name.startsWith('@opentelemetry/sdk')) throw new Error('it is broken'); return next(name, context) } })"
    const command = startCommandWith(
      [`--import=data:text/javascript,${encodeURIComponent(hook)}`],
      ...['--kafka.brokers=127.0.0.1:1', '--http.port=0', '--http.metrics_port=0'],
      ...['--http.host=127.0.0.1', '--http.otlp_endpoint=http://127.0.0.1:1/v1/traces'],
    )

    const { exitCode, stdout } = await command.ended

    expect(exitCode).toBe(1)
    expect(stdout).toContain('"not started"')
    expect(stdout).toContain('it is broken')
  },
)
