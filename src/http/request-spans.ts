/**
 * Makes a span of each request that pushes. Its ids are known before the records are sent, so that they can name it as
 * their parent; all else once the request was answered.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { RequestSpan, SpanRecorder } from '../base/request-span.ts'
import type { Call, Route } from './edge/route.ts'
import { isServed } from './error-mapper.ts'
import { isTopic } from './push/record-fields.ts'
import {
  isSampled,
  readTraceContext,
  traceHeaders,
  type TraceContext,
  type TraceOf,
} from './trace-context.ts'

const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8

/** The span of a request that was not answered yet, and what its records are told. */
interface OpenSpan extends TraceContext {
  /** `undefined` if the client does not record its trace: then kprf does not either. */
  readonly ids: Pick<RequestSpan, 'traceId' | 'spanId' | 'parentId'> | undefined
}

/** The spans of the requests of one process. */
export class RequestSpans {
  readonly #recorder: SpanRecorder
  readonly #clock: Pick<Clock, 'epochMs'>
  readonly #open = new WeakMap<object, OpenSpan>()

  constructor(recorder: SpanRecorder, clock: Pick<Clock, 'epochMs'>) {
    this.#recorder = recorder
    this.#clock = clock
  }

  /** Finds the trace context for the records of a request: their parent is its span. */
  readonly traceOf: TraceOf = (request) => traceHeaders(this.#spanOf(request))

  /** Records the span of a request that was answered. */
  answered(route: Route, call: Call, status: number, durationMs: number): void {
    const { request, requestId, failure, params } = call
    const { ids, state } = this.#spanOf(request)
    if (ids === undefined) return
    const topic = route.topic ?? params['topic']
    const endMs = this.#clock.epochMs()
    this.#recorder.record({
      ...ids,
      traceState: state,
      startMs: endMs - durationMs,
      endMs,
      // Clients choose the path: what is no name of a topic must not become a name of spans.
      topic: topic !== undefined && isTopic(topic) ? topic : undefined,
      method: route.method,
      // Of a webhook that is not signed, the path is what nobody else knows.
      route: route.isNamed === false ? undefined : route.path,
      status,
      error: failure?.code ?? (isServed(status) ? undefined : String(status)),
      requestId,
    })
  }

  #spanOf(request: Parameters<TraceOf>[0]): OpenSpan {
    const known = this.#open.get(request)
    if (known !== undefined) return known
    const span = openSpan(readTraceContext(request))
    this.#open.set(request, span)
    return span
  }
}

/** Begins the span of a request. @param caller - `undefined`: the span is the first of a trace. */
function openSpan(caller: TraceContext | undefined): OpenSpan {
  if (caller !== undefined && !isSampled(caller.parent)) return { ...caller, ids: undefined }
  const [, traceId = newId(TRACE_ID_BYTES), parentId, flags = '01'] =
    caller?.parent.split('-') ?? []
  const spanId = newId(SPAN_ID_BYTES)
  return {
    parent: `00-${traceId}-${spanId}-${flags}`,
    state: caller?.state,
    ids: { traceId, spanId, parentId },
  }
}

function newId(bytes: number): string {
  return randomBytes(bytes).toString('hex')
}
