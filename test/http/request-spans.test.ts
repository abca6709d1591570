/** `http.otlp_endpoint`: each push has a span, and its records may have it as their parent. */
import { describe, expect, it } from 'vitest'
import type { RequestSpan } from '../../src/base/request-span.ts'
import { type Sent, serveDoor } from '../support/door.ts'
import { DEFAULT_SETTINGS, type EdgeOverrides } from '../support/http-edge.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT_ID = 'b7ad6b7169203331'
const PARENT = `00-${TRACE_ID}-${PARENT_ID}-01`
const JSON_HEADER = 'Content-Type: application/json'
const PUSH: Sent = { headers: [JSON_HEADER], body: '{"records":[{"topic":"t","data":"v"}]}' }
const PROPAGATING = { ...DEFAULT_SETTINGS, propagateTrace: true }
const HOOK = {
  ...{ path: '/hooks/a', topic: 'hooked', keyFrom: undefined, verify: undefined },
  ...{ answersChallenge: false, waits: true },
}

async function serve(overrides: EdgeOverrides = {}) {
  const spans: RequestSpan[] = []
  const door = await serveDoor({
    webhooks: { list: [HOOK], onDenied: () => undefined },
    spanRecorder: { record: (span) => spans.push(span) },
    ...overrides,
  })
  const spanOf = async (target: string, sent: Sent = {}): Promise<RequestSpan> => {
    const count = spans.length
    await door.send(target, sent)
    await expect.poll(() => spans.length).toBe(count + 1)
    const [span] = spans.slice(count)
    if (span === undefined) throw new Error('no span')
    return span
  }
  const traceOfRecord = () =>
    (door.edge.producer.records.at(-1)?.headers ?? [])
      .filter(({ key }) => key.startsWith('trace'))
      .map(({ key, value }) => `${key}: ${String(value)}`)
  return { ...door, spans, spanOf, traceOfRecord }
}

describe('the span of a push has its method, route, status and topic', () => {
  it.each<[string, string, string | undefined, string | undefined, Sent]>([
    ['/push', '/push', '/push', undefined, PUSH],
    ['raw bodies', '/topics/t/raw', '/topics/:topic/raw', 't', { body: 'v' }],
    ['a PUT', '/topics/t/raw', '/topics/:topic/raw', 't', { method: 'PUT', body: 'v' }],
    ['lines of JSON', '/topics/t/ndjson', '/topics/:topic/ndjson', 't', { body: '1\n' }],
    [
      ...(['events', '/topics/t/events', '/topics/:topic/events', 't'] as const),
      { headers: ['ce-specversion: 1.0', 'ce-id: 1', 'ce-source: /s', 'ce-type: t'] },
    ],
    // Nobody else knows the path of a webhook that is not signed.
    ['webhooks', '/hooks/a', undefined, 'hooked', { body: 'v' }],
    [
      ...(['the Confluent REST Proxy (v2)', '/topics/t', '/topics/:topic', 't'] as const),
      {
        headers: ['Content-Type: application/vnd.kafka.json.v2+json'],
        body: '{"records":[{"value":1}]}',
      },
    ],
    [
      'the Confluent REST Proxy (v3)',
      '/v3/clusters/c/topics/t/records:batch',
      '/v3/clusters/:cluster/topics/:topic/records:batch',
      't',
      {
        headers: [JSON_HEADER],
        body: '{"entries":[{"id":"a","value":{"type":"JSON","data":1}}]}',
      },
    ],
  ])('through %s', async (_, target, route, topic, sent) => {
    const { spanOf } = await serve()

    const headers = [...(sent.headers ?? []), 'X-Request-Id: id-1']
    const span = await spanOf(target, { ...sent, headers })

    expect(span).toMatchObject({ method: sent.method ?? 'POST', requestId: 'id-1' })
    expect(span.status).toBeOneOf([200, 207])
    expect([span.route, span.topic, span.error]).toEqual([route, topic, undefined])
    expect(span.endMs).toBeGreaterThanOrEqual(span.startMs)
  })
})

