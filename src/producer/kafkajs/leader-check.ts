import type { CancelTimer, Clock } from '../../base/clock.ts'
import type { Random } from '../partitioner.ts'
import { ReconnectBackoff, type ReconnectBackoffSettings } from '../reconnect-backoff.ts'
import { TransportError } from '../transport.ts'
import { classify, reasonOf } from './classify.ts'
import type { ProducerCluster } from './producer-cluster.ts'
import type { Reachability } from './reachability.ts'

/** Dependencies of a {@link LeaderCheck}. */
export interface LeaderCheckDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly reachability: Reachability
  readonly cluster: () => Pick<
    ProducerCluster,
    'reachesLeaders' | 'askLeaders' | 'advertisedAddresses'
  >
}

/** Shortest wait before the next check, ms. */
const MIN_BACKOFF_MS = 100

/**
 * Checks whether the brokers that records are sent to can be reached. A bootstrap address, such as that of a load
 * balancer, may answer while the addresses that the brokers advertise cannot be resolved or reached. Then nothing can be
 * delivered, although Kafka answers.
 */
export class LeaderCheck {
  readonly #dependencies: LeaderCheckDependencies
  readonly #backoff: ReconnectBackoff
  #isChecking = false
  #isClosed = false
  #cancelTimer: CancelTimer | undefined

  constructor(settings: ReconnectBackoffSettings, dependencies: LeaderCheckDependencies) {
    this.#dependencies = dependencies
    this.#backoff = new ReconnectBackoff(settings, dependencies.random)
  }

  /** To be called when any broker has answered. Checks the leaders, unless one of them is connected. */
  answered(): void {
    void this.#check()
  }

  /** Stops checking. */
  close(): void {
    this.#isClosed = true
    this.#cancelTimer?.()
  }

  async #check(): Promise<void> {
    const { clock, cluster, reachability } = this.#dependencies
    if (this.#isClosed) return
    if (cluster().reachesLeaders()) {
      reachability.up()
      return
    }
    if (this.#isChecking) return
    this.#isChecking = true
    this.#cancelTimer?.()
    try {
      await cluster().askLeaders()
      this.#backoff.reset()
      reachability.up()
    } catch (cause) {
      const failure = new TransportError(classify(cause), reasonOf(cause), { cause })
      reachability.leadersLost(failure, cluster().advertisedAddresses())
      this.#scheduleNext(clock)
    } finally {
      this.#isChecking = false
    }
  }

  #scheduleNext(clock: Clock): void {
    if (this.#isClosed) return
    const delayMs = Math.max(this.#backoff.nextMs(), MIN_BACKOFF_MS)
    this.#cancelTimer = clock.schedule(delayMs, () => void this.#check())
  }
}
