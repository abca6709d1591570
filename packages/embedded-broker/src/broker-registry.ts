/** The brokers of the cluster: their addresses, and which of them are up. */
import { randomBytes } from 'node:crypto'

/** A broker that is up. */
export interface BrokerAddress {
  readonly id: number
  readonly host: string
  readonly port: number
}

/** The brokers that are up. */
export class BrokerRegistry {
  /** 22 characters, as Kafka's cluster ids. */
  readonly clusterId = randomBytes(16).toString('base64url')
  readonly #alive = new Map<number, BrokerAddress>()

  /** Ascending by id. */
  alive(): readonly BrokerAddress[] {
    return [...this.#alive.values()].sort((one, other) => one.id - other.id)
  }

  isAlive(id: number): boolean {
    return this.#alive.has(id)
  }

  /** The lowest broker that is up, or -1. */
  controllerId(): number {
    return this.alive()[0]?.id ?? -1
  }

  add(address: BrokerAddress): void {
    this.#alive.set(address.id, address)
  }

  remove(id: number): void {
    this.#alive.delete(id)
  }
}