describe('the span of a push that fails', () => {
  it.each<[string, string, Sent, number, string]>([
    ['names the error of the client', '/push', { ...PUSH, body: '{' }, 400, 'INVALID_JSON'],
    ['has no topic that is no name of one', '/topics/a%20b/raw', {}, 422, 'INVALID_TOPIC'],
  ])('%s', async (_, target, sent, status, error) => {
    const { spanOf } = await serve()

    expect(await spanOf(target, sent)).toMatchObject({ status, error, topic: undefined })
  })

  it('is there for one that the gate refuses', async () => {
    const { spanOf } = await serve({ isDraining: () => true })

    const span = await spanOf('/push', PUSH)

    expect(span).toMatchObject({ status: 503, error: 'PRODUCER_DRAINING' })
  })
})

describe('the span of a push', () => {
  it('is the child of that of the client', async () => {
    const { spanOf } = await serve()

    const span = await spanOf('/topics/t/raw', {
      headers: [`traceparent: ${PARENT}`, 'tracestate: a=1'],
    })

    expect(span).toMatchObject({ traceId: TRACE_ID, parentId: PARENT_ID, traceState: 'a=1' })
    expect(span.spanId).toMatch(/^[0-9a-f]{16}$/)
    expect(span.spanId).not.toBe(PARENT_ID)
  })

  it.each([
    ['without a traceparent', []],
    ['with one that is not valid', ['traceparent: 00-1-1-01']],
  ])('%s begins a trace', async (_, headers) => {
    const { spanOf } = await serve()

    const first = await spanOf('/topics/t/raw', { headers })
    const second = await spanOf('/topics/t/raw', { headers })

    expect(first.parentId).toBeUndefined()
    expect(first.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(second.traceId).not.toBe(first.traceId)
  })

  it('is not made if the client does not record its trace, and its records have its context', async () => {
    const parent = `00-${TRACE_ID}-${PARENT_ID}-00`
    const { send, spanOf, spans, traceOfRecord } = await serve({ settings: PROPAGATING })

    await send('/topics/t/raw', { headers: [`traceparent: ${parent}`] })
    expect(traceOfRecord()).toEqual([`traceparent: ${parent}`])
    await spanOf('/topics/t/raw')

    expect(spans.length).toBe(1)
  })

  it('is not made for a request that pushes nothing', async () => {
    const { send, spanOf, spans } = await serve()

    expect((await send('/openapi.json', { method: 'GET' })).status).toBe(200)
    await spanOf('/topics/t/raw')

    expect(spans.length).toBe(1)
  })
})

describe('with http.propagate_trace', () => {
  it.each<[string, Sent]>([
    ['/push', PUSH],
    ['/topics/t/raw', {}],
    ['/topics/t/ndjson', { body: '1\n' }],
  ])('the span is the parent of its records: %s', async (target, sent) => {
    const { spanOf, traceOfRecord } = await serve({ settings: PROPAGATING })
    const headers = [JSON_HEADER, `traceparent: 00-${TRACE_ID}-${PARENT_ID}-03`, 'tracestate: a=1']

    const { spanId } = await spanOf(target, { ...sent, headers })

    expect(traceOfRecord()).toEqual([`traceparent: 00-${TRACE_ID}-${spanId}-03`, 'tracestate: a=1'])
  })

  it('also if the records arrive one by one', async () => {
    const { edge, spans, traceOfRecord } = await serve({ settings: PROPAGATING })

    const reply = await fetch(`http://127.0.0.1:${edge.port}/v3/clusters/c/topics/t/records`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', traceparent: PARENT },
      body: '{"value":{"type":"JSON","data":1}}',
    })
    await reply.text()
    await expect.poll(() => spans.length).toBe(1)

    expect(spans[0]).toMatchObject({ topic: 't', status: 200 })
    expect(traceOfRecord()).toEqual([`traceparent: 00-${TRACE_ID}-${spans[0]?.spanId ?? ''}-01`])
  })

  it('also if the client has no trace', async () => {
    const { spanOf, traceOfRecord } = await serve({ settings: PROPAGATING })

    const { traceId, spanId } = await spanOf('/topics/t/raw')

    expect(traceOfRecord()).toEqual([`traceparent: 00-${traceId}-${spanId}-01`])
  })
})

it('without http.propagate_trace, records are not told of the span', async () => {
  const { spanOf, traceOfRecord } = await serve()

  await spanOf('/topics/t/raw', { headers: [`traceparent: ${PARENT}`] })

  expect(traceOfRecord()).toEqual([])
})
