import type { Principal } from '../../base/principal.ts'
import type { InFlightLimits } from '../../ingest/in-flight.ts'
import type { MaybePromise } from '../../producer/types.ts'
import type { Entry } from '../edge/route.ts'
import type { Refusal } from '../error-body.ts'

/** Dependencies of an {@link InFlightGate}. */
export interface InFlightGateOptions {
  /** The limits at the moment; `undefined` if nobody has one. */
  readonly limits: () => InFlightLimits | undefined
  /** Hears of each refused request. */
  readonly onDenied: () => void
}

const TOO_MANY: Refusal = {
  code: 'TOO_MANY_IN_FLIGHT',
  message:
    'the client has as many requests in progress as its quota allows (http.quotas); wait for their replies',
}

/** Refuses a request while its client has as many in progress as its quota allows (`requests_in_flight`). */
export class InFlightGate {
  readonly #options: InFlightGateOptions

  constructor(options: InFlightGateOptions) {
    this.#options = options
  }

  /** Whether a client has a limit, whatever is left of it. */
  limits({ name }: Principal): boolean {
    return this.#options.limits()?.has(name) === true
  }

  /** Admits a request, which counts until `leave` of its entry is called, or refuses it. */
  admit(entry: { readonly principal: Principal }): MaybePromise<Entry> {
    const limits = this.#options.limits()
    const { principal } = entry
    if (limits?.has(principal.name) !== true) return entry
    const decide = (isAdmitted: boolean): Entry => {
      if (!isAdmitted) {
        this.#options.onDenied()
        return TOO_MANY
      }
      const leave = (): void => {
        limits.leave(principal.name)
      }
      return { principal, leave }
    }
    const answer = limits.enter(principal.name)
    return answer instanceof Promise ? answer.then(decide) : decide(answer)
  }
}
