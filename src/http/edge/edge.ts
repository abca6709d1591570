import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../base/clock.ts'
import { ProxyError } from '../../base/errors.ts'
import { ANONYMOUS } from '../../base/principal.ts'
import type { Logger } from '../../telemetry/logging.ts'
import type { BodyReader, HeldBody } from '../body.ts'
import { streamOf } from '../body-stream.ts'
import { ClientGone, clientGoneStatus } from '../client-gone.ts'
import type { Refusal } from '../error-body.ts'
import { HTTP_MAPPINGS, isServed } from '../error-mapper.ts'
import { headMsOf } from '../head-time.ts'
import type { RequestObserver } from '../http-metrics.ts'
import type { Idempotency } from '../idempotency/idempotency.ts'
import { type MaybeStatus, promised } from '../late-status.ts'
import { logFailure, logServed } from '../log-failure.ts'
import { refuse, type RefusalOptions } from '../reply.ts'
import type { RequestIds } from '../request-id.ts'
import { streamedReplyOf } from '../streamed-reply.ts'
import type { PathParams } from './path-pattern.ts'
import type { BodilessRoute, Call, Gate, NodeCall, Route, WholeBodyRoute } from './route.ts'

/** Dependencies of the {@link Edge}. */
export interface EdgeOptions {
  readonly gate: Gate
  readonly bodyReader: BodyReader
  readonly requestIds: RequestIds
  /** @defaultValue the header `Idempotency-Key` has no meaning */
  readonly idempotency?: Idempotency | undefined
  readonly requests: Omit<RequestObserver, 'refused' | 'awaited'>
  /** Called once per request, after its reply. The status is 499 if the client left before the reply. */
  readonly onAnswered: (route: Route, call: Call, status: number, durationMs: number) => void
  readonly log: Pick<Logger, 'limited' | 'error' | 'debug' | 'isDebug'>
  readonly clock: Clock
}

/** Options of a refusal: `BROKEN` after input that cannot be parsed, `WHOLE` otherwise. */
const BROKEN: RefusalOptions = { closes: 'atOnce' }
const WHOLE: RefusalOptions = {}

/** The refusal after a bug in kprf. */
export const INTERNAL: Refusal = {
  code: 'INTERNAL',
  message: 'a bug in kprf: report it, with the log lines of this request_id',
}

/** A stream has effects before all of it is known. */
function keyOfStream(): ProxyError {
  return new ProxyError(
    'INVALID_IDEMPOTENCY_KEY',
    'this path takes no Idempotency-Key, because it produces the records while the body arrives: send the request without the header',
  )
}

/** Takes each request of a route through the gate to its reply. */
export class Edge {
  readonly #options: EdgeOptions

  constructor(options: EdgeOptions) {
    this.#options = options
  }

