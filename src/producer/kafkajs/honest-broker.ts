import type { Socket } from 'node:net'
import Broker, {
  type ApiVersions,
  type BrokerOptions,
  type Connection,
  type ProduceArguments,
  type RawMetadata,
} from 'kafkajs/src/broker/index.js'
import {
  requests,
  type ProtocolRequest,
  type RawInitProducerIdResponse,
  type RawProduceResponse,
} from 'kafkajs/src/protocol/requests/index.js'
import Lock from 'kafkajs/src/utils/lock.js'
import type { WantedTopics } from '../../base/cluster-description.ts'
import { invariant } from '../../base/invariant.ts'
import { addressOf } from '../events.ts'
import { VersionsByConnection } from './api-versions.ts'
import { Carrier, LEADER_MOVED, type ProduceCall } from './produce-call.ts'
import { decodeProduce, type ProduceAnswer } from './produce-answer.ts'
import { sendProduce } from './produce-request.ts'
import { throttle } from './throttling.ts'
import { assertReadable } from './unread-codec.ts'
import { asConnectionError, hungUp, isHangUp } from './connection-errors.ts'
import { decodeOrDestroy } from './framing.ts'
import type { HonestBrokerDependencies } from './honest-broker-dependencies.ts'
import { mendConnections } from './mend-connections.ts'
import { withTopics } from './metadata-request.ts'
import { securityFailureOf } from './security-failure.ts'
import { revealIpv6, SocketEnd } from './sockets.ts'

/**
 * Longest timeout of a question, ms. Less than the default message.timeout.ms, so that another broker can still be
 * asked in time.
 */
const MAX_QUESTION_TIMEOUT_MS = 1_000
/**
 * kafkajs keeps two connections to each broker, the second for Fetch. A producer never sends Fetch, so kprf uses it
 * for questions that any broker can answer.
 */
const PRODUCE_CONNECTION = 0
const QUESTION_CONNECTION = 1
/** The result for kafkajs's producer, which would copy every part of an answer. The real answer is in the call. */
const NOTHING: RawProduceResponse = { throttleTime: 0, topics: [] }

/**
 * kafkajs's Broker, changed to report all results:
 *
 * - `produce` sends the encoded batches of one {@link ProduceCall}, which keeps every partition's result. kafkajs's own
 *   method throws the first error of a response, without its partition, and drops the rest.
 * - `metadata` returns every topic with its error. kafkajs's own method throws if any topic or partition has an error,
 *   so that one deleted topic prevents metadata of all others (kafkajs issues 651, 1622, 1759). Like `initProducerId`,
 *   it uses a second connection: a broker serves the requests of a connection one after the other, and a produce
 *   request with slow replicas would delay it.
 * - `disconnect` does not wait for answers. kafkajs's own method does, and kafkajs waits for it when a broker has left
 *   the cluster: a broker that hangs would delay all metadata, and the batches for its partitions, which have a new
 *   leader.
 * - `connect` times out. kafkajs's own method waits for ever if the broker goes silent during SASL.
 */
export class HonestBroker extends Broker {
  readonly #dependencies: HonestBrokerDependencies
  /** Its address as operators write it. kafkajs gets IPv6 addresses in another form. */
  readonly #name: string
  readonly #versions: VersionsByConnection
  #connecting: Promise<void> | undefined
  #disconnecting: Promise<void> | undefined
  #isSilent = false
  /**
   * Whether the broker has failed since its last answer. It may have begun to refuse kprf, for example because it now
   * requires SASL. Such a broker closes each connection at its first request, and if that is a produce request, it is
   * unknown whether the broker has read it.
   */
  #isInDoubt = false
  #proving: Promise<unknown> | undefined
  /** The sockets on which it has answered a question. */
  readonly #answered = new WeakSet<Socket>()

  constructor(options: BrokerOptions, dependencies: HonestBrokerDependencies) {
    super(options)
    this.#dependencies = dependencies
    const { host, port } = options.connectionPool
    this.#name = addressOf(revealIpv6(host), port)
    const { clock, connectTimeoutMs: timeoutMs } = dependencies
    this.#versions = new VersionsByConnection({ clock, timeoutMs, broker: this.#name })
    mendConnections(options.connectionPool, this.#name, dependencies)
  }

  /** Whether the broker did not answer its last question. */
  get isSilent(): boolean {
    return this.#isSilent
  }

  /** Batches that wait for a broker at the same time share one attempt, and its failure. */
  override connect(): Promise<void> {
    this.#connecting ??= this.#connectIfWelcome().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  /** The API versions of the connection for produce requests; `connect` asks for them. */
  override async apiVersions(): Promise<ApiVersions> {
    return await this.#versions.on(await this.connectionPool.getConnection(PRODUCE_CONNECTION))
  }

  override disconnect(): Promise<void> {
    this.#disconnecting ??= this.#disconnectAtOnce().finally(() => {
      this.#disconnecting = undefined
    })
    return this.#disconnecting
  }

