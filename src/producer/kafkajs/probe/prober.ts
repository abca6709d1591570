import Cluster from 'kafkajs/src/cluster/index.js'
import { createLogger, LEVELS } from 'kafkajs/src/loggers/index.js'
import type { Clock } from '../../../base/clock.ts'
import { ProducerEvents } from '../../events.ts'
import type { Random } from '../../partitioner.ts'
import { mendConnections } from '../mend-connections.ts'
import { kafkajsSasl, type KafkajsSasl } from '../sasl.ts'
import type { KafkajsTransportSettings } from '../settings.ts'
import { Sockets } from '../sockets.ts'
import { Probe } from './probe.ts'

/** Dependencies of a {@link Prober}. */
export interface ProberDependencies {
  readonly clock: Clock
  readonly random: Random
  /** How long each step of a probe may take, ms. */
  readonly timeoutMs: number
}

/** A host and its port. */
export interface HostPort {
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
}

/** Makes probes with the TLS and SASL of the configuration, and others without. */
export class Prober {
  readonly #settings: KafkajsTransportSettings
  readonly #dependencies: ProberDependencies
  readonly #sasl: KafkajsSasl | undefined
  readonly #open: Sockets[] = []

  constructor(settings: KafkajsTransportSettings, dependencies: ProberDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
    const log = (): void => undefined
    this.#sasl = kafkajsSasl(() => settings.sasl, settings, { ...dependencies, log })
  }

  /** A probe as kprf connects. */
  async probe(address: string, place: HostPort): Promise<Probe> {
    return await this.#make(address, place, this.#settings)
  }

  /** A probe without TLS and SASL: whether the port speaks plain Kafka. */
  async plainProbe(address: string, place: HostPort): Promise<Probe> {
    return await this.#make(address, place, { ...this.#settings, ssl: undefined, sasl: undefined })
  }

  /** Ends all probes. */
  close(): void {
    for (const sockets of this.#open) sockets.destroyAll()
    this.#sasl?.tokens?.close()
  }

  async #make(
    address: string,
    { host, port }: HostPort,
    { ssl, sasl, socket, clientId, maxAnswerBytes }: KafkajsTransportSettings,
  ): Promise<Probe> {
    const { clock } = this.#dependencies
    // Longer than a step of a probe, whose own timeout says more.
    const limitMs = 2 * this.#dependencies.timeoutMs
    const events = new ProducerEvents()
    const sockets = new Sockets({ ...socket, tls: ssl && (() => ssl) }, events)
    this.#open.push(sockets)
    const options = sasl && this.#sasl?.options
    const cluster = new Cluster({
      ...{ brokers: [address], clientId: `${clientId}-doctor`, ssl, sasl: options },
      ...{ connectionTimeout: limitMs, authenticationTimeout: limitMs },
      ...{ requestTimeout: limitMs, enforceRequestTimeout: false, allowAutoTopicCreation: false },
      ...{ retry: { retries: 0 }, socketFactory: sockets.factory },
      logger: createLogger({ level: LEVELS.NOTHING, logCreator: () => () => undefined }),
    })
    const pool = await cluster.connectionPoolBuilder.build({ host, port, rack: null })
    mendConnections(pool, address, { clock, events, maxAnswerBytes, connectTimeoutMs: limitMs })
    const tokens = sasl && this.#sasl?.tokens
    return new Probe({ ...this.#dependencies, address, pool, tokens })
  }
}
