import type { Clock } from '../../base/clock.ts'
import type { Random } from '../partitioner.ts'
import type { ReconnectBackoffSettings } from '../reconnect-backoff.ts'
import type { EventSink } from '../events.ts'
import { BrokerBackoff } from './broker-backoff.ts'
import type { BrokerLog } from './broker-log.ts'
import { securityFailureOf } from './security-failure.ts'

/** Dependencies of a {@link SecurityBackoff}. */
export interface SecurityBackoffDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly brokerLog: BrokerLog
  readonly events: EventSink
}

/** Shortest backoff, ms, even if other reconnect attempts are more frequent. */
const MIN_BACKOFF_MS = 1_000

/**
 * The backoff of brokers that refused kprf's credentials or failed in TLS. An immediate retry does not help, and
 * brokers lock out clients that retry. So kprf leaves each such broker alone for a backoff, however many connections
 * and records wait for it.
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

  /** @throws the last refusal while the broker's backoff lasts. */
  assertOpen(broker: string): void {
    this.#gate.assertOpen(broker)
  }

  /** Records a failure of any kind; only security failures have an effect. */
  failed(broker: string, error: unknown): void {
    const failure = securityFailureOf(error)
    // Without a token no broker was asked; the token source has its own backoff, and logs the failure itself.
    if (!failure || failure.kind === 'token') return
    const { brokerLog, events } = this.#dependencies
    if (failure.kind === 'credentials') {
      events.emit({ kind: 'authenticationFailed', broker })
    }
    // Of several connections that fail together, only the first is logged.
    if (this.#gate.isClosed(broker)) return
    const backoffMs = this.#gate.failed(broker, error)
    brokerLog.failed(broker, error, backoffMs)
  }

  /** Records that the broker accepted kprf. */
  succeeded(broker: string): void {
    this.#gate.succeeded(broker)
  }
}
