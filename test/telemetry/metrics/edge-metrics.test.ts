import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { EdgeMetrics } from '../../../src/telemetry/metrics/edge-metrics.ts'
import { RequestMetrics } from '../../../src/telemetry/metrics/request-metrics.ts'

const makeEdge = (registry: Registry, state = { active: 0, idle: 0, replyBytes: 0 }): EdgeMetrics =>
  new EdgeMetrics(registry, () => state, new RequestMetrics(registry))

describe('EdgeMetrics', () => {
  it('counts what clients do wrong by code, and dropped connections by reason', async () => {
    const registry = new Registry()
    const metrics = makeEdge(registry, { active: 2, idle: 3, replyBytes: 4 })

    metrics.clientFailed('aborted')
    metrics.clientFailed('aborted')
    metrics.connectionDropped('limit')
    const text = await registry.metrics()

    expect(text).toContain('kprf_http_client_errors_total{code="aborted"} 2\n')
    expect(text).toContain('kprf_http_aborted_total 2\n')
    expect(text).toContain('kprf_http_connections_dropped_total{reason="limit"} 1\n')
  })

  it('has each reason from the start, so that the first one shows as an increase', async () => {
    const registry = new Registry()
    makeEdge(registry)

    const text = await registry.metrics()

    for (const reason of ['limit', 'address_limit', 'idle_evicted', 'idle_timeout']) {
      expect(text).toContain(`kprf_http_connections_dropped_total{reason="${reason}"} 0\n`)
    }
  })

  it('reads the open connections at each scrape', async () => {
    const registry = new Registry()
    let state = { active: 0, idle: 0, replyBytes: 0 }
    new EdgeMetrics(registry, () => state, new RequestMetrics(registry))
    await registry.metrics()

    state = { active: 2, idle: 3, replyBytes: 4 }
    const text = await registry.metrics()

    expect(text).toContain('kprf_http_connections{state="active"} 2\n')
    expect(text).toContain('kprf_http_connections{state="idle"} 3\n')
    expect(text).toContain('kprf_http_reply_bytes 4\n')
  })
})
