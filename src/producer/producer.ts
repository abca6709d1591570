/**
 * The producer as the rest of kprf sees it. A record's way: `sendAll` admits it (size, room in the
 * queue), the assigner gives it a partition, the accumulator a batch; the dispatcher sends the batch;
 * `Delivery` reports the record.
 */
import type { Clock } from '../clock.ts'
import { Accumulator, TopicQueue } from './accumulator.ts'
import { Assigner } from './assigner.ts'
import type { AdmittedRecord } from './batch.ts'
import { ChunkPool } from './chunk-pool.ts'
import { deliveryError, RDKAFKA } from './delivery-errors.ts'
import { Delivery, type ProducerObserver } from './delivery.ts'
import { Dispatcher } from './dispatcher.ts'
import { Expiry } from './expiry.ts'
import { Idempotence } from './idempotence.ts'
import { MemoryBudget } from './memory-budget.ts'
import type { Random } from './partitioner.ts'
import { fixedRoom, type QueueRoom } from './queue-room.ts'
import { MAX_RECORD_OVERHEAD_BYTES, measure, type RecordSizes } from './record-batch.ts'
import type { ProducerSettings } from './settings.ts'
import type { QueueView, Statistics } from './statistics/statistics.ts'
import { TopicMetadata } from './topic-metadata.ts'
import type { Transport } from './transport.ts'
import type {
  DeliveryError,
  DeliveryListener,
  MaybePromise,
  ProducerRecord,
  RecordProducer,
  Refusals,
} from './types.ts'

/** What a {@link Producer} works with. */
export interface ProducerDependencies {
  readonly transport: Transport
  readonly clock: Clock
  readonly observer: ProducerObserver
  readonly random: Random
  /** Where the memory of batches comes from. @defaultValue a new one */
  readonly pool?: ChunkPool
  /** How much the queue may hold. @defaultValue what the settings say */
  readonly room?: QueueRoom
  /** Where everything is counted, and the transport's part of it. @defaultValue nowhere */
  readonly statistics?: Statistics | undefined
}

/** One call of `sendAll`. */
interface SendCall {
  readonly records: readonly ProducerRecord[]
  readonly onDelivery: DeliveryListener | undefined
  /** Records that are admitted without a wait are admitted at the same time. */
  time: Time
  refusals: (DeliveryError | undefined)[] | undefined
}

interface Time {
  readonly nowMs: number
  readonly epochMs: number
}

/** See the head of this file. */
export class Producer implements RecordProducer {
  readonly #settings: ProducerSettings
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #observer: ProducerObserver
  readonly #budget: MemoryBudget
  readonly #accumulator: Accumulator
  readonly #topics: TopicMetadata
  readonly #dispatcher: Dispatcher
  readonly #assigner: Assigner
  readonly #expiry: Expiry
  readonly #idempotence: Idempotence | undefined
  readonly #statistics: Statistics | undefined
  #isDraining = false
  #onDrained: (() => void) | undefined

