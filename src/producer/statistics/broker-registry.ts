import type { Clock } from '../../base/clock.ts'
import { addressOf, type BrokerEvent } from '../events.ts'
import type { BrokerAddress } from '../transport.ts'
import { BrokerStatistics, type BrokerQueues } from './broker-statistics.ts'
import type { BrokerData, Totals } from './statistics-data.ts'

/** How long a broker is kept after it left, ms: some dozen scrapes, enough to look into a failure. */
export const FORGET_AFTER_MS = 600_000

interface Entry {
  readonly broker: BrokerStatistics
  isMember: boolean
  /** When it was last a member of the cluster, or had a connection. */
  lastUsedMs: number
}

type NetworkTotals = Pick<Totals, 'tx' | 'tx_bytes' | 'rx' | 'rx_bytes'>

/**
 * The brokers with statistics, by address: the configured ones, and those that a broker named. A broker that left
 * the cluster is forgotten after {@link FORGET_AFTER_MS}; its counts stay in the totals.
 */
export class BrokerRegistry {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #byNode = new Map<number, BrokerStatistics>()
  /** The counts of forgotten brokers. */
  #past: NetworkTotals = { tx: 0, tx_bytes: 0, rx: 0, rx_bytes: 0 }

  /** @param configured - `host:port`, IPv6 hosts in brackets. */
  constructor(configured: readonly string[], clock: Clock) {
    this.#clock = clock
    for (const address of configured) this.#add(address, 'configured')
  }

  /** Number of brokers remembered. */
  get size(): number {
    return this.#entries.size
  }

  /** Counts what happened between kprf and one broker, which may be new. */
  observe(event: BrokerEvent): void {
    const { broker } = event
    const counted = typeof broker === 'number' ? this.node(broker) : this.at(broker)
    counted?.observe(event)
  }

  /** Returns the broker at an address, which may be new. */
  at(address: string): BrokerStatistics {
    return (this.#entries.get(address) ?? this.#add(address, 'learned')).broker
  }

  /** Returns the broker with this id. */
  node(nodeId: number): BrokerStatistics | undefined {
    return this.#byNode.get(nodeId)
  }

  /** Updates the brokers of the cluster. */
  learn(members: readonly BrokerAddress[]): void {
    const nowMs = this.#clock.nowMs()
    for (const entry of this.#entries.values()) {
      if (entry.isMember) entry.lastUsedMs = nowMs
      entry.isMember = false
    }
    this.#byNode.clear()
    for (const { nodeId, host, port } of members) {
      const address = addressOf(host, port)
      const entry = this.#entries.get(address) ?? this.#add(address, 'learned')
      entry.isMember = true
      entry.broker.nodeId = nodeId
      this.#byNode.set(nodeId, entry.broker)
    }
  }

  /** Returns the totals of all brokers, forgotten ones included. */
  totals(): NetworkTotals {
    return [...this.#entries.values()].reduce((sum, { broker }) => add(sum, broker), this.#past)
  }

  /**
   * Returns the statistics by broker name, starts new windows, and forgets brokers that left.
   *
   * @param queuesOf - the producer's numbers for a node.
   */
  take(queuesOf: (nodeId: number | undefined) => BrokerQueues): Record<string, BrokerData> {
    this.#forgetUnused()
    const brokers = Array.from(this.#entries.values(), ({ broker, isMember }) =>
      broker.take(queuesOf(isMember ? broker.nodeId : undefined)),
    )
    return Object.fromEntries(brokers.map((broker) => [broker.name, broker]))
  }

  #add(address: string, source: BrokerData['source']): Entry {
    const broker = new BrokerStatistics(address, source, this.#clock)
    const entry = { broker, isMember: false, lastUsedMs: this.#clock.nowMs() }
    this.#entries.set(address, entry)
    return entry
  }

  #forgetUnused(): void {
    const nowMs = this.#clock.nowMs()
    for (const [address, entry] of this.#entries) {
      const { broker, isMember } = entry
      if (broker.source === 'configured' || isMember || broker.hasConnections) {
        entry.lastUsedMs = nowMs
      } else if (nowMs - entry.lastUsedMs > FORGET_AFTER_MS) {
        this.#past = add(this.#past, broker)
        this.#entries.delete(address)
      }
    }
  }
}

function add(sum: NetworkTotals, { requests, bytes }: BrokerStatistics): NetworkTotals {
  return {
    tx: sum.tx + requests.tx,
    tx_bytes: sum.tx_bytes + bytes.sent,
    rx: sum.rx + requests.rx,
    rx_bytes: sum.rx_bytes + bytes.received,
  }
}
