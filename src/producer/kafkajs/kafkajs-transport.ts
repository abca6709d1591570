import type { Producer } from 'kafkajs'
import type { CancelTimer } from '../../base/clock.ts'
import type { ClusterAnswer, WantedTopics } from '../../base/cluster-description.ts'
import { deliveryError, RDKAFKA } from '../delivery-errors.ts'
import { ReconnectBackoff } from '../reconnect-backoff.ts'
import type { TokenSource } from '../security/bearer-token.ts'
import {
  TransportError,
  type Availability,
  type MetadataOptions,
  type MetadataSnapshot,
  type ProducerIdentity,
  type ProduceAttempt,
  type ProduceOutcome,
  type ProduceRequest,
  type Transport,
  type TransportListener,
} from '../transport.ts'
import { assembleKafkajs, type KafkajsTransportDependencies } from './assemble.ts'
import { toAnswer } from './cluster-answer.ts'
import { toSnapshot } from './metadata-snapshot.ts'
import { failAll, toOutcomes, UNCONFIRMED } from './produce-request.ts'
import { classify, reasonOf } from './classify.ts'
import { IdleConnections } from './idle-connections.ts'
import { LeaderCheck } from './leader-check.ts'
import { Carrier, LEADER_MOVED, ProduceCall } from './produce-call.ts'
import type { ProducerCluster } from './producer-cluster.ts'
import { Reachability } from './reachability.ts'
import { StallWatch } from './stall-watch.ts'
import type { KafkajsTransportSettings } from './settings.ts'
import type { Sockets } from './sockets.ts'

/** After this time without an answer, ms, the transport probes Kafka. */
const PROBE_INTERVAL_MS = 10_000
/** The shortest backoff of probes, ms. No record waits for their answer, so there is no hurry. */
const MIN_PROBE_BACKOFF_MS = 20
/** Timeout of kafkajs's disconnect, ms, which waits for requests in flight, possibly for ever. */
const DISCONNECT_TIMEOUT_MS = 5_000

/**
 * The transport, by kafkajs's producer. It relies on `sendBatch` only where that is correct: it passes batches for
 * partitions of one known leader as one message, retries nothing, and treats a partition that the answer does not
 * mention as failed.
 */
export class KafkajsTransport implements Transport {
  readonly #dependencies: KafkajsTransportDependencies
  readonly #sockets: Sockets
  readonly #cluster: ProducerCluster
  readonly #producer: Producer
  readonly #idle: IdleConnections
  readonly #stalls: StallWatch
  readonly #reachability: Reachability
  readonly #leaders: LeaderCheck
  #lastMetadataMs: number | undefined
  readonly #probeBackoff: ReconnectBackoff
  readonly #tokens: TokenSource | undefined
  #cancelProbe: CancelTimer | undefined
  /** Questions are asked one after the other, because kafkajs keeps the last metadata and builds brokers from it. */
  #lastQuestion: Promise<unknown> = Promise.resolve()
  #listener: TransportListener | undefined
  #isConnected = false
  #isClosed = false