  override async metadata(topics: readonly string[]): Promise<RawMetadata> {
    return await this.#metadata(topics, this.#dependencies.mayCreateTopics)
  }

  /** Like `metadata`, but never creates topics, whatever a metadata request that is made meanwhile may do. */
  async describe(topics: WantedTopics): Promise<RawMetadata> {
    return await this.#metadata(topics, () => false)
  }

  override async initProducerId(): Promise<RawInitProducerIdResponse> {
    const { InitProducerId } = requests
    return await this.#ask((connection) =>
      this.#versions.request(connection, 'InitProducerId', InitProducerId, {
        transactionalId: null,
      }),
    )
  }

  override async produce(options: ProduceArguments): Promise<RawProduceResponse> {
    const call = this.#callOf(options)
    try {
      if (this.#isInDoubt) await this.#prove()
      await this.#produce(call, options)
      return NOTHING
    } catch (error) {
      if (call.wasSent) this.#isInDoubt = true
      // Not logged: requests that were never sent because they were given up or their idle connection was closed.
      if (call.wasSent || !(call.isAbandoned || isHangUp(error))) this.#report(error)
      throw error
    }
  }

  async #produce(call: ProduceCall, options: ProduceArguments): Promise<void> {
    const { acks, timeout } = options
    const { clock } = this.#dependencies
    const startedMs = clock.nowMs()
    const { payload, connection, apiVersion } = await this.#unlessRefused(async () => {
      const connection = await this.connectionPool.getConnection(PRODUCE_CONNECTION)
      const apiVersion = await this.#versions.produceVersion(connection)
      assertReadable(call, apiVersion, this.#name)
      const payload = await sendProduce(connection, call, { apiVersion, acks, timeout })
      return { payload, connection, apiVersion }
    })
    if (payload === null) {
      this.#succeeded()
      return
    }
    const answer = await decodeOrDestroy(connection, payload, (bytes) =>
      decodeProduce(bytes, apiVersion),
    )
    this.#succeeded()
    throttle(connection, answer.clientThrottleMs)
    this.#observeAnswer(answer, clock.nowMs() - startedMs)
    call.answered(answer)
  }

  /** The call that kafkajs's producer has passed on. */
  #callOf({ topicData }: ProduceArguments): ProduceCall {
    const carrier = topicData[0]?.partitions[0]?.messages[0]
    invariant(carrier instanceof Carrier, 'kafkajs passes the carrier on')
    const { call } = carrier
    if (call.leader !== this.nodeId) throw new Error(LEADER_MOVED)
    return call
  }

  #observeAnswer({ throttleMs }: ProduceAnswer, durationMs: number): void {
    const broker = this.#name
    this.#dependencies.events.emit({ kind: 'produceAnswered', broker, durationMs, throttleMs })
    if (throttleMs > 0) this.#dependencies.brokerLog.throttled(broker, throttleMs)
  }

  /** Asks a question that any broker can answer, and closes the connection after a timeout. */
  async #ask<Answer>(
    question: (connection: Connection) => Promise<ProtocolRequest<Answer>>,
  ): Promise<Answer> {
    const { clock, socketTimeoutMs } = this.#dependencies
    const timeoutMs = Math.min(socketTimeoutMs, MAX_QUESTION_TIMEOUT_MS)
    const cancelTimer = clock.schedule(timeoutMs, () => {
      const error = new SocketEnd('timeout', `no answer within ${timeoutMs} ms`)
      this.#dependencies.events.emit({ kind: 'requestTimedOut', broker: this.#name })
      this.connectionPool.pool[QUESTION_CONNECTION]?.socket?.destroy(error)
    })
    try {
      const answer = await this.#unlessRefused(() => this.#send(question))
      this.#isSilent = false
      this.#succeeded()
      return answer
    } catch (error) {
      this.#isSilent = true
      const socket = this.connectionPool.pool[QUESTION_CONNECTION]?.socket
      // Whatever the error was, a late answer would belong to no request.
      socket?.destroy(new SocketEnd('intended', 'the request failed'))
      if (!isHangUp(error)) this.#report(error)
      if (!isHangUp(error) || !socket || this.#answered.has(socket)) throw error
      throw this.#notConnected(hungUp(this.#name, 'SASL'))
    } finally {
      cancelTimer()
    }
  }

  /** Gets a token before it connects, so that a slow token endpoint does not use up the connect timeout. */
  async #connectIfWelcome(): Promise<void> {
    const { gate, tokens } = this.#dependencies
    try {
      gate.assertOpen(this.#name)
      await this.#unlessRefused(async () => {
        await tokens?.token()
        await this.#connectInTime()
      })
    } catch (error) {
      throw asConnectionError(error, this.#name)
    }
  }

  async #metadata(topics: WantedTopics, mayCreate: () => boolean): Promise<RawMetadata> {
    const answer = await this.#ask(async (connection) => {
      const { Metadata } = requests
      const stock = this.#versions.request(connection, 'Metadata', Metadata, { topics: [] })
      return withTopics(await stock, topics, mayCreate())
    })
    this.#dependencies.events.emit({ kind: 'metadataAnswered' })
    return answer
  }

  /**
   * Makes sure that the broker serves kprf, by a question that carries no records. With SASL, authentication shows this
   * already.
   */
  async #prove(): Promise<void> {
    if (this.connectionPool.sasl) return
    this.#proving ??= this.metadata([]).finally(() => {
      this.#proving = undefined
    })
    await this.#proving
  }

  /** Records an answer. Answers while connecting do not count: a broker may close the connection after them. */
  #succeeded(): void {
    const { gate, securityBackoff, brokerLog } = this.#dependencies
    this.#isInDoubt = false
    gate.succeeded(this.#name)
    securityBackoff.succeeded(this.#name)
    brokerLog.succeeded(this.#name)
  }

  /** Gives the broker a backoff after a connection that never became usable. @returns the error. */
  #notConnected(error: unknown): unknown {
    this.#isInDoubt = true
    this.#report(error, this.#dependencies.gate.failed(this.#name, error))
    return error
  }

  /** Logs a failure, except security failures, which {@link SecurityBackoff} logs. */
  #report(error: unknown, retryInMs?: number): void {
    if (securityFailureOf(error) === undefined) {
      this.#dependencies.brokerLog.failed(this.#name, error, retryInMs)
    }
  }

  /** Applies the security backoff, also to a request that has to reconnect and authenticate. */
  async #unlessRefused<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const { securityBackoff } = this.#dependencies
    securityBackoff.assertOpen(this.#name)
    try {
      return await attempt()
    } catch (error) {
      securityBackoff.failed(this.#name, error)
      throw error
    }
  }

  async #connectInTime(): Promise<void> {
    const { clock, connectTimeoutMs, events } = this.#dependencies
    const { promise: timedOut, reject } = Promise.withResolvers<never>()
    const cancelTimer = clock.schedule(connectTimeoutMs, () => {
      reject(new Error(`${this.#name} was not ready within ${connectTimeoutMs} ms`))
    })
    // Otherwise kafkajs would use the versions of an earlier connection.
    this.versions = null
    try {
      await Promise.race([super.connect(), timedOut])
    } catch (error) {
      events.emit({ kind: 'connectFailed', broker: this.#name })
      // With TLS 1.3, the broker checks the client certificate after the handshake has ended on this side.
      const layer = this.connectionPool.ssl ? 'clientCertificate' : 'TLS'
      const cause = this.#notConnected(isHangUp(error) ? hungUp(this.#name, layer) : error)
      await this.#startAfresh()
      throw cause
    } finally {
      cancelTimer()
    }
  }

  async #disconnectAtOnce(): Promise<void> {
    const isConnected = this.connectionPool.isConnected()
    const reason = new SocketEnd('intended', `disconnecting from ${this.#name}`)
    for (const { socket } of this.connectionPool.pool) socket?.destroy(reason)
    if (isConnected) await super.disconnect()
  }

  /** Sends a question and returns the decoded answer, errors included. */
  async #send<Answer>(
    question: (connection: Connection) => Promise<ProtocolRequest<Answer>>,
  ): Promise<Answer> {
    const parse = (answer: Answer): Promise<Answer> => Promise.resolve(answer)
    const connection = await this.connectionPool.getConnection(QUESTION_CONNECTION)
    const { request, response } = await question(connection)
    const decode = (payload: Buffer): Promise<Answer> =>
      decodeOrDestroy(connection, payload, response.decode)
    const { socket } = connection
    const answer = await connection.send({ request, response: { decode, parse } })
    if (socket) this.#answered.add(socket)
    return answer
  }

  /**
   * Drops a connection that never became ready, with all state that kafkajs would reuse: the connection itself, on which
   * a broker that has refused the credentials accepts no further ones; the lock of a connect() that hangs; and the
   * authentication in progress.
   */
  async #startAfresh(): Promise<void> {
    const stale = this.connectionPool
    const reason = new SocketEnd('intended', 'the connection was not ready')
    for (const { socket } of stale.pool) socket?.destroy(reason)
    const { connectTimeoutMs, renewConnectionPool } = this.#dependencies
    this.lock = new Lock({
      timeout: 2 * connectTimeoutMs,
      description: `connect to broker ${this.#name}`,
    })
    this.connectionPool = await renewConnectionPool(stale)
    mendConnections(this.connectionPool, this.#name, this.#dependencies)
  }
}
