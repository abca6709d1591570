import type { CancelTimer, Clock } from '../../base/clock.ts'
import { RDKAFKA } from '../delivery-errors.ts'
import type { EncodedBatch, ProduceAttempt, ProduceOutcome, ProduceRequest } from '../transport.ts'

/** Dependencies of a {@link LateAttempt}. */
export interface LateAttemptDependencies {
  readonly clock: Clock
  /** Passes the request with its compressed batches to the transport. */
  readonly begin: (request: ProduceRequest) => ProduceAttempt
  /** Called when it no longer waits for its batches. */
  readonly onDone: () => void
}

/**
 * A produce request that begins when its batches are compressed.
 *
 *     compressing --compressed--> begun --> over
 *          |                                  ^
 *          +----abandoned, timed out----------+
 *
 * Only a begun one is with the transport: what is given up before was never sent, and never will be.
 */
export class LateAttempt implements ProduceAttempt {
  readonly outcomes: Promise<readonly ProduceOutcome[]>
  readonly #request: ProduceRequest
  readonly #deadlineMs: number
  readonly #dependencies: LateAttemptDependencies
  readonly #resolve: (outcomes: Promise<readonly ProduceOutcome[]> | ProduceOutcome[]) => void
  readonly #cancelTimer: CancelTimer
  #begun: ProduceAttempt | undefined
  #isOver = false

  /** @param request - the uncompressed request. @param compressed - its batches, in their order; never rejects. */
  constructor(
    request: ProduceRequest,
    compressed: Promise<readonly EncodedBatch[]>,
    dependencies: LateAttemptDependencies,
  ) {
    const { promise, resolve } = Promise.withResolvers<readonly ProduceOutcome[]>()
    const { requestTimeoutMs } = request
    this.outcomes = promise
    this.#request = request
    this.#deadlineMs = dependencies.clock.nowMs() + requestTimeoutMs
    this.#dependencies = dependencies
    this.#resolve = resolve
    this.#cancelTimer = dependencies.clock.schedule(requestTimeoutMs, () => {
      this.#giveUp(`not compressed within ${Math.round(requestTimeoutMs)} ms`)
    })
    void compressed.then((batches) => {
      this.#begin(batches)
    })
  }

  get wasSent(): boolean {
    return this.#begun?.wasSent ?? false
  }

  abandon(): void {
    if (this.#begun) this.#begun.abandon()
    else this.#giveUp('the records expired')
  }

  #begin(batches: readonly EncodedBatch[]): void {
    if (this.#isOver) return
    const { clock, begin } = this.#dependencies
    const requestTimeoutMs = this.#deadlineMs - clock.nowMs()
    // The timer may be as late as this. A request without time left is not sent, rather than sent and given up.
    if (requestTimeoutMs <= 0) {
      this.#giveUp('compressed too late')
      return
    }
    this.#stopWaiting()
    this.#begun = begin({ ...this.#request, batches, requestTimeoutMs })
    this.#resolve(this.#begun.outcomes)
  }

  #giveUp(reason: string): void {
    this.#isOver = true
    this.#stopWaiting()
    const failure = { errorNumber: RDKAFKA.timedOutInQueue, wasSent: false, reason }
    this.#resolve(this.#request.batches.map(() => ({ status: 'failed', ...failure })))
  }

  #stopWaiting(): void {
    this.#cancelTimer()
    this.#dependencies.onDone()
  }
}
