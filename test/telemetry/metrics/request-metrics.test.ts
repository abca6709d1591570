import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { RequestMetrics } from '../../../src/telemetry/metrics/request-metrics.ts'
import { type Exposition, parseExposition, valueOf } from './parse-exposition.ts'

const makeRequests = () => {
  const registry = new Registry()
  const requests = new RequestMetrics(registry)
  const scrape = async (): Promise<Exposition> => parseExposition(await registry.metrics())
  return { requests, scrape }
}

describe('RequestMetrics', () => {
  it('counts answers by method, route and status, and their durations by route and class of status', async () => {
    const { requests, scrape } = makeRequests()
    for (const [method, status] of [
      ['POST', 200],
      ['POST', 204],
      ['PUT', 200],
      ['POST', 499],
    ] as const) {
      requests.began()
      requests.answered(method, '/push', status, 20)
    }

    const exposition = await scrape()
    const count = (method: string, code: string): number | undefined =>
      valueOf(exposition, 'kprf_http_requests_total', { method, route: '/push', code })
    expect([count('POST', '200'), count('POST', '204'), count('PUT', '200')]).toEqual([1, 1, 1])
    expect(count('POST', '499')).toBe(1)
    const ofClass = (part: string, codeClass: string): number | undefined =>
      valueOf(exposition, `kprf_http_request_duration_seconds_${part}`, {
        route: '/push',
        code_class: codeClass,
      })
    expect(ofClass('count', '2xx')).toBe(3)
    expect(ofClass('count', '4xx')).toBe(1)
    expect(ofClass('sum', '4xx')).toBe(0.02)
  })

  it('has no route for requests that reached none, and no duration of them', async () => {
    const { requests, scrape } = makeRequests()
    requests.refused('GET', 404)
    requests.refused('GET', 404)

    const exposition = await scrape()
    const labels = { method: 'GET', route: 'none', code: '404' }
    expect(valueOf(exposition, 'kprf_http_requests_total', labels)).toBe(2)
    const durations = exposition.samples.filter(({ name }) => name.includes('duration'))
    expect(durations).toEqual([])
  })

  it('puts methods that clients may invent under one name', async () => {
    const { requests, scrape } = makeRequests()
    for (const method of ['PROPFIND', 'M-SEARCH', 'PROPFIND', '']) requests.refused(method, 405)

    const { samples } = await scrape()
    expect(samples.filter(({ name }) => name === 'kprf_http_requests_total')).toEqual([
      expect.objectContaining({
        labels: { method: 'other', route: 'none', code: '405' },
        value: 4,
      }),
    ])
  })

  it('knows how many requests are not answered', async () => {
    const { requests, scrape } = makeRequests()
    requests.began()
    requests.began()
    requests.answered('POST', '/push', 200, 1)

    expect(valueOf(await scrape(), 'kprf_http_inflight_requests')).toBe(1)
  })

  it('knows how many are waited for before they are served', async () => {
    const { requests, scrape } = makeRequests()
    requests.awaited(true)
    requests.awaited(true)
    requests.awaited(false)

    expect(valueOf(await scrape(), 'kprf_http_inflight_requests')).toBe(1)
  })

  it('counts bodies by their size', async () => {
    const { requests, scrape } = makeRequests()
    for (const bytes of [256, 257, 5_000_000]) requests.bodyRead(bytes)

    const exposition = await scrape()
    const bucket = (le: string): number | undefined =>
      valueOf(exposition, 'kprf_http_request_body_bytes_bucket', { le })
    expect([bucket('256'), bucket('1024'), bucket('4194304'), bucket('+Inf')]).toEqual([1, 2, 2, 3])
  })
})