  constructor(settings: ProducerSettings, dependencies: ProducerDependencies) {
    const { transport, clock, observer, random, pool = new ChunkPool() } = dependencies
    const { room = roomOf(settings), statistics } = dependencies
    this.#settings = settings
    this.#transport = transport
    this.#clock = clock
    this.#observer = observer
    this.#budget = new MemoryBudget(room, clock)
    const accumulator = new Accumulator({ settings, random, pool })
    const topics = new TopicMetadata(settings, {
      clock,
      fetch: (names, mayCreate) => transport.fetchMetadata(names, { mayCreate }),
      isWanted: (topic) => accumulator.find(topic) !== undefined,
      onAnswer: (topic, state) => {
        if (state.status === 'known') {
          observer.confirmed(topic)
          statistics?.confirmed(topic)
        }
        this.#assigner.topicAnswered(topic, state)
      },
      onCreation: () => {
        observer.creationAsked()
      },
      onForgotten: (topic) => {
        this.#idempotence?.forget(topic)
        statistics?.forgotten(topic)
      },
    })
    const idempotence = settings.enableIdempotence
      ? new Idempotence(settings, {
          clock,
          random,
          initProducerId: () => transport.initProducerId(),
          onAnswer: () => {
            this.#pumpAll()
          },
          onRenewal: () => {
            observer.renewed()
          },
        })
      : undefined
    const onIdleTopic = (topic: TopicQueue): void => {
      accumulator.forgetIfIdle(topic)
      topics.release(topic.name)
      if (this.#budget.records === 0) this.#onDrained?.()
    }
    const delivery = new Delivery(this.#budget, observer, onIdleTopic, statistics)
    const shared = {
      ...{ clock, random, transport, observer, accumulator, topics, delivery, idempotence },
      statistics,
    }
    this.#accumulator = accumulator
    this.#topics = topics
    this.#idempotence = idempotence
    this.#statistics = statistics
    this.#dispatcher = new Dispatcher(settings, shared)
    this.#assigner = new Assigner(settings, { ...shared, dispatcher: this.#dispatcher })
    this.#expiry = new Expiry(settings.messageTimeoutMs, {
      clock,
      sweep: (sinceMs) => this.#expire(sinceMs),
    })
  }

  /** Records admitted and not yet reported. */
  get bufferedRecords(): number {
    return this.#budget.records
  }

  /** Bytes of their values. */
  get bufferedBytes(): number {
    return this.#budget.bytes
  }

  /** When the oldest of these records was admitted; `undefined` when there is none. */
  get oldestAdmittedMs(): number | undefined {
    const oldestMs = this.#accumulator.oldestAdmittedMs
    return oldestMs === Infinity ? undefined : oldestMs
  }

  /** Topics in use of which no broker says that they exist. */
  get unknownTopics(): number {
    return this.#topics.unknownTopics
  }

