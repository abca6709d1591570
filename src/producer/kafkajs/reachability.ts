import type { Clock } from '../../base/clock.ts'
import type { Availability, TransportError } from '../transport.ts'
import { ADVERTISED } from './connection-errors.ts'
import type { TransportLog } from './kafkajs-log.ts'
import { AVAILABILITY_AFTER, securityFailureOf } from './security-failure.ts'

/** Dependencies of a {@link Reachability}. */
export interface ReachabilityDependencies {
  readonly clock: Clock
  readonly log: TransportLog
  /** Called when Kafka has become reachable. */
  readonly onAvailable: () => void
}

/** The most addresses in one log line. */
const MAX_BROKERS = 10

/** Whether Kafka can be reached, from the answers and failures of its brokers. */
export class Reachability {
  readonly #dependencies: ReachabilityDependencies
  #availability: Availability = 'unknown'
  #lastHeardMs = -Infinity
  #isClosed = false

  constructor(dependencies: ReachabilityDependencies) {
    this.#dependencies = dependencies
  }

  get availability(): Availability {
    return this.#availability
  }

  /** When a broker answered last, ms. */
  get lastHeardMs(): number {
    return this.#lastHeardMs
  }

  /** To be called when a broker has answered, whether or not records are sent to it. */
  heard(): void {
    this.#lastHeardMs = this.#dependencies.clock.nowMs()
  }

  /** To be called when records can be sent. */
  up(): void {
    if (this.#availability === 'up') return
    this.#availability = 'up'
    this.#dependencies.log('info', 'Kafka is reachable', {})
    this.#dependencies.onAvailable()
  }

  /** To be called when no broker has answered. */
  lost(error: TransportError): void {
    this.#lost('down', error)
  }

  /** To be called when none of the brokers that records are sent to can be reached. @param brokers - their addresses. */
  leadersLost(error: TransportError, brokers: readonly string[]): void {
    const advertised = brokers.slice(0, MAX_BROKERS)
    this.#lost('leadersUnreachable', error, { advertised, check: ADVERTISED })
  }

  #lost(
    kind: 'down' | 'leadersUnreachable',
    { errorNumber, message, cause }: TransportError,
    advice: Readonly<Record<string, unknown>> = {},
  ): void {
    const failure = securityFailureOf(cause)
    const availability = failure ? AVAILABILITY_AFTER[failure.kind] : kind
    if (this.#isClosed || this.#availability === availability) return
    this.#availability = availability
    const fields = { reason: failure?.reason ?? message, error_code: errorNumber, ...advice }
    this.#dependencies.log('error', 'Kafka is not reachable', fields)
  }

  /** Reports no further losses: kprf closes the connections itself. */
  close(): void {
    this.#isClosed = true
  }
}
