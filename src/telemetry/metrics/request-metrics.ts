import { Gauge, type Registry } from './prom-client.ts'
import { BODY_BYTES, HTTP_SECONDS } from './buckets.ts'
import { type CountSeries, PlainCounter } from './plain-counter.ts'
import { type HistogramSeries, PlainHistogram } from './plain-histogram.ts'

/** Label of requests that reached no route. A path that a client made up is never a label. */
const NO_ROUTE = 'none'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
/** Label of all other methods, which clients can invent too. */
const OTHER_METHODS = 'other'

const MS_PER_SECOND = 1_000

/** What is counted under one route, method and status. */
interface AnswerSeries {
  readonly requests: CountSeries
  /** `undefined` without a route. */
  readonly duration: HistogramSeries | undefined
}

/** The metrics of requests. Each call costs less than a tenth of a microsecond. */
export class RequestMetrics {
  readonly #requests: PlainCounter<'method' | 'route' | 'code'>
  readonly #duration: PlainHistogram
  readonly #bodyBytes: HistogramSeries
  /** By route, method and status. */
  readonly #answers = new Map<string, Map<string, Map<number, AnswerSeries>>>()
  /** By route and class of status. */
  readonly #durations = new Map<string, HistogramSeries>()
  #inFlight = 0

  constructor(registry: Registry) {
    this.#requests = new PlainCounter({
      name: 'kprf_http_requests_total',
      help: 'Requests answered, by method, route and status; 499 if the client left before the reply. The route is a pattern, such as /topics/:topic/raw, and none for requests that reached no route.',
      labelNames: ['method', 'route', 'code'],
      registry,
    })
    this.#duration = new PlainHistogram({
      name: 'kprf_http_request_duration_seconds',
      help: 'Time from the head of a request to its reply, by route and class of status; the body and, for clients that wait, the delivery are part of it.',
      labelNames: ['route', 'code_class'],
      buckets: HTTP_SECONDS,
      registry,
    })
    this.#bodyBytes = new PlainHistogram({
      name: 'kprf_http_request_body_bytes',
      help: 'Bytes of the body of each request, decompressed, as far as it was read.',
      labelNames: [],
      buckets: BODY_BYTES,
      registry,
    }).addSeries({})
    const inFlight = new Gauge({
      name: 'kprf_http_inflight_requests',
      help: 'Requests of which the head has arrived and that are not answered.',
      registers: [registry],
      collect: () => {
        inFlight.set(this.#inFlight)
      },
    })
  }

  /** Counts a request that has reached its route. */
  began(): void {
    this.#inFlight += 1
  }

  /** Counts a request that is waited for before it reaches its route; no more when that is over. */
  awaited(isAwaited: boolean): void {
    this.#inFlight += isAwaited ? 1 : -1
  }

  /** Counts the answer to a request that has reached its route. */
  answered(method: string, route: string, status: number, durationMs: number): void {
    this.#inFlight -= 1
    const { requests, duration } = this.#answerOf(method, route, status)
    requests.count += 1
    duration?.observe(durationMs / MS_PER_SECOND)
  }

  /** Counts the answer to a request that reached no route. */
  refused(method: string, status: number): void {
    this.#answerOf(method, NO_ROUTE, status).requests.count += 1
  }

  /** Counts the body of a request. */
  bodyRead(bytes: number): void {
    this.#bodyBytes.observe(bytes)
  }

  #answerOf(method: string, route: string, status: number): AnswerSeries {
    const found = this.#answers.get(route)?.get(method)?.get(status)
    return found ?? this.#addAnswer(METHODS.has(method) ? method : OTHER_METHODS, route, status)
  }

  #addAnswer(method: string, route: string, status: number): AnswerSeries {
    const ofRoute = this.#answers.get(route) ?? new Map<string, Map<number, AnswerSeries>>()
    const ofMethod = ofRoute.get(method) ?? new Map<number, AnswerSeries>()
    const answer = ofMethod.get(status) ?? {
      requests: this.#requests.addSeries({ method, route, code: `${status}` }),
      duration: route === NO_ROUTE ? undefined : this.#durationOf(route, status),
    }
    this.#answers.set(route, ofRoute.set(method, ofMethod.set(status, answer)))
    return answer
  }

  #durationOf(route: string, status: number): HistogramSeries {
    const labels = { route, code_class: `${Math.floor(status / 100)}xx` }
    const key = `${labels.code_class} ${route}`
    const duration = this.#durations.get(key) ?? this.#duration.addSeries(labels)
    this.#durations.set(key, duration)
    return duration
  }
}
