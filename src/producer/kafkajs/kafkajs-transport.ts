/**
 * The transport on kafkajs's producer. What `sendBatch` says is believed only as far as it is known to
 * be true: it gets batches of partitions whose one leader is known, retries nothing, and a partition that the
 * answer does not mention has failed.
 */
import type { ConnectionOptions } from 'node:tls'
import { logLevel, type Producer, type SASLOptions } from 'kafkajs'
import { createLogger } from 'kafkajs/src/loggers/index.js'
import createProducer from 'kafkajs/src/producer/index.js'
import type { CancelTimer, Clock } from '../../clock.ts'
import { deliveryError, RDKAFKA } from '../delivery-errors.ts'
import type { Random } from '../partitioner.ts'
import {
  TransportError,
  type Availability,
  type MetadataSnapshot,
  type ProducerIdentity,
  type ProduceAttempt,
  type ProduceOutcome,
  type ProduceRequest,
  type Transport,
  type TransportListener,
  type TransportObserver,
} from '../transport.ts'
import { failAll, toOutcomes, toSnapshot, UNCONFIRMED } from './answers.ts'
import { classify, reasonOf } from './classify.ts'
import { IdleConnections } from './idle-connections.ts'
import { kafkajsLogCreator, type TransportLog } from './kafkajs-log.ts'
import { Carrier, ProduceCall } from './produce-call.ts'
import { ProducerCluster } from './producer-cluster.ts'
import { StallWatch } from './stall-watch.ts'
import { disguiseIpv6, Sockets, type Connect, type SocketSettings } from './sockets.ts'

/** Where Kafka is and how to get in. */
export interface KafkajsTransportSettings {
  /** `host:port`, IPv6 hosts in brackets. */
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Options for `tls.connect`; `undefined` for plain text. */
  readonly ssl: ConnectionOptions | undefined
  readonly sasl: SASLOptions | undefined
  /** `allow.auto.create.topics`. */
  readonly allowAutoTopicCreation: boolean
  /** `socket.connection.setup.timeout.ms`. */
  readonly connectTimeoutMs: number
  /** `socket.timeout.ms`. */
  readonly socketTimeoutMs: number
  readonly socket: SocketSettings
  /** `connections.max.idle.ms`: a connection on which nothing happens for so long is closed; 0 never. */
  readonly maxIdleMs: number
  /** `receive.message.max.bytes`: an answer that says it is longer ends its connection. */
  readonly maxAnswerBytes: number
  /** `reconnect.backoff.ms` and `reconnect.backoff.max.ms`. */
  readonly reconnectBackoffMs: number
  readonly reconnectBackoffMaxMs: number
  /** Whether kafkajs's own debug lines are wanted. */
  readonly isDebugLogged: boolean
}

/** What a {@link KafkajsTransport} works with. */
export interface KafkajsTransportDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly log: TransportLog
  readonly observer: TransportObserver
  /** Opens plain connections. @defaultValue `net.connect` */
  readonly connect?: Connect
}

/** When nothing was heard of Kafka for so long, it is asked whether it is there. */
const PROBE_INTERVAL_MS = 10_000
/** Brokers lock out or throttle who tries wrong credentials again and again. */
const AUTHENTICATION_BACKOFF_MS = 1_000
/** kafkajs's own disconnect waits for requests in flight, which may be for ever. */
const DISCONNECT_TIMEOUT_MS = 5_000
/** One attempt each: retries, their backoff and their end are the dispatcher's. */
const NO_RETRIES = { retries: 0 }

/** See the head of this file. */
export class KafkajsTransport implements Transport {
  readonly #settings: KafkajsTransportSettings
  readonly #dependencies: KafkajsTransportDependencies
  readonly #sockets: Sockets
  readonly #cluster: ProducerCluster
  readonly #producer: Producer
  readonly #idle: IdleConnections
  readonly #stalls: StallWatch
  #availability: Availability = 'unknown'
  #lastHeardMs = -Infinity
  #lastMetadataMs: number | undefined
  #probeFailures = 0
  #cancelProbe: CancelTimer | undefined
  /** One question follows the other: kafkajs keeps the last metadata, and builds brokers from it. */
  #lastQuestion: Promise<unknown> = Promise.resolve()
  #listener: TransportListener | undefined
  /** The last refusal of our credentials, which is not tempted again at once. */
  #refusal: { readonly error: TransportError; readonly untilMs: number } | undefined
  #isConnected = false
  #isClosed = false

