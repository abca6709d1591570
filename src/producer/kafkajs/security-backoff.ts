import type { Clock } from '../../base/clock.ts'
import type { Random } from '../partitioner.ts'
import type { ReconnectBackoffSettings } from '../reconnect-backoff.ts'
import type { EventSink } from '../events.ts'
import type { TransportLog } from './kafkajs-log.ts'
import { BrokerBackoff } from './broker-backoff.ts'
import { securityFailureOf } from './security-failure.ts'

/** What {@link SecurityBackoff} work with. */
export interface SecurityBackoffDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly log: TransportLog
  readonly events: EventSink
  /** `sasl.mechanism`, for the log; `undefined` without SASL. */
  readonly mechanism: string | undefined
}

/** Even where other attempts to connect follow each other faster. */
const MIN_BACKOFF_MS = 1_000

const MESSAGES = {
  credentials: 'Kafka refuses the credentials',
  tls: 'TLS with a broker failed',
} as const

/**
 * Brokers that turned kprf away for its credentials or for TLS. Neither gets better by trying again at once,
 * and brokers lock out who does: each is left alone for a backoff, and its refusal is logged once in each,
 * however many connections and records wait for it.
 */
export class SecurityBackoff {
  readonly #dependencies: SecurityBackoffDependencies
  readonly #gate: BrokerBackoff

  constructor(settings: ReconnectBackoffSettings, dependencies: SecurityBackoffDependencies) {
    const { reconnectBackoffMs, reconnectBackoffMaxMs } = settings
    const patient = {
      reconnectBackoffMs: Math.max(reconnectBackoffMs, MIN_BACKOFF_MS),
      reconnectBackoffMaxMs: Math.max(reconnectBackoffMaxMs, MIN_BACKOFF_MS),
    }
    this.#dependencies = dependencies
    this.#gate = new BrokerBackoff(patient, dependencies)
  }

  /** @throws what the broker was refused for, while its backoff lasts. */
  assertOpen(broker: string): void {
    this.#gate.assertOpen(broker)
  }

  /** Takes note of a failure, whatever it is of. */
  failed(broker: string, error: unknown): void {
    const failure = securityFailureOf(error)
    // Without a token no broker was asked; the token's source has its own backoff, and says so itself.
    if (!failure || failure.kind === 'token') return
    const { log, events, mechanism } = this.#dependencies
    if (failure.kind === 'credentials') {
      events.emit({ kind: 'authenticationFailed', broker })
    }
    // Of connections that were refused together the first has said it.
    if (this.#gate.isClosed(broker)) return
    const backoffMs = this.#gate.failed(broker, error)
    const { kind, reason, check } = failure
    log('error', MESSAGES[kind], {
      broker,
      ...(kind === 'credentials' && { mechanism }),
      reason,
      check,
      retry_in_ms: Math.round(backoffMs),
    })
  }

  /** The broker let kprf in. */
  succeeded(broker: string): void {
    this.#gate.succeeded(broker)
  }
}
