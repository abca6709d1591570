import type { ProducerEvent } from '../producer/events.ts'

/** Counts the brokers to which there is a usable connection. */
export class ConnectedBrokers {
  /** The usable connections by broker. */
  readonly #connections = new Map<string | number, Set<object>>()

  /** Number of brokers. */
  get count(): number {
    return this.#connections.size
  }

  /** Notes what happened to a connection. */
  observe(event: ProducerEvent & { kind: 'connectionReached' | 'connectionClosed' }): void {
    const { broker, connection } = event
    const ofBroker = this.#connections.get(broker) ?? new Set<object>()
    if (event.kind === 'connectionClosed') ofBroker.delete(connection)
    else if (event.stage === 'UP') ofBroker.add(connection)
    if (ofBroker.size > 0) this.#connections.set(broker, ofBroker)
    else this.#connections.delete(broker)
  }
}