  /** Answers one request. Never rejects. */
  async serve(
    route: Route,
    request: IncomingMessage,
    response: ServerResponse,
    params: PathParams,
  ): Promise<void> {
    const { clock, requestIds, gate, bodyReader, requests } = this.#options
    const startedMs = headMsOf(request) ?? clock.nowMs()
    requests.began()
    const requestId = requestIds(request.headers)
    const principal = ANONYMOUS
    const call: NodeCall = {
      request,
      response,
      requestId,
      params,
      principal,
      mode: 'async',
      key: undefined,
      failure: undefined,
    }
    let held: { release(): void } | undefined
    let leave: (() => void) | undefined
    let status: number
    try {
      const asked = gate(route, request)
      const entry = asked instanceof Promise ? await asked : asked
      if ('principal' in entry) leave = entry.leave
      if (entry !== asked && (request.destroyed || response.headersSent)) throw new ClientGone()
      let answer: MaybeStatus
      if (!('principal' in entry)) {
        answer = this.#keepOut(route, call, entry, asked === entry)
      } else {
        call.principal = entry.principal
        route.checkHead?.(call)
        if (route.body === 'whole') {
          // A key that is none must not cost the client its body.
          const keyInHead = this.#keyInHead(route, request)
          const body = (held = await bodyReader.read(request, response))
          if (body === undefined) throw new ClientGone()
          requests.bodyRead(body.bytes.length)
          answer = this.#answerWhole(route, call, body, keyInHead)
        } else if (route.body === 'stream') {
          if (this.#options.idempotency?.keyOf(request) !== undefined) throw keyOfStream()
          const body = (held = bodyReader.stream(request, response, route.streamLimits))
          answer = route.answer(call, body)
        } else {
          answer = this.#answerBodiless(route, call)
        }
      }
      status = typeof answer === 'number' ? answer : await promised(answer)
    } catch (error) {
      status = this.#refuse(route, call, error)
    } finally {
      if (route.body === 'stream') requests.bodyRead(streamOf(request)?.contentBytes ?? 0)
      held?.release()
      leave?.()
    }
    this.#answered(route, call, status, startedMs)
  }

  /**
   * Answers a request that the gate has admitted and whose body is checked: the end of {@link serve}. Never throws.
   *
   * @param startedMs - when its head was whole.
   * @param answer - as that of the route.
   */
  answer(
    route: WholeBodyRoute,
    call: Call,
    body: HeldBody,
    startedMs: number,
    answer: () => MaybeStatus,
  ): void {
    const { requests } = this.#options
    requests.began()
    requests.bodyRead(body.bytes.length)
    const end = (status: number): void => {
      body.release()
      this.#answered(route, call, status, startedMs)
    }
    let status: MaybeStatus
    try {
      status = answer()
    } catch (error) {
      status = this.#refuse(route, call, error)
    }
    if (typeof status === 'number') {
      end(status)
      return
    }
    const fail = (error: unknown): void => {
      end(this.#refuse(route, call, error))
    }
    if (status instanceof Promise) status.then(end, fail)
    else status.whenDecided(end, fail)
  }

  #answered(route: Route, call: Call, status: number, startedMs: number): void {
    const { clock, log, onAnswered, requests } = this.#options
    const { request, requestId, principal, failure } = call
    const durationMs = clock.nowMs() - startedMs
    requests.answered(request.method ?? '', route.path, status, durationMs)
    onAnswered(route, call, status, durationMs)
    const answered = { name: route.name, request, requestId, principal, durationMs }
    if (isServed(status)) logServed(log, answered)
    else logFailure(log, { ...answered, status, failure })
  }

  /** @throws ProxyError if the request has the header `Idempotency-Key`, and no key in it. */
  #keyInHead(route: WholeBodyRoute, request: IncomingMessage): string | undefined {
    if (route.access !== 'produce' || route.keyOf !== undefined) return undefined
    return this.#options.idempotency?.keyOf(request)
  }

  #answerWhole(
    route: WholeBodyRoute,
    call: Call,
    body: HeldBody,
    keyInHead: string | undefined,
  ): MaybeStatus {
    route.checkBody?.(call, body)
    const { idempotency } = this.#options
    if (idempotency === undefined) return route.answer(call, body)
    const key = keyInHead ?? route.keyOf?.(call, body)
    return key === undefined ? route.answer(call, body) : idempotency.answer(route, call, body, key)
  }

  #answerBodiless(route: BodilessRoute, call: NodeCall): MaybeStatus {
    const discarding = this.#options.bodyReader.discard(call.request, call.response)
    return discarding === undefined ? route.answer(call) : discarding.then(() => route.answer(call))
  }

  /**
   * Sends the refusal of the gate. A refusal without delay also ends the connection: no later request has been
   * served yet.
   */
  #keepOut({ dialect }: Route, call: Call, refusal: Refusal, isAtOnce: boolean): number {
    const { request, response, requestId } = call
    call.failure = refusal
    return refuse(
      request,
      response,
      requestId,
      refusal,
      dialect,
      isAtOnce ? { closes: 'afterBody' } : {},
    )
  }

  /** Replies after a route or the gate threw an error. */
  #refuse(route: Route, call: Call, error: unknown): number {
    const { request, response, requestId } = call
    const reply = streamedReplyOf(response)
    if (error instanceof ClientGone || reply?.wasStoppedBy(error) === true) {
      reply?.end()
      return clientGoneStatus(response)
    }
    const refusal = error instanceof ProxyError ? error : INTERNAL
    call.failure = refusal
    if (refusal === INTERNAL) {
      this.#options.log.error(`${route.name} failed because of a bug in kprf`, {
        request_id: requestId,
        error,
      })
    }
    if (reply !== undefined) {
      reply.cut()
      return HTTP_MAPPINGS[refusal.code].status
    }
    const options = streamOf(request)?.isBroken === true ? BROKEN : WHOLE
    return refuse(request, response, requestId, refusal, route.dialect, options)
  }
}
