import type Broker from 'kafkajs/src/broker/index.js'
import type { BrokerPool } from 'kafkajs/src/cluster/index.js'
import type { Clock } from '../../base/clock.ts'
import { addressOf } from '../events.ts'
import type { Random } from '../partitioner.ts'
import { firstAnswer } from './first-answer.ts'
import { HonestBroker } from './honest-broker.ts'
import type { RebootstrapSettings } from './settings.ts'
import { revealIpv6 } from './sockets.ts'

/** A question that any broker can answer. */
export type Question<Answer> = (broker: Broker) => Promise<Answer>

/** The address of a broker in kafkajs's form. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly rack?: string | null
}

/** Dependencies of a {@link BrokerFinder}. */
export interface BrokerFinderDependencies {
  readonly clock: Clock
  readonly random: Random
  /** Holds the brokers that metadata names, by node id. */
  readonly pool: Pick<BrokerPool, 'brokers'>
  readonly makeBroker: (address: Address, nodeId: number | undefined) => Promise<Broker>
}

/**
 * Finds a broker that answers a question. As long as the last question was answered, it asks one connected broker.
 * After a question without an answer, all brokers are candidates until one answers, and several are asked at the same
 * time: the known ones, which may accept connections and stay silent, and those at the bootstrap addresses, to which the
 * cluster may have moved (KIP-899).
 */
export class BrokerFinder {
  readonly #settings: RebootstrapSettings
  readonly #addresses: readonly Address[]
  readonly #dependencies: BrokerFinderDependencies
  /** The brokers at bootstrap addresses that metadata does not name, by address. */
  readonly #strangers = new Map<string, Broker>()
  /** Time since which no broker has answered a question. */
  #unansweredSinceMs: number | undefined

  /** @param bootstrap - `host:port` each. */
  constructor(
    settings: RebootstrapSettings,
    bootstrap: readonly string[],
    dependencies: BrokerFinderDependencies,
  ) {
    this.#settings = settings
    this.#addresses = bootstrap.map(toAddress)
    this.#dependencies = dependencies
  }