  constructor(settings: KafkajsTransportSettings, dependencies: KafkajsTransportDependencies) {
    this.#dependencies = dependencies
    const { clock, random, log } = dependencies
    const parts = assembleKafkajs(settings, dependencies)
    this.#producer = parts.producer
    this.#cluster = parts.cluster
    this.#sockets = parts.sockets
    this.#tokens = parts.tokens
    this.#probeBackoff = new ReconnectBackoff(settings, random)
    this.#reachability = new Reachability({
      clock,
      log,
      onAvailable: () => this.#listener?.onAvailable(),
    })
    this.#leaders = new LeaderCheck(settings, {
      ...{ clock, random, reachability: this.#reachability },
      cluster: () => this.#cluster,
    })
    this.#idle = new IdleConnections(settings.maxIdleMs, {
      clock,
      connections: () => this.#cluster.connections(),
    })
    this.#stalls = new StallWatch({
      clock,
      onStalled: (topic) => this.#listener?.onStalled(topic),
    })
  }

  get availability(): Availability {
    return this.#reachability.availability
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

  async fetchMetadata(
    topics: readonly string[],
    { mayCreate = false }: MetadataOptions = {},
  ): Promise<MetadataSnapshot> {
    const metadata = await this.#askInTurn(() => this.#cluster.fetchMetadata(topics, mayCreate))
    this.#lastMetadataMs = this.#dependencies.clock.nowMs()
    const snapshot = toSnapshot(metadata)
    this.#stalls.learn(snapshot)
    this.#dependencies.events.emit({ kind: 'brokersLearned', brokers: snapshot.brokers })
    return snapshot
  }

  async describe(topics: WantedTopics): Promise<ClusterAnswer> {
    const metadata = await this.#inTurn(async () => {
      try {
        await this.#connect()
        return await this.#askTwice(() => this.#cluster.describe(topics))
      } catch (error) {
        throw toFailure(error)
      }
    })
    return toAnswer(metadata)
  }

  async initProducerId(): Promise<ProducerIdentity> {
    const { errorCode, producerId, producerEpoch } = await this.#askInTurn(() =>
      this.#cluster.initProducerId(),
    )
    if (errorCode !== 0) {
      const reason = deliveryError(errorCode).text
      this.#dependencies.log('error', 'Kafka refused to give kprf a producer id', {
        reason,
        error_code: errorCode,
      })
      throw new TransportError(errorCode, reason)
    }
    return { producerId: BigInt(producerId), epoch: producerEpoch }
  }

  produce(request: ProduceRequest): ProduceAttempt {
    const call = new ProduceCall(request)
    const { clock, events } = this.#dependencies
    events.emit({ kind: 'batchesSent', batches: request.batches })
    const { promise: ended, resolve } = Promise.withResolvers<readonly ProduceOutcome[]>()
    const giveUp = (reason: string): void => {
      const { wasSent } = call
      const errorNumber = wasSent ? RDKAFKA.timedOut : RDKAFKA.timedOutInQueue
      call.abandon()
      resolve(failAll(call, { errorNumber, wasSent, reason }))
    }
    const { requestTimeoutMs } = request
    const cancelTimer = clock.schedule(requestTimeoutMs, () => {
      events.emit({ kind: 'requestTimedOut', broker: request.leader })
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
    this.#reachability.close()
    this.#leaders.close()
    this.#cancelProbe?.()
    this.#tokens?.close()
    this.#stalls.close()
    this.#idle.close()
    const { promise: timedOut, resolve } = Promise.withResolvers<undefined>()
    const cancelTimer = this.#dependencies.clock.schedule(DISCONNECT_TIMEOUT_MS, () => {
      resolve(undefined)
    })
    // An error while disconnecting does not matter: the sockets are destroyed next.
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
      if (!this.#cluster.isLedBy(call.leader, call.batches)) throw new Error(LEADER_MOVED)
      const carrier = new Carrier(call)
      await this.#producer.sendBatch({
        acks: requiredAcks,
        timeout: ackTimeoutMs,
        topicMessages: [{ topic: carrier.topic, messages: [carrier] }],
      })
      this.#heard()
      this.#reachability.up()
      const { answer } = call
      return answer ? toOutcomes(call, answer) : call.batches.map(() => UNCONFIRMED)
    } catch (error) {
      const { wasSent } = call
      return failAll(call, { errorNumber: classify(error), wasSent, reason: reasonOf(error) })
    }
  }

  #askInTurn<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    return this.#inTurn(() => this.#ask(question))
  }

  #inTurn<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const answer = this.#lastQuestion.then(ask)
    this.#lastQuestion = answer.catch(() => undefined)
    return answer
  }

  async #ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    const startedMs = this.#dependencies.clock.nowMs()
    try {
      await this.#connect()
      const answer = await this.#askTwice(question)
      this.#heard()
      this.#leaders.answered()
      return answer
    } catch (error) {
      const failure = toFailure(error)
      // If other brokers have answered meanwhile, only this one is unreachable.
      if (this.#reachability.lastHeardMs < startedMs) this.#reachability.lost(failure)
      throw failure
    }
  }

  async #connect(): Promise<void> {
    if (this.#isConnected) return
    await this.#producer.connect()
    this.#isConnected = true
  }

  /** Asks again after a failure: the second attempt asks all brokers, and the first has disconnected a silent broker. */
  async #askTwice<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    try {
      return await question()
    } catch (error) {
      if (!this.#cluster.hasConnections()) throw error
      return await question()
    }
  }

  #heard(): void {
    this.#probeBackoff.reset()
    this.#reachability.heard()
  }

  #scheduleProbe(delayMs: number): void {
    if (this.#isClosed) return
    this.#cancelProbe = this.#dependencies.clock.schedule(delayMs, () => void this.#probe())
  }

  /** Connects at the start. Later, notices while nothing is produced that Kafka has become unreachable, or reachable. */
  async #probe(): Promise<void> {
    const { clock } = this.#dependencies
    const silenceMs = clock.nowMs() - this.#reachability.lastHeardMs
    if (silenceMs < PROBE_INTERVAL_MS) {
      this.#scheduleProbe(PROBE_INTERVAL_MS - silenceMs)
      return
    }
    try {
      await this.fetchMetadata([])
      this.#scheduleProbe(PROBE_INTERVAL_MS)
    } catch {
      // Logged by Reachability.
      this.#scheduleProbe(Math.max(this.#probeBackoff.nextMs(), MIN_PROBE_BACKOFF_MS))
    }
  }
}

function toFailure(error: unknown): TransportError {
  return new TransportError(classify(error), reasonOf(error), { cause: error })
}
