/** Exports the spans of requests, and logs whether they arrive. */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { RequestSpan, SpanRecorder } from '../../base/request-span.ts'
import type { Logger } from '../logging.ts'
import type { OtlpTracer } from './otlp-tracer.ts'
import type { ExportListener } from './reporting-exporter.ts'

/** Options of a {@link SpanExport}. */
export interface SpanExportOptions {
  /** Where spans are sent to. */
  readonly url: string
  readonly version: string
  readonly clock: Pick<Clock, 'schedule'>
  readonly logger: Pick<Logger, 'limited' | 'info'>
}

/** How long the last spans may take to be sent, ms. */
const CLOSE_TIMEOUT_MS = 2_000

/** Loads what exports spans at the start, and bounds its end. */
export class SpanExport implements SpanRecorder {
  readonly #options: SpanExportOptions
  #tracer: OtlpTracer | undefined

  constructor(options: SpanExportOptions) {
    this.#options = options
  }

  /** Loads the SDK. Spans of earlier requests are lost. */
  async start(): Promise<void> {
    const { url, version, logger } = this.#options
    const { OtlpTracer } = await import('./otlp-tracer.ts')
    const listener = logExports(logger)
    this.#tracer = new OtlpTracer({ url, version, instanceId: randomUUID(), listener })
  }

  record(span: RequestSpan): void {
    this.#tracer?.record(span)
  }

  /** Sends what waits, for a limited time. */
  async close(): Promise<void> {
    const tracer = this.#tracer
    if (tracer === undefined) return
    const { clock, logger } = this.#options
    await new Promise<void>((resolve) => {
      const cancelTimer = clock.schedule(CLOSE_TIMEOUT_MS, resolve)
      void tracer.close().then(() => {
        cancelTimer()
        resolve()
      })
    })
    const lost = tracer.unsent
    if (lost > 0) logger.limited('warn', 'spans lost', 'spans were lost', { spans_lost: lost })
  }
}

/** Logs the first failure and the end of failures, not each. */
function logExports(logger: SpanExportOptions['logger']): ExportListener {
  return {
    onFailed: (reason) => {
      logger.limited(
        ...(['warn', 'spans failed'] as const),
        'spans cannot be sent, and are lost until they can; pushes go on: see that http.otlp_endpoint accepts OTLP over HTTP',
        { reason },
      )
    },
    onRecovered: (lost) => {
      logger.info('spans are sent again', { spans_lost: lost })
    },
  }
}