  /** All brokers, connected or not. */
  get brokers(): readonly Broker[] {
    return [...this.#known(), ...this.#strangers.values()]
  }

  /**
   * Resolves with the first answer. Not to be called concurrently.
   *
   * @throws the error of the only broker asked, or of the last one; the next call then asks all of them.
   */
  async ask<Answer>(question: Question<Answer>): Promise<Answer> {
    const { clock, random } = this.#dependencies
    const talkers = this.#unansweredSinceMs === undefined ? this.#connectedTalkers() : []
    this.#unansweredSinceMs ??= clock.nowMs()
    const talker = talkers[Math.floor(random() * talkers.length)]
    const answer = await (talker ? question(talker) : this.#askAll(question))
    this.#unansweredSinceMs = undefined
    return answer
  }

  /** Whether a broker that metadata names is connected and answers, or metadata names no brokers yet. */
  isWithKnown(): boolean {
    const known = this.#known()
    return known.length === 0 || known.some(isTalking)
  }

  /**
   * Asks the brokers that metadata names, and no bootstrap address.
   *
   * @throws the error of the last one if none of them answers.
   */
  async askKnown<Answer>(question: Question<Answer>): Promise<Answer> {
    const { clock } = this.#dependencies
    return await firstAnswer(clock, this.#shuffled(this.#known()), connectAndAsk(question))
  }

  /** The addresses of the brokers that metadata names. */
  knownAddresses(): readonly string[] {
    return this.#known().map(({ connectionPool: { host, port } }) =>
      addressOf(revealIpv6(host), port),
    )
  }

  /** Keeps the brokers whose address is unchanged, and disconnects from those that metadata no longer names. */
  async learn(
    named: readonly (Pick<Address, 'host' | 'port' | 'rack'> & { nodeId: number })[],
  ): Promise<void> {
    const { pool } = this.#dependencies
    const before = pool.brokers
    const brokers: Record<string, Broker> = {}
    for (const { nodeId, ...address } of named) {
      const known = before[nodeId]
      const isThere = known !== undefined && isAt(known, address)
      brokers[nodeId] = isThere ? known : await this.#brokerAt(address, nodeId)
    }
    pool.brokers = brokers
    const kept = new Set(Object.values(brokers))
    for (const broker of Object.values(before)) if (!kept.has(broker)) void broker.disconnect()
    this.#leaveStrangers()
  }

  /** Disconnects from all brokers: the next question goes to the bootstrap addresses, on new connections. */
  forget(): void {
    const { brokers } = this
    this.#dependencies.pool.brokers = {}
    this.#strangers.clear()
    for (const broker of brokers) void broker.disconnect()
  }

  /** Asks the known brokers and, as soon as the settings allow, the bootstrap addresses. */
  async #askAll<Answer>(question: Question<Answer>): Promise<Answer> {
    const { clock } = this.#dependencies
    const ask = connectAndAsk(question)
    const known = this.#shuffled(this.#known()).sort(
      (one, other) => Number(isSilent(one)) - Number(isSilent(other)),
    )
    const { isAllowed, triggerMs } = this.#settings
    const mayAskStrangers = isAllowed || known.length === 0
    const strangers = mayAskStrangers ? this.#shuffled(await this.#bootstrapStrangers()) : []
    const silentMs = clock.nowMs() - (this.#unansweredSinceMs ?? clock.nowMs())
    if (strangers.length === 0 || known.length === 0 || silentMs >= triggerMs) {
      return await firstAnswer(clock, alternately(known, strangers), ask)
    }
    return await firstAnswer(clock, known, ask).catch(() => firstAnswer(clock, strangers, ask))
  }

  /**
   * The connected brokers that answered their last question: those that metadata names, or, if there are none, those at
   * bootstrap addresses.
   */
  #connectedTalkers(): readonly Broker[] {
    const known = this.#known().filter(isTalking)
    return known.length > 0 ? known : [...this.#strangers.values()].filter(isTalking)
  }

  #known(): readonly Broker[] {
    return Object.values(this.#dependencies.pool.brokers)
  }

  /** The brokers at the bootstrap addresses that metadata does not name. */
  async #bootstrapStrangers(): Promise<readonly Broker[]> {
    const known = new Set(this.#known().map(({ connectionPool }) => nameOf(connectionPool)))
    const strange = this.#addresses.filter((address) => !known.has(nameOf(address)))
    return await Promise.all(strange.map((address) => this.#strangerAt(address)))
  }

  async #strangerAt(address: Address): Promise<Broker> {
    const name = nameOf(address)
    const stranger =
      this.#strangers.get(name) ?? (await this.#dependencies.makeBroker(address, undefined))
    this.#strangers.set(name, stranger)
    return stranger
  }

  /** Makes a broker, or reuses the one for the same bootstrap address. */
  async #brokerAt(address: Address, nodeId: number): Promise<Broker> {
    const stranger = this.#strangers.get(nameOf(address))
    if (!stranger) return await this.#dependencies.makeBroker(address, nodeId)
    this.#strangers.delete(nameOf(address))
    stranger.nodeId = nodeId
    stranger.connectionPool.rack = address.rack ?? null
    return stranger
  }

  /** Disconnects from bootstrap brokers once a broker that metadata names is connected. */
  #leaveStrangers(): void {
    if (!this.#known().some((broker) => broker.isConnected())) return
    for (const [name, stranger] of this.#strangers) {
      // One that is still connecting has not failed: it is dropped after it has.
      if (!stranger.isConnected()) continue
      this.#strangers.delete(name)
      void stranger.disconnect()
    }
  }

  #shuffled(brokers: readonly Broker[]): Broker[] {
    return brokers
      .map((broker) => ({ broker, rank: this.#dependencies.random() }))
      .sort((one, other) => one.rank - other.rank)
      .map(({ broker }) => broker)
  }
}

function isTalking(broker: Broker): boolean {
  return broker.isConnected() && !isSilent(broker)
}

function connectAndAsk<Answer>(question: Question<Answer>): Question<Answer> {
  return async (broker) => {
    await broker.connect()
    return await question(broker)
  }
}

function isSilent(broker: Broker): boolean {
  return broker instanceof HonestBroker && broker.isSilent
}

function isAt({ connectionPool: is }: Broker, { host, port, rack = null }: Address): boolean {
  return is.host === host && is.port === port && (is.rack ?? null) === rack
}

function nameOf({ host, port }: Address): string {
  return `${host}:${port}`
}

function toAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) }
}

/** Alternates between the items of two lists. */
function alternately<Item>(first: readonly Item[], second: readonly Item[]): readonly Item[] {
  return Array.from({ length: Math.max(first.length, second.length) }, (_, index) => [
    ...first.slice(index, index + 1),
    ...second.slice(index, index + 1),
  ]).flat()
}
