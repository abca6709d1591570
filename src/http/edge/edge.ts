/** Takes each request of a route through the gate to its reply, and measures it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../base/clock.ts'
import { ProxyError } from '../../base/errors.ts'
import type { LogLevel } from '../../base/log-level.ts'
import type { Logger } from '../../telemetry/logging.ts'
import type { MaybePromise } from '../../producer/types.ts'
import type { Refusal } from '../error-body.ts'
import { CLIENT_GONE_STATUS, OK_STATUS } from '../error-mapper.ts'
import type { HttpMetrics } from '../http-metrics.ts'
import { refuse } from '../reply.ts'
import type { RequestIds } from '../request-id.ts'
import type { Call, Gate, Route } from './route.ts'

/** What {@link Edge} works with. */
export interface EdgeOptions {
  readonly gate: Gate
  readonly requestIds: RequestIds
  readonly metrics: Pick<HttpMetrics, 'observePush'>
  readonly log: Pick<Logger, 'limited' | 'error'>
  readonly clock: Clock
}

/** The refusal of what went wrong by a mistake of ours. */
export const INTERNAL: Refusal = { code: 'INTERNAL', message: 'a bug in kprf; see its log' }

/** See the head of this file. */
export class Edge {
  readonly #options: EdgeOptions

  constructor(options: EdgeOptions) {
    this.#options = options
  }

  /** Answers one request. Never rejects. */
  async serve(route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, metrics, requestIds } = this.#options
    const startedMs = clock.nowMs()
    const requestId = requestIds(request.headers)
    const call: Call = { request, response, requestId, mode: 'async' }
    let status: number
    try {
      const answer = this.#answer(route, call)
      status = typeof answer === 'number' ? answer : await answer
    } catch (error) {
      status = this.#refuse(route, call, error)
    }
    const durationMs = clock.nowMs() - startedMs
    metrics.observePush(call.mode, status, durationMs)
    if (status !== OK_STATUS) this.#logFailure(status, requestId, durationMs)
  }

  #answer(route: Route, call: Call): MaybePromise<number> {
    const { request, response, requestId } = call
    const refusal = this.#options.gate(route, request)
    if (refusal === undefined) return route.answer(call)
    const { dialect } = route
    return refuse(request, response, requestId, refusal, { dialect, closes: 'afterBody' })
  }

  /** Answers what a route, or the gate, threw. */
  #refuse({ dialect }: Route, call: Call, error: unknown): number {
    const { request, response, requestId } = call
    if (error instanceof ProxyError) return refuse(request, response, requestId, error, { dialect })
    this.#options.log.error('push failed by a bug', { request_id: requestId, error })
    return refuse(request, response, requestId, INTERNAL, { dialect })
  }

  #logFailure(status: number, requestId: string, durationMs: number): void {
    this.#options.log.limited(logLevelOf(status), `push ${status}`, 'push failed', {
      request_id: requestId,
      status,
      duration_ms: durationMs,
    })
  }
}

/** Clients mend their own mistakes and read why in the reply; what is on our side operators should see. */
function logLevelOf(status: number): LogLevel {
  if (status === CLIENT_GONE_STATUS) return 'info'
  return status >= 500 ? 'warn' : 'debug'
}
