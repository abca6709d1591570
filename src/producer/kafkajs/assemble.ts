/** Assembles the parts of kafkajs that the transport uses: its producer, on kprf's own cluster and brokers. */
import type { ConnectionOptions } from 'node:tls'
import type { Producer } from 'kafkajs'
import { createLogger, LEVELS } from 'kafkajs/src/loggers/index.js'
import createProducer from 'kafkajs/src/producer/index.js'
import type { Clock } from '../../base/clock.ts'
import type { EventSink } from '../events.ts'
import type { Random } from '../partitioner.ts'
import type { TokenSource } from '../security/bearer-token.ts'
import { BrokerBackoff } from './broker-backoff.ts'
import { BrokerLog } from './broker-log.ts'
import { makeCredentials } from './credentials.ts'
import { kafkajsLogCreator, type TransportLog } from './kafkajs-log.ts'
import { CARRIER_PARTITION } from './produce-call.ts'
import { ProducerCluster } from './producer-cluster.ts'
import { kafkajsSasl } from './sasl.ts'
import { SecurityBackoff } from './security-backoff.ts'
import type { KafkajsTransportSettings } from './settings.ts'
import { type Connect, disguiseIpv6, Sockets } from './sockets.ts'

/** Dependencies of the transport. */
export interface KafkajsTransportDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly log: TransportLog
  readonly events: EventSink
  /** Called with renewed secrets, to be masked in the log. @defaultValue nothing is done */
  readonly onSecrets?: (secrets: readonly string[]) => void
  /** Called with the options of TLS, and again when they were renewed. @defaultValue nothing is done */
  readonly onTls?: (options: ConnectionOptions | undefined) => void
  /** Opens plain connections. @defaultValue `net.connect` */
  readonly connect?: Connect
}

/** The parts of kafkajs, and of its connections. */
export interface KafkajsParts {
  readonly producer: Producer
  readonly cluster: ProducerCluster
  readonly sockets: Sockets
  /** `undefined` without OAUTHBEARER. */
  readonly tokens: TokenSource | undefined
}

/** kprf's own producer retries, with a backoff and a limit; kafkajs must not. */
const NO_RETRIES = { retries: 0 }

/** @throws ProxyError CONFIG_INVALID if a file of the credentials cannot be used. */
export function assembleKafkajs(
  settings: KafkajsTransportSettings,
  dependencies: KafkajsTransportDependencies,
): KafkajsParts {
  const { connectTimeoutMs, socketTimeoutMs, maxAnswerBytes, ssl, brokers } = settings
  const { clock, random, log, events, connect } = dependencies
  const credentials = makeCredentials(settings, dependencies)
  const sasl = kafkajsSasl(() => credentials.current().sasl, settings, dependencies)
  const tls = ssl && (() => credentials.current().ssl ?? ssl)
  const sockets = new Sockets({ ...settings.socket, tls }, events, connect, clock)
  const logger = createLogger({
    level: settings.isDebugLogged ? LEVELS.DEBUG : LEVELS.NOTHING,
    logCreator: kafkajsLogCreator(log),
  })
  const mechanism = settings.sasl?.mechanism
  const brokerLog = new BrokerLog({ clock, log, mechanism, bootstrap: brokers })
  const cluster = new ProducerCluster(
    {
      brokers: brokers.map(disguiseIpv6),
      clientId: settings.clientId,
      ssl,
      sasl: sasl?.options,
      connectionTimeout: connectTimeoutMs,
      authenticationTimeout: connectTimeoutMs,
      requestTimeout: socketTimeoutMs,
      // kafkajs's own timeout would leave the connection open, and fires before received answers are read.
      enforceRequestTimeout: false,
      // `ProducerCluster` decides this per request.
      allowAutoTopicCreation: false,
      retry: NO_RETRIES,
      socketFactory: sockets.factory,
      logger,
    },
    random,
    {
      ...{ clock, events, connectTimeoutMs, socketTimeoutMs, maxAnswerBytes },
      gate: new BrokerBackoff(settings, { clock, random }),
      tokens: sasl?.tokens,
      brokerLog,
      securityBackoff: new SecurityBackoff(settings, { clock, random, brokerLog, events }),
    },
    settings.rebootstrap,
  )
  const createPartitioner = (): (() => number) => () => CARRIER_PARTITION
  const producer = createProducer({ cluster, logger, retry: NO_RETRIES, createPartitioner })
  return { producer, cluster, sockets, tokens: sasl?.tokens }
}
