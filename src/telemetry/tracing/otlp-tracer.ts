/**
 * Sends spans by OTLP over HTTP, with the SDK of OpenTelemetry: the only file that imports it. It is loaded only if spans are
 * sent anywhere.
 */
import {
  type Context,
  type HrTime,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api'
import { TraceState } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  type IdGenerator,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { RequestSpan, SpanRecorder } from '../../base/request-span.ts'
import { spanAttributes, spanName } from './messaging-span.ts'
import { type ExportListener, ReportingExporter } from './reporting-exporter.ts'

/** Options of an {@link OtlpTracer}. */
export interface OtlpTracerOptions {
  /** Where spans are sent to. */
  readonly url: string
  readonly version: string
  /** Unique among all processes. */
  readonly instanceId: string
  readonly listener: ExportListener
}

/** How long spans are collected before they are sent, ms. */
const COLLECT_MS = 1_000
/** Most spans that are sent at once. */
const MAX_BATCH = 512
/** Most spans that wait to be sent; further ones are lost. Each takes about a kilobyte. */
const MAX_WAITING = 4_096
/** How long one attempt to send may take, with its repetitions, ms. */
const EXPORT_TIMEOUT_MS = 10_000

/** Turns requests into spans of the SDK, and sends these. */
export class OtlpTracer implements SpanRecorder {
  readonly #provider: TracerProvider
  readonly #tracer: Tracer
  readonly #ids = new GivenIds()
  readonly #exporter: ReportingExporter

  /** @param exporter - sends the spans. @defaultValue it sends them to the URL */
  constructor(options: OtlpTracerOptions, exporter: SpanExporter = exporterTo(options.url)) {
    const { version, listener } = options
    this.#exporter = new ReportingExporter(exporter, listener, MAX_WAITING)
    this.#provider = new TracerProvider({
      resource: resourceOf(options),
      // Which requests are recorded was decided with their ids.
      sampler: new AlwaysOnSampler(),
      idGenerator: this.#ids,
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: this.#exporter,
          scheduledDelayMillis: COLLECT_MS,
          maxExportBatchSize: MAX_BATCH,
          maxQueueSize: MAX_WAITING,
          // Longer than the exporter's own, so that each failure is reported once.
          exportTimeoutMillis: 2 * EXPORT_TIMEOUT_MS,
        }),
      ],
    })
    this.#tracer = this.#provider.getTracer('kprf', version)
  }

  /** How many spans are not sent, or were lost since the last failure. */
  get unsent(): number {
    return this.#exporter.unsent
  }

  record(span: RequestSpan): void {
    if (!this.#exporter.admit()) return
    this.#ids.given = span
    const recorded = this.#tracer.startSpan(
      spanName(span),
      {
        kind: SpanKind.PRODUCER,
        startTime: hrTime(span.startMs),
        attributes: spanAttributes(span),
      },
      parentOf(span),
    )
    if (span.error !== undefined) recorded.setStatus({ code: SpanStatusCode.ERROR })
    recorded.end(hrTime(span.endMs))
  }

  /** Sends what waits. Never rejects. */
  async close(): Promise<void> {
    // Spans that could not be sent were reported.
    await this.#provider.shutdown().catch(() => undefined)
  }
}

/** What sends the spans. `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` add to it, and go before kprf's own. */
function resourceOf({ version, instanceId }: OtlpTracerOptions): Resource {
  const own = {
    'service.name': 'kprf',
    'service.version': version,
    'service.instance.id': instanceId,
  }
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector]
  return defaultResource().merge(resourceFromAttributes(own)).merge(detectResources({ detectors }))
}

/** The ids of the span that is recorded, which its records already name as their parent. */
class GivenIds implements IdGenerator {
  given: Pick<RequestSpan, 'traceId' | 'spanId'> = { traceId: '', spanId: '' }

  generateTraceId(): string {
    return this.given.traceId
  }

  generateSpanId(): string {
    return this.given.spanId
  }
}

/** The context of the client's span. Only of sampled ones does kprf record any. */
function parentOf({ traceId, parentId, traceState }: RequestSpan): Context {
  if (parentId === undefined) return ROOT_CONTEXT
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...{ traceId, spanId: parentId, traceFlags: TraceFlags.SAMPLED, isRemote: true },
    ...(traceState !== undefined && { traceState: new TraceState(traceState) }),
  })
}

/** Seconds and nanoseconds: a number alone could be taken for one since the start of the process. */
function hrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1_000)
  return [seconds, Math.round((epochMs - seconds * 1_000) * 1e6)]
}

function exporterTo(url: string): SpanExporter {
  return new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS })
}
