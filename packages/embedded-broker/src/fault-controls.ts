/** The active faults: the requests that each applies to, and how often it still applies. */
import type { Exchange, ReceivedRequest, Reply } from './exchange.ts'

/** Which requests a fault is for, and how often. */
export interface ControlOptions {
  /** Applies to every matching request until removed. @defaultValue false: to one */
  readonly keep?: boolean
  /** Number of matching requests that the fault applies to. @defaultValue 1 */
  readonly times?: number
  /** Number of matching requests that pass first. @defaultValue 0 */
  readonly skip?: number
  /** Only requests to this broker. */
  readonly brokerId?: number
  /** Only requests that name this topic. */
  readonly topic?: string
  /** Only requests that name this partition (of `topic`, if given). */
  readonly partition?: number
  /** Only requests that satisfy this too. */
  readonly when?: (received: ReceivedRequest) => boolean
}

/** An active fault. */
export interface Control {
  /** How often the fault was applied so far. */
  readonly appliedCount: number
  /** Resolves with the request to which the fault is applied first. */
  readonly applied: Promise<ReceivedRequest>
  /** Ends the fault; requests that it already holds are not released. */
  remove(): void
}

/** A {@link Fault} without its message types. */
export interface ErasedFault {
  fault(exchange: Exchange<unknown, unknown>): Reply<unknown> | Promise<Reply<unknown>>
}

class ActiveControl implements Control {
  readonly #options: ControlOptions
  readonly #applied = Promise.withResolvers<ReceivedRequest>()
  #matchedCount = 0
  #appliedCount = 0
  #isRemoved = false
  readonly erased: ErasedFault

  constructor(erased: ErasedFault, options: ControlOptions) {
    this.erased = erased
    this.#options = options
  }

  get appliedCount(): number {
    return this.#appliedCount
  }

  get applied(): Promise<ReceivedRequest> {
    return this.#applied.promise
  }

  get isSpent(): boolean {
    const { keep = false, times = 1 } = this.#options
    return this.#isRemoved || (!keep && this.#appliedCount >= times)
  }

  remove(): void {
    this.#isRemoved = true
  }

  /** Counts the request if it matches, and says whether the fault applies to it. */
  take(received: ReceivedRequest): boolean {
    if (this.isSpent || !this.#matches(received)) return false
    this.#matchedCount += 1
    if (this.#matchedCount <= (this.#options.skip ?? 0)) return false
    this.#appliedCount += 1
    this.#applied.resolve(received)
    return true
  }

  #matches(received: ReceivedRequest): boolean {
    const { brokerId, topic, partition, when } = this.#options
    const namesTarget =
      (topic === undefined && partition === undefined) ||
      received.targets.some(
        (target) =>
          (topic === undefined || target.topic === topic) &&
          (partition === undefined || target.partition === partition),
      )
    return (
      namesTarget &&
      (brokerId === undefined || received.brokerId === brokerId) &&
      (when === undefined || when(received))
    )
  }
}

/** Faults by kind of request, oldest first: the first fault that matches a request applies to it. */
export class FaultControls {
  readonly #byApi = new Map<string, ActiveControl[]>()

  add(api: string, erased: ErasedFault, options: ControlOptions): Control {
    const control = new ActiveControl(erased, options)
    this.#byApi.set(api, [...this.#unspent(api), control])
    return control
  }

  /** Ends every fault. */
  clear(): void {
    for (const controls of this.#byApi.values()) {
      for (const control of controls) control.remove()
    }
    this.#byApi.clear()
  }

  /** Returns the fault that applies to the request, and counts it as applied. */
  take(received: ReceivedRequest): ErasedFault | undefined {
    const controls = this.#unspent(received.api)
    return controls.find((control) => control.take(received))?.erased
  }

  #unspent(api: string): readonly ActiveControl[] {
    return this.#byApi.get(api)?.filter((control) => !control.isSpent) ?? []
  }
}
