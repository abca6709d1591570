import type { Clock } from '../../base/clock.ts'
import { reasonOf } from './classify.ts'
import { connectionCheck } from './connection-errors.ts'
import type { TransportLog } from './kafkajs-log.ts'
import { securityFailureOf } from './security-failure.ts'
import { HANGING_UP } from './sockets.ts'

/** Dependencies of a {@link BrokerLog}. */
export interface BrokerLogDependencies {
  readonly clock: Clock
  readonly log: TransportLog
  /** The addresses in `kafka.brokers`; brokers report all others themselves (`advertised.listeners`). */
  readonly bootstrap: readonly string[]
  /** `sasl.mechanism`, for the log; `undefined` without SASL. */
  readonly mechanism: string | undefined
}

/** What was logged about a failing broker. */
interface Trouble {
  /** The reasons logged, without their numbers. */
  readonly causes: Set<string>
  pauseMs: number
  quietUntilMs: number
}

/** The first pause between two lines about the same cause, ms; it doubles up to the longest. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
/** The most causes of one broker that are told apart. A further cause counts like one that was logged already. */
const MAX_CAUSES = 8
/** The most brokers that are remembered: in a cluster whose brokers move, old addresses would otherwise pile up. */
const MAX_TROUBLES = 1_000

const QUOTA =
  'the quotas of the brokers for the user or client.id of kprf: producer_byte_rate, request_percentage'

const MESSAGES = {
  credentials: 'Kafka refuses the credentials',
  tls: 'TLS with a broker failed',
} as const

/**
 * Logs why kprf cannot use a broker. A new cause is logged at once, and once for all connections and requests that
 * it affects. The same cause is logged again after pauses that double: so it is found near the end of a log and does not
 * fill it. One line says that the broker works again.
 */
export class BrokerLog {
  readonly #dependencies: BrokerLogDependencies
  readonly #troubles = new Map<string, Trouble>()

  constructor(dependencies: BrokerLogDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Logs a failure of any kind, unless its cause was logged a short while ago.
   *
   * @param retryInMs - time until kprf connects to the broker again, if it was given a backoff.
   */
  failed(broker: string, error: unknown, retryInMs?: number): void {
    const { log, mechanism, bootstrap } = this.#dependencies
    const failure = securityFailureOf(error)
    // Without a token no broker was asked; the token source logs the failure itself.
    if (failure?.kind === 'token') return
    const reason = failure?.reason ?? reasonOf(error)
    if (reason.startsWith(HANGING_UP) || !this.#isDue(broker, reason)) return
    const retry = retryInMs === undefined ? {} : { retry_in_ms: Math.round(retryInMs) }
    if (failure) {
      const { kind, check } = failure
      const sasl = kind === 'credentials' ? { mechanism } : {}
      log('error', MESSAGES[kind], { broker, ...sasl, reason, check, ...retry })
      return
    }
    const check = connectionCheck(error, bootstrap.includes(broker))
    const advice = check === undefined ? {} : { check }
    log('warn', 'connection to a broker failed', { broker, reason, ...advice, ...retry })
  }

  /** Records that the broker answers; logs it if a failure was logged before. */
  succeeded(broker: string): void {
    if (!this.#troubles.delete(broker)) return
    this.#dependencies.log('info', 'connected to a broker again', { broker })
  }

  /** Logs that the broker holds kprf back because of a quota. */
  throttled(broker: string, throttleMs: number): void {
    const key = `${broker} throttles`
    const last = this.#troubles.get(key)
    const nowMs = this.#dependencies.clock.nowMs()
    if (last && nowMs > last.quietUntilMs + LONGEST_PAUSE_MS) this.#troubles.delete(key)
    if (!this.#isDue(key, '')) return
    const fields = { broker, throttle_ms: throttleMs, check: QUOTA }
    this.#dependencies.log('warn', 'a broker throttles kprf', fields)
  }

  #isDue(broker: string, reason: string): boolean {
    const nowMs = this.#dependencies.clock.nowMs()
    // Two reasons that differ only in a number, such as that of an answer, are the same cause.
    const cause = reason.replaceAll(/\d+/g, '0')
    const trouble = this.#troubles.get(broker)
    if (!trouble) {
      const [oldest] = this.#troubles.keys()
      if (oldest !== undefined && this.#troubles.size >= MAX_TROUBLES) this.#troubles.delete(oldest)
      this.#troubles.set(broker, {
        causes: new Set([cause]),
        pauseMs: FIRST_PAUSE_MS,
        quietUntilMs: nowMs + FIRST_PAUSE_MS,
      })
      return true
    }
    const isNew = !trouble.causes.has(cause) && trouble.causes.size < MAX_CAUSES
    if (!isNew && nowMs < trouble.quietUntilMs) return false
    if (isNew) trouble.causes.add(cause)
    else trouble.pauseMs = Math.min(2 * trouble.pauseMs, LONGEST_PAUSE_MS)
    trouble.quietUntilMs = nowMs + trouble.pauseMs
    return true
  }
}