  /** The records by topic; topics without any are left out. */
  *bufferedByTopic(): Generator<readonly [topic: string, records: number]> {
    for (const topic of this.#accumulator.topics) yield [topic.name, topic.bufferedRecords]
  }

  /** Begins to connect. Records are admitted whether or not a broker is there. */
  start(): void {
    this.#statistics?.start(() => this.#view())
    this.#transport.start({
      onAvailable: () => {
        this.#idempotence?.retryNow()
        this.#topics.retryNow()
      },
      onStalled: (topic) => {
        this.#topics.refresh(topic)
      },
    })
  }

  sendAll(
    records: readonly ProducerRecord[],
    onDelivery?: DeliveryListener,
  ): MaybePromise<Refusals | undefined> {
    const call: SendCall = { records, onDelivery, time: this.#time(), refusals: undefined }
    for (const [index, record] of records.entries()) {
      const sizes = measure(record)
      const refusal = this.#reserve(sizes)
      if (refusal?.number === RDKAFKA.queueFull) return this.#sendWaiting(call, index)
      this.#sendOne(call, index, record, sizes, refusal)
    }
    return call.refusals
  }

  /** Goes on with the first record that must wait for room. */
  async #sendWaiting(call: SendCall, from: number): Promise<Refusals | undefined> {
    const waitUntilMs = call.time.nowMs + this.#settings.queueFullWaitMs
    for (const [index, record] of call.records.entries()) {
      if (index < from) continue
      const sizes = measure(record)
      let refusal = this.#reserve(sizes)
      if (refusal?.number === RDKAFKA.queueFull) {
        refusal = await this.#waitForRoom(sizes, waitUntilMs)
        call.time = this.#time()
      }
      this.#sendOne(call, index, record, sizes, refusal)
    }
    return call.refusals
  }

  #sendOne(
    call: SendCall,
    index: number,
    record: ProducerRecord,
    sizes: RecordSizes,
    refusalSoFar: DeliveryError | undefined,
  ): void {
    const refusal =
      refusalSoFar ??
      this.#enqueue({
        record,
        sizes,
        admittedMs: call.time.nowMs,
        timestampMs: record.timestampMs ?? call.time.epochMs,
        valueBytes: sizes.valueBytes,
        listener: call.onDelivery,
        index,
      })
    if (!refusal) return
    call.refusals ??= new Array<undefined>(call.records.length).fill(undefined)
    call.refusals[index] = refusal
    this.#observer.refused(record.topic, refusal)
  }

  /**
   * Refuses new records, sends the buffered ones without waiting for linger, and waits until they are
   * reported.
   *
   * @param timeoutMs - when to stop waiting.
   * @returns the number of records that are left.
   */
  async drain(timeoutMs: number): Promise<number> {
    this.#isDraining = true
    this.#budget.refuseWaiters()
    this.#dispatcher.stopLingering()
    this.#pumpAll()
    if (this.#budget.records > 0) {
      await new Promise<void>((resolve) => {
        const cancelTimer = this.#clock.schedule(timeoutMs, resolve)
        this.#onDrained = () => {
          cancelTimer()
          resolve()
        }
      })
    }
    return this.#budget.records
  }

  /** Reports what is left as given up (librdkafka's purge) and closes the connections. */
  async close(): Promise<void> {
    this.#isDraining = true
    this.#budget.refuseWaiters()
    for (const topic of [...this.#accumulator.topics]) {
      this.#assigner.abort(topic)
      for (const queue of topic.partitions) this.#dispatcher.abort(queue)
    }
    this.#topics.close()
    this.#idempotence?.close()
    this.#expiry.close()
    await this.#transport.close()
    this.#statistics?.close()
  }

  #view(): QueueView {
    return {
      bufferedRecords: this.#budget.records,
      bufferedBytes: this.#budget.bytes,
      topics: this.#accumulator.topics,
      knownTopics: this.#topics.size,
      metadataOf: (topic) => this.#topics.peek(topic),
      eos: this.#idempotence?.status,
    }
  }

  #pumpAll(): void {
    for (const topic of this.#accumulator.topics) {
      for (const queue of topic.partitions) this.#dispatcher.pump(queue)
    }
  }

  /** Takes room for a record, whose order of refusals is librdkafka's: size, queue, then topic. */
  #reserve({ keyBytes, valueBytes, headersBytes }: RecordSizes): DeliveryError | undefined {
    if (this.#isDraining) return deliveryError(RDKAFKA.brokerDestroy)
    const recordBytes = MAX_RECORD_OVERHEAD_BYTES + keyBytes + valueBytes + headersBytes
    if (recordBytes > this.#settings.messageMaxBytes) {
      return deliveryError(RDKAFKA.messageSizeTooLarge)
    }
    return this.#budget.tryReserve(valueBytes) ? undefined : deliveryError(RDKAFKA.queueFull)
  }

  async #waitForRoom(
    { valueBytes }: RecordSizes,
    waitUntilMs: number,
  ): Promise<DeliveryError | undefined> {
    const waitMs = waitUntilMs - this.#clock.nowMs()
    if (await this.#budget.reserve(valueBytes, waitMs)) return undefined
    return deliveryError(this.#isDraining ? RDKAFKA.brokerDestroy : RDKAFKA.queueFull)
  }

  #time(): Time {
    return { nowMs: this.#clock.nowMs(), epochMs: this.#clock.epochMs() }
  }

  /** Passes a record that has its room on; gives the room back when its topic is no good. */
  #enqueue(admitted: AdmittedRecord): DeliveryError | undefined {
    const refusal = this.#assigner.add(admitted)
    if (refusal) this.#budget.release(1, admitted.valueBytes)
    else this.#expiry.watch(admitted.admittedMs)
    return refusal
  }

  #expire(sinceMs: number): number {
    this.#accumulator.visitOlder(sinceMs, (place) => {
      if (place instanceof TopicQueue) this.#assigner.expire(place, sinceMs)
      else this.#dispatcher.expire(place, sinceMs)
    })
    return this.#accumulator.oldestAdmittedMs
  }
}

function roomOf(settings: ProducerSettings): QueueRoom {
  return fixedRoom(settings.queueBufferingMaxMessages, settings.queueBufferingMaxKbytes * 1024)
}
