import type { Clock } from '../../base/clock.ts'
import type { Principal } from '../../base/principal.ts'
import { HeldBody } from '../body.ts'
import type { ByteBudget } from '../byte-budget.ts'
import { clientAddressOf } from '../client-address.ts'
import type { Edge } from '../edge/edge.ts'
import { NO_PARAMS } from '../edge/path-pattern.ts'
import type { Call } from '../edge/route.ts'
import type { RequestObserver } from '../http-metrics.ts'
import type { ValidPush } from '../push/parse-push.ts'
import type { PushEndpoint } from '../push/push-endpoint.ts'
import type { RequestIds } from '../request-id.ts'
import type { WorkTurns } from '../work-turns.ts'
import type { FastRequest, FastResponse } from './fast-exchange.ts'
import type { FastRoute, PreparedPush } from './fast-route.ts'
import type { PushHead } from './push-head.ts'

/** Dependencies of {@link FastPush}. */
export interface FastPushOptions {
  readonly endpoint: PushEndpoint
  readonly edge: Pick<Edge, 'answer'>
  /**
   * The sender of a request that the gate admits at once. `undefined` for all other requests; for these it has no side
   * effects.
   */
  readonly admitted: (request: FastRequest) => Principal | undefined
  readonly bodyBudget: ByteBudget
  readonly maxBodyBytes: number
  readonly turns: WorkTurns
  readonly requestIds: RequestIds
  readonly requests: Pick<RequestObserver, 'awaited'>
  readonly clock: Pick<Clock, 'nowMs'>
}

/** `POST /push` on the fast way, with the gate, checks, producer and replies of {@link PushEndpoint} behind the edge. */
export class FastPush implements FastRoute {
  readonly #options: FastPushOptions

  constructor(options: FastPushOptions) {
    this.#options = options
  }

  accepts({ headers, bodyBytes }: PushHead): boolean {
    const { endpoint, maxBodyBytes } = this.#options
    return bodyBytes <= maxBodyBytes && endpoint.acceptsHead(headers)
  }

  admits(request: FastRequest): boolean {
    return this.#options.admitted(request) !== undefined
  }

  awaited(isAwaited: boolean): void {
    this.#options.requests.awaited(isAwaited)
  }

  enter(bodyBytes: number): Promise<void> | undefined {
    return this.#options.turns.enter(bodyBytes)
  }

  prepare(
    request: FastRequest,
    bytes: Buffer,
    sinceMs: number | undefined,
  ): PreparedPush | undefined {
    const { admitted, bodyBudget, endpoint, clock } = this.#options
    const startedMs = sinceMs ?? clock.nowMs()
    const principal = admitted(request)
    if (principal === undefined) return undefined
    const held = bodyBudget.open(clientAddressOf(request))
    if (held.take(bytes.length) !== 'taken') return undefined
    const push = endpoint.readValid(bytes)
    if (push === undefined) {
      held.release()
      return undefined
    }
    const body = new HeldBody(bytes, held)
    return {
      answer: (response) => {
        this.#answer(request, response, { principal, startedMs, body, push })
      },
      drop: () => {
        held.release()
      },
    }
  }

  #answer(
    request: FastRequest,
    response: FastResponse,
    { principal, startedMs, body, push }: Prepared,
  ): void {
    const { endpoint, edge, requestIds } = this.#options
    const call: Call = {
      ...{ request, response, params: NO_PARAMS, mode: 'async' },
      ...{ requestId: requestIds(request.headers), principal, key: undefined, failure: undefined },
    }
    edge.answer(endpoint, call, body, startedMs, () => endpoint.answerValid(call, body, push))
  }
}

interface Prepared {
  readonly principal: Principal
  readonly startedMs: number
  readonly body: HeldBody
  readonly push: ValidPush
}