  constructor(settings: KafkajsTransportSettings, dependencies: KafkajsTransportDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
    const { clock, observer } = dependencies
    const { connectTimeoutMs, socketTimeoutMs, maxAnswerBytes, maxIdleMs, ssl, sasl } = settings
    this.#sockets = new Sockets({ ...settings.socket, tls: ssl }, observer, dependencies.connect)
    const logger = createLogger({
      level: settings.isDebugLogged ? logLevel.DEBUG : logLevel.INFO,
      logCreator: kafkajsLogCreator(dependencies.log),
    })
    this.#cluster = new ProducerCluster(
      {
        brokers: settings.brokers.map(disguiseIpv6),
        clientId: settings.clientId,
        ssl,
        sasl,
        connectionTimeout: connectTimeoutMs,
        authenticationTimeout: connectTimeoutMs,
        requestTimeout: socketTimeoutMs,
        enforceRequestTimeout: true,
        allowAutoTopicCreation: settings.allowAutoTopicCreation,
        retry: NO_RETRIES,
        socketFactory: this.#sockets.factory,
        logger,
      },
      dependencies.random,
      { clock, observer, connectTimeoutMs, maxAnswerBytes },
    )
    this.#idle = new IdleConnections(maxIdleMs, {
      clock,
      connections: () => this.#cluster.connections(),
    })
    this.#stalls = new StallWatch({
      clock,
      onStalled: (topic) => this.#listener?.onStalled(topic),
    })
    this.#producer = createProducer({
      cluster: this.#cluster,
      logger,
      retry: NO_RETRIES,
      createPartitioner: () => chosenPartition,
    })
  }

  get availability(): Availability {
    return this.#availability
  }

  get metadataAgeMs(): number | undefined {
    if (this.#lastMetadataMs === undefined) return undefined
    return this.#dependencies.clock.nowMs() - this.#lastMetadataMs
  }

  start(listener: TransportListener): void {
    this.#listener = listener
    this.#idle.start()
    this.#scheduleProbe(0)
  }

  async fetchMetadata(topics: readonly string[]): Promise<MetadataSnapshot> {
    const metadata = await this.#askInTurn(() => this.#cluster.fetchMetadata(topics))
    this.#lastMetadataMs = this.#dependencies.clock.nowMs()
    const snapshot = toSnapshot(metadata)
    this.#stalls.learn(snapshot)
    return snapshot
  }

  async initProducerId(): Promise<ProducerIdentity> {
    const { errorCode, producerId, producerEpoch } = await this.#askInTurn(() =>
      this.#cluster.initProducerId(),
    )
    if (errorCode !== 0) {
      const reason = deliveryError(errorCode).text
      this.#dependencies.log('error', 'Kafka gives kprf no producer id', {
        reason,
        error_code: errorCode,
      })
      throw new TransportError(errorCode, reason)
    }
    return { producerId: BigInt(producerId), epoch: producerEpoch }
  }

  produce(request: ProduceRequest): ProduceAttempt {
    const call = new ProduceCall(request)
    const { promise: ended, resolve } = Promise.withResolvers<readonly ProduceOutcome[]>()
    const giveUp = (reason: string): void => {
      const { wasSent } = call
      const errorNumber = wasSent ? RDKAFKA.timedOut : RDKAFKA.timedOutInQueue
      call.abandon()
      resolve(failAll(call, { errorNumber, wasSent, reason }))
    }
    const { requestTimeoutMs } = request
    const cancelTimer = this.#dependencies.clock.schedule(requestTimeoutMs, () => {
      giveUp(`no answer within ${Math.round(requestTimeoutMs)} ms`)
    })
    const unwatch = this.#stalls.watch(call)
    const outcomes = Promise.race([this.#send(call, request), ended]).finally(() => {
      unwatch()
      cancelTimer()
    })
    return {
      outcomes,
      get wasSent() {
        return call.wasSent
      },
      abandon: () => {
        giveUp('the records expired')
      },
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelProbe?.()
    this.#stalls.close()
    this.#idle.close()
    const { promise: timedOut, resolve } = Promise.withResolvers<undefined>()
    const cancelTimer = this.#dependencies.clock.schedule(DISCONNECT_TIMEOUT_MS, () => {
      resolve(undefined)
    })
    // An error while hanging up changes nothing: the sockets are destroyed next.
    const disconnected = this.#producer.disconnect().catch(() => undefined)
    await Promise.race([disconnected, timedOut])
    cancelTimer()
    this.#sockets.destroyAll()
  }

  async #send(
    call: ProduceCall,
    { requiredAcks, ackTimeoutMs }: ProduceRequest,
  ): Promise<readonly ProduceOutcome[]> {
    try {
      const results = await this.#producer.sendBatch({
        acks: requiredAcks,
        timeout: ackTimeoutMs,
        topicMessages: topicMessagesOf(call),
      })
      this.#heard()
      return requiredAcks === 0 ? call.batches.map(() => UNCONFIRMED) : toOutcomes(call, results)
    } catch (error) {
      const { wasSent } = call
      return failAll(call, { errorNumber: classify(error), wasSent, reason: reasonOf(error) })
    }
  }

  #askInTurn<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    const answer = this.#lastQuestion.then(() => this.#ask(question))
    this.#lastQuestion = answer.catch(() => undefined)
    return answer
  }

  async #ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    const startedMs = this.#dependencies.clock.nowMs()
    if (this.#refusal && startedMs < this.#refusal.untilMs) throw this.#refusal.error
    try {
      if (!this.#isConnected) {
        await this.#producer.connect()
        this.#isConnected = true
      }
      const answer = await this.#askTwoBrokers(question)
      this.#heard()
      return answer
    } catch (error) {
      const errorNumber = classify(error)
      // Others may have answered meanwhile: then only the one that was asked is out of reach.
      if (this.#lastHeardMs < startedMs) this.#lost(errorNumber, reasonOf(error))
      const failure = new TransportError(errorNumber, reasonOf(error), { cause: error })
      if (errorNumber === RDKAFKA.authentication) {
        this.#refusal = { error: failure, untilMs: startedMs + AUTHENTICATION_BACKOFF_MS }
      }
      throw failure
    }
  }

  /** A broker that hangs has lost its connection after the first attempt; the second asks another. */
  async #askTwoBrokers<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    try {
      return await question()
    } catch (error) {
      if (!this.#cluster.hasConnections()) throw error
      return await question()
    }
  }

  #heard(): void {
    this.#lastHeardMs = this.#dependencies.clock.nowMs()
    this.#probeFailures = 0
    if (this.#availability === 'up') return
    this.#availability = 'up'
    this.#dependencies.log('info', 'Kafka is reachable', {})
    this.#listener?.onAvailable()
  }

  #lost(errorNumber: number, reason: string): void {
    const availability = errorNumber === RDKAFKA.authentication ? 'authenticationFailed' : 'down'
    if (this.#isClosed || this.#availability === availability) return
    this.#availability = availability
    this.#dependencies.log('error', 'Kafka is not reachable', { reason, error_code: errorNumber })
  }

  #scheduleProbe(delayMs: number): void {
    if (this.#isClosed) return
    this.#cancelProbe = this.#dependencies.clock.schedule(delayMs, () => void this.#probe())
  }

  /** Connects, and later notices when Kafka went away or came back while nobody produces. */
  async #probe(): Promise<void> {
    const { clock, random } = this.#dependencies
    const silenceMs = clock.nowMs() - this.#lastHeardMs
    if (silenceMs < PROBE_INTERVAL_MS) {
      this.#scheduleProbe(PROBE_INTERVAL_MS - silenceMs)
      return
    }
    try {
      await this.fetchMetadata([])
      this.#scheduleProbe(PROBE_INTERVAL_MS)
    } catch {
      // Logged by #lost. librdkafka's reconnect backoff: doubling, from -25 % to +50 %.
      const { reconnectBackoffMs, reconnectBackoffMaxMs } = this.#settings
      const backoffMs = reconnectBackoffMs * 2 ** this.#probeFailures * (0.75 + 0.75 * random())
      if (backoffMs < reconnectBackoffMaxMs) this.#probeFailures += 1
      this.#scheduleProbe(Math.min(backoffMs, reconnectBackoffMaxMs))
    }
  }
}

/** The partition was chosen at admission; kafkajs must not choose again. */
function chosenPartition({ message }: { message: { partition?: number } }): number {
  return message.partition ?? -1
}

/** What kafkajs's producer is to send: for each topic, a carrier for each partition. */
function topicMessagesOf(call: ProduceCall): { topic: string; messages: Carrier[] }[] {
  const messagesByTopic = new Map<string, Carrier[]>()
  for (const batch of call.batches) {
    const messages = messagesByTopic.get(batch.topic)
    if (messages) messages.push(new Carrier(call, batch))
    else messagesByTopic.set(batch.topic, [new Carrier(call, batch)])
  }
  return Array.from(messagesByTopic, ([topic, messages]) => ({ topic, messages }))
}
