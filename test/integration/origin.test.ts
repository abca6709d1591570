import { afterEach, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { pushBody } from '../support/http-edge.ts'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { startKprf } from '../support/kprf-process.ts'
import { RawClient, type RawResponse } from '../support/raw-client.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const PAGE = 'https://app.example.com'
const BODY = pushBody({ topic: 't', data: 'd' }, { wait_for_send: true })

async function send(port: number, line: string, lines: readonly string[]): Promise<RawResponse> {
  const body = line.startsWith('POST') ? BODY : ''
  const head = [line, ...lines, 'Content-Type: application/json', `Content-Length: ${body.length}`]
  const client = new RawClient(port)
  try {
    return await client.write(`${head.join('\r\n')}\r\n\r\n${body}`).response()
  } finally {
    client.destroy()
  }
}

describe.each([1, 2])('with %i workers', (workers) => {
  it('hosts, pages and proxies are those of the configuration', async () => {
    const cluster = await TestCluster.start({ topics: { t: { partitions: 1 } } })
    closers.push(() => cluster.close())
    const kprf = await startKprf(cluster.bootstrap, {
      ...{ workers, 'http.hosts': 'kprf.example,*.internal' },
      ...{ 'http.cors.origins': PAGE, 'http.cors.allow_headers': 'X-Own' },
      ...{ 'http.cors.max_age_s': 60, 'http.trusted_proxies': '127.0.0.0/8' },
      ...{ 'http.max_connections_per_address': 1 },
    })
    closers.push(() => kprf.destroy())
    const [host, other] = ['Host: kprf.example:4242', 'Host: evil.example']
    const post = (...lines: string[]) => send(kprf.pushPort, 'POST /push HTTP/1.1', lines)
    const preflight = (origin: string) =>
      send(kprf.pushPort, 'OPTIONS /push HTTP/1.1', [
        ...[host, `Origin: ${origin}`, 'Access-Control-Request-Method: POST'],
      ])

    const pushed = await post(host, `Origin: ${PAGE}`)
    expect(pushed.status).toBe(200)
    expect(pushed.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect((await post('Host: a.internal')).status).toBe(200)
    expect(await post(other)).toMatchObject({ status: 421 })
    const allowed = await preflight(PAGE)
    expect(allowed.headers.get('access-control-allow-headers')).toMatch(/^Authorization.*, X-Own$/)
    expect(allowed.headers.get('access-control-max-age')).toBe('60')
    const refused = await preflight('https://evil.example')
    expect([...refused.headers.keys()].filter((name) => name.startsWith('access-'))).toEqual([])
    const wrong = await post(host, 'X-Forwarded-For: 203.0.113.5', 'Content-Encoding: compress')
    expect(wrong.status).toBe(415)

    expect(valuesOf(cluster, 't')).toEqual(['d', 'd'])
    await kprf.stop()
    expect(kprf.log).toContainEqual(
      expect.objectContaining({ msg: 'push refused', address: '203.0.113.5', error_code: 41502 }),
    )
    expect(kprf.log).toContainEqual(expect.objectContaining({ error_code: 42101 }))
  })
})

it('the operations port takes every host', async () => {
  const cluster = await TestCluster.start({ topics: {} })
  closers.push(() => cluster.close())
  const kprf = await startKprf(cluster.bootstrap, { 'http.hosts': 'kprf.example' })
  closers.push(() => kprf.destroy())

  expect((await kprf.metrics()).sum('kprf_http_client_errors_total')).toBe(0)
})
