import type { DeliveryError, ProducerRecord } from '../producer/types.ts'
import type { AdmissionRule, RuledCall } from './admission-rule.ts'
import type { Admission, RateLimits, RecordsByTopic } from './rate-limiter.ts'

/** The text is that of the Rust kprf, because its clients match on it. */
const RATE_LIMITED: DeliveryError = { number: 42_901, text: 'ratelimit', code: 'RATE_LIMITED' }

/** Receives the number of refused records per topic. */
export interface RateLimitObserver {
  countRateLimited(topic: string, records: number): void
}

/** Refuses records above the rate limits of their topics (`ratelimit.rules`). */
export class RateLimitRule implements AdmissionRule {
  readonly #limits: RateLimits
  readonly #observer: RateLimitObserver

  constructor(limits: RateLimits, observer: RateLimitObserver) {
    this.#limits = limits
    this.#observer = observer
  }

  check(records: readonly ProducerRecord[], call: RuledCall): Promise<void> | undefined {
    let wanted: Map<string, number> | undefined
    for (const [index, { topic }] of records.entries()) {
      if (this.#limits.has(topic) && !call.isRefused(index))
        addTo((wanted ??= new Map<string, number>()), topic)
    }
    return wanted && this.#limit(records, call, wanted)
  }

  /** Admits the first records of each topic, as if they had arrived one by one. */
  #limit(
    records: readonly ProducerRecord[],
    call: RuledCall,
    wanted: RecordsByTopic,
  ): Promise<void> | undefined {
    const admission = this.#limits.admit(wanted)
    if (admission instanceof Promise) {
      return admission.then((later) => {
        this.#apply(later, records, call)
      })
    }
    this.#apply(admission, records, call)
    return undefined
  }

  #apply(
    { admitted, retryAfterSeconds }: Admission,
    records: readonly ProducerRecord[],
    call: RuledCall,
  ): void {
    const left = new Map(admitted)
    const limited = new Map<string, number>()
    for (const [index, { topic }] of records.entries()) {
      if (call.isRefused(index)) continue
      const room = left.get(topic) ?? Infinity
      left.set(topic, room - 1)
      if (room > 0) continue
      call.refused(index, RATE_LIMITED, topic)
      addTo(limited, topic)
    }
    if (limited.size > 0) call.retryAfter(retryAfterSeconds)
    for (const [topic, count] of limited) this.#observer.countRateLimited(topic, count)
  }
}

function addTo(counts: Map<string, number>, topic: string): void {
  counts.set(topic, (counts.get(topic) ?? 0) + 1)
}
