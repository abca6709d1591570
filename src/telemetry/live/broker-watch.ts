import type { Clock } from '../../base/clock.ts'
import type { LiveBroker } from '../../base/live-sample.ts'
import { addressOf, type BrokerEvent, type ProducerEvent } from '../../producer/events.ts'
import type { LogFields } from '../logging.ts'

type Members = Extract<ProducerEvent, { kind: 'brokersLearned' }>['brokers']

/** How long a broker that left the cluster is shown, ms. */
export const GONE_SHOWN_MS = 600_000

/** What kprf sees of one broker. */
class WatchedBroker {
  nodeId: number | undefined
  isMember = false
  /** When other brokers no longer named it as a member; `undefined` if they never did, or do. */
  leftMs: number | undefined
  #answers = 0
  #roundTripMs = 0
  #throttleMs = 0
  readonly #connections = new Map<object, 'connecting' | 'up'>()
  #isDown = false
  #reason: string | undefined
  #state: LiveBroker['state'] = 'idle'
  #stateSinceMs: number

  constructor(nowMs: number) {
    this.#stateSinceMs = nowMs
  }

  observe(event: BrokerEvent, nowMs: number): void {
    switch (event.kind) {
      case 'connectionOpened':
        this.#connections.set(event.connection, 'connecting')
        break
      case 'connectionReached':
        if (event.stage !== 'UP') return
        this.#connections.set(event.connection, 'up')
        this.#isDown = false
        this.#reason = undefined
        break
      case 'connectionClosed':
        this.#connections.delete(event.connection)
        // A broker also closes what was idle. Whether it is down shows the next attempt.
        if (event.end === 'timeout') this.#isDown = true
        break
      case 'connectFailed':
      case 'authenticationFailed':
        this.#isDown = true
        break
      case 'requestAnswered':
        this.#answers += 1
        this.#roundTripMs += event.roundTripMs
        return
      case 'produceAnswered':
        this.#throttleMs += event.throttleMs
        return
      default:
        return
    }
    this.#noteState(nowMs)
  }

  /** Why a connection failed, in the words of the log. */
  failed(reason: string): void {
    this.#reason = reason
  }

  take(address: string, nowMs: number): LiveBroker {
    return {
      ...{ address, nodeId: this.nodeId },
      ...{ answers: this.#answers, roundTripMs: this.#roundTripMs, throttleMs: this.#throttleMs },
      ...this.#health(),
      stateAgeMs: nowMs - (this.leftMs ?? this.#stateSinceMs),
    }
  }

  #health(): Pick<LiveBroker, 'state' | 'reason'> {
    if (this.leftMs !== undefined) {
      const why = this.#reason === undefined ? '' : ` (${this.#reason})`
      return { state: 'down', reason: `it is no longer in the cluster${why}` }
    }
    const isDown = this.#state === 'down'
    return {
      state: this.#state,
      reason: isDown ? (this.#reason ?? 'it does not answer') : undefined,
    }
  }

  #noteState(nowMs: number): void {
    const state = this.#stateNow()
    if (state === this.#state) return
    this.#state = state
    this.#stateSinceMs = nowMs
  }

  /** A broker that is down stays so while kprf tries to connect. */
  #stateNow(): LiveBroker['state'] {
    const stages = [...this.#connections.values()]
    if (stages.includes('up')) return 'up'
    if (this.#isDown) return 'down'
    return stages.length > 0 ? 'connecting' : 'idle'
  }
}

/**
 * What kprf sees of each broker, for the page, whether or not statistics are collected. Nothing here runs per record.
 * A broker that left the cluster, as one does that stopped, is shown for {@link GONE_SHOWN_MS}.
 */
export class BrokerWatch {
  readonly #clock: Clock
  readonly #configured: ReadonlySet<string>
  readonly #brokers = new Map<string, WatchedBroker>()
  readonly #addresses = new Map<number, string>()

  /** @param configured - the addresses of `kafka.brokers`. */
  constructor(configured: readonly string[], clock: Clock) {
    this.#clock = clock
    this.#configured = new Set(configured)
    for (const address of configured) this.#at(address)
  }

  /** Takes note of an event. */
  observe(event: ProducerEvent): void {
    if (event.kind === 'brokersLearned') {
      this.#learn(event.brokers)
    } else if ('broker' in event) {
      const { broker } = event
      const address = typeof broker === 'string' ? broker : this.#addresses.get(broker)
      if (address !== undefined) this.#at(address).observe(event, this.#clock.nowMs())
    }
  }

  /** Takes note of what is logged of a broker. */
  logged({ broker, reason }: LogFields): void {
    if (typeof broker !== 'string' || typeof reason !== 'string') return
    this.#brokers.get(broker)?.failed(reason)
  }

  /**
   * What is known of each, by its id. An address of the configuration is left out if brokers have named all members of
   * the cluster and it is none of them: a load balancer, or another name of one of them.
   */
  list(): readonly LiveBroker[] {
    const nowMs = this.#clock.nowMs()
    const areMembersKnown = this.#addresses.size > 0
    return [...this.#brokers]
      .filter(([, { isMember, leftMs }]) => isMember || leftMs !== undefined || !areMembersKnown)
      .map(([address, broker]) => broker.take(address, nowMs))
      .toSorted((one, other) => (one.nodeId ?? -1) - (other.nodeId ?? -1))
  }

  #learn(members: Members): void {
    const nowMs = this.#clock.nowMs()
    const before = [...this.#brokers.values()].filter(({ isMember }) => isMember)
    this.#addresses.clear()
    for (const broker of before) broker.isMember = false
    for (const { nodeId, host, port } of members) {
      const address = addressOf(host, port)
      const broker = this.#at(address)
      broker.nodeId = nodeId
      broker.isMember = true
      broker.leftMs = undefined
      this.#addresses.set(nodeId, address)
    }
    for (const broker of before) if (!broker.isMember) broker.leftMs = nowMs
    this.#forget(nowMs)
  }

  #forget(nowMs: number): void {
    for (const [address, broker] of this.#brokers) {
      const { isMember, leftMs } = broker
      if (isMember || (leftMs !== undefined && nowMs - leftMs <= GONE_SHOWN_MS)) continue
      broker.leftMs = undefined
      if (!this.#configured.has(address)) this.#brokers.delete(address)
    }
  }

  #at(address: string): WatchedBroker {
    let broker = this.#brokers.get(address)
    if (broker === undefined) {
      broker = new WatchedBroker(this.#clock.nowMs())
      this.#brokers.set(address, broker)
    }
    return broker
  }
}
