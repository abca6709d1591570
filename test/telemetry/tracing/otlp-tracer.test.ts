import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import { expect, it, vi } from 'vitest'
import type { RequestSpan } from '../../../src/base/request-span.ts'
import { OtlpTracer } from '../../../src/telemetry/tracing/otlp-tracer.ts'
import { ReportingExporter } from '../../../src/telemetry/tracing/reporting-exporter.ts'

const SPAN: RequestSpan = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: '00f067aa0ba902b7',
  parentId: undefined,
  traceState: undefined,
  startMs: 1_700_000_000_000.25,
  endMs: 1_700_000_000_001,
  topic: 'orders',
  method: 'POST',
  route: '/topics/:topic/raw',
  status: 200,
  error: undefined,
  requestId: 'id-1',
}

/** Keeps what is exported, and answers when it is told to. */
class FakeExporter implements SpanExporter {
  readonly spans: ReadableSpan[] = []
  result: ExportResult | undefined = { code: ExportResultCode.SUCCESS }

  export(spans: ReadableSpan[], onResult: (result: ExportResult) => void): void {
    this.spans.push(...spans)
    if (this.result) onResult(this.result)
  }

  shutdown(): Promise<void> {
    return Promise.resolve()
  }
}

const FAILURE = { code: ExportResultCode.FAILED, error: new Error('refused') }

function listen() {
  const heard: unknown[] = []
  const listener = {
    onFailed: (reason: string) => heard.push(reason),
    onRecovered: (lost: number) => heard.push(lost),
  }
  return { heard, listener }
}

async function exported(...spans: readonly RequestSpan[]): Promise<readonly ReadableSpan[]> {
  const exporter = new FakeExporter()
  const { listener } = listen()
  const options = { url: 'http://127.0.0.1:1', version: '1.2.3', instanceId: 'i', listener }
  const tracer = new OtlpTracer(options, exporter)
  for (const span of spans) tracer.record(span)
  await tracer.close()
  expect(tracer.unsent).toBe(0)
  return exporter.spans
}

it('a span has the ids, times and attributes of its request', async () => {
  const [span] = await exported(SPAN)

  expect(span).toMatchObject({
    name: 'send orders',
    kind: SpanKind.PRODUCER,
    startTime: [1_700_000_000, 250_000],
    endTime: [1_700_000_000 + 0, 1_000_000],
    status: { code: SpanStatusCode.UNSET },
    parentSpanContext: undefined,
  })
  expect(span?.spanContext()).toMatchObject({ traceId: SPAN.traceId, spanId: SPAN.spanId })
  expect(span?.attributes).toEqual({
    'messaging.system': 'kafka',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'orders',
    'http.request.method': 'POST',
    'http.route': '/topics/:topic/raw',
    'http.response.status_code': 200,
    'kprf.request_id': 'id-1',
  })
})

it('a span names what sends it', async () => {
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=test')
  vi.stubEnv('OTEL_SERVICE_NAME', 'orders-proxy')
  const [named] = await exported(SPAN)
  vi.unstubAllEnvs()
  const [span] = await exported(SPAN)

  const own = { 'service.version': '1.2.3', 'service.instance.id': 'i' }
  expect(span?.resource.attributes).toMatchObject({ ...own, 'service.name': 'kprf' })
  expect(named?.resource.attributes).toMatchObject({
    ...{ ...own, 'service.name': 'orders-proxy', 'deployment.environment.name': 'test' },
  })
})

it('a span of a client’s trace is the child of its span, with its tracestate', async () => {
  const [span] = await exported({ ...SPAN, parentId: 'b7ad6b7169203331', traceState: 'a=1' })

  expect(span?.parentSpanContext).toMatchObject({ spanId: 'b7ad6b7169203331', isRemote: true })
  expect(span?.spanContext()).toMatchObject({ traceId: SPAN.traceId, spanId: SPAN.spanId })
  expect(span?.spanContext().traceState?.serialize()).toBe('a=1')
})

it('a span without a topic is a send, and one of a failure has the status of an error', async () => {
  const error = 'QUEUE_FULL'
  const [span] = await exported({ ...SPAN, topic: undefined, route: undefined, status: 503, error })

  expect(span).toMatchObject({ name: 'send', status: { code: SpanStatusCode.ERROR } })
  expect(span?.attributes).toMatchObject({ 'http.response.status_code': 503, 'error.type': error })
  expect(Object.keys(span?.attributes ?? {})).not.toContain('messaging.destination.name')
  expect(Object.keys(span?.attributes ?? {})).not.toContain('http.route')
})

it('only the first failure is told, and the recovery with the number of spans lost', () => {
  const exporter = new FakeExporter()
  const { heard, listener } = listen()
  const reporting = new ReportingExporter(exporter, listener, 10)
  const send = (result: ExportResult): void => {
    exporter.result = result
    expect(reporting.admit()).toBe(true)
    reporting.export([{} as ReadableSpan], () => undefined)
  }

  const several = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' })
  const results = [{ code: ExportResultCode.SUCCESS }, FAILURE, FAILURE]
  for (const result of results) send(result)
  expect(reporting.unsent).toBe(2)
  send({ code: ExportResultCode.SUCCESS })
  send({ code: ExportResultCode.FAILED, error: several })

  expect(heard).toEqual(['refused', 2, 'ECONNREFUSED'])
})

it('spans beyond the room are lost, and a success while it is nearly full is no recovery', () => {
  const exporter = new FakeExporter()
  const { heard, listener } = listen()
  const reporting = new ReportingExporter(exporter, listener, 4)
  const spans = (count: number) => Array.from({ length: count }, () => ({}) as ReadableSpan)

  const admitted = [1, 2, 3, 4, 5, 6].filter(() => reporting.admit())
  reporting.export(spans(1), () => undefined)
  expect(heard).toEqual(['there are more spans than are sent, and 4 wait'])
  expect(reporting.unsent).toBe(5)
  reporting.export(spans(1), () => undefined)

  expect(admitted).toEqual([1, 2, 3, 4])
  expect(heard.slice(1)).toEqual([2])
})

it('what waits for an answer counts as not sent', () => {
  const exporter = new FakeExporter()
  exporter.result = undefined
  const reporting = new ReportingExporter(exporter, listen().listener, 4)

  reporting.admit()
  reporting.export([{} as ReadableSpan], () => undefined)

  expect(reporting.unsent).toBe(1)
})
