/**
 * The producer as the rest of kprf sees it. A record's way: the admission lets it in (size, room in the
 * queue), the assigner gives it a partition, the accumulator a batch; the dispatcher sends the batch;
 * `Delivery` reports the record.
 */
import type { Clock } from '../base/clock.ts'
import { Accumulator, TopicQueue } from './accumulator.ts'
import { Admission } from './admission.ts'
import { Assigner } from './assigner.ts'
import { ChunkPool, DEFAULT_KEPT_BYTES } from './chunk-pool.ts'
import { Delivery, type ProducerObserver } from './delivery.ts'
import { Dispatcher } from './dispatcher.ts'
import { DeliveryTimeouts } from './delivery-timeouts.ts'
import { Idempotence } from './idempotence.ts'
import { QueueBudget } from './queue-budget.ts'
import type { Random } from './partitioner.ts'
import { fixedRoom, type QueueRoom } from './queue-room.ts'
import type { ProducerSettings } from './settings.ts'
import type { QueueView, Statistics } from './statistics/statistics.ts'
import { TopicMetadata } from './topic-metadata.ts'
import type { Transport } from './transport.ts'
import type {
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

/** See the head of this file. */
export class Producer implements RecordProducer {
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #budget: QueueBudget
  readonly #admission: Admission
  readonly #accumulator: Accumulator
  readonly #topics: TopicMetadata
  readonly #dispatcher: Dispatcher
  readonly #assigner: Assigner
  readonly #timeouts: DeliveryTimeouts
  readonly #idempotence: Idempotence | undefined
  readonly #statistics: Statistics | undefined
  #onDrained: (() => void) | undefined

  constructor(settings: ProducerSettings, dependencies: ProducerDependencies) {
    const { transport, clock, observer, random } = dependencies
    const { pool = new ChunkPool(keptBytesOf(settings)) } = dependencies
    const { room = roomOf(settings), statistics } = dependencies
    this.#transport = transport
    this.#clock = clock
    this.#budget = new QueueBudget(room, clock, { pool, maxBytes: settings.queueMemoryMaxBytes })
    const accumulator = new Accumulator({ settings, random, pool })
    const topics = new TopicMetadata(settings, {
      clock,
      fetch: (names, mayCreate) => transport.fetchMetadata(names, { mayCreate }),
      isWanted: (topic) => accumulator.find(topic) !== undefined,
      onAnswer: (topic, state) => {
        if (state.status === 'known') statistics?.confirmed(topic)
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
    this.#timeouts = new DeliveryTimeouts(settings.messageTimeoutMs, {
      clock,
      sweep: (sinceMs) => this.#expire(sinceMs),
    })
    this.#admission = new Admission(settings, {
      ...{ clock, observer, budget: this.#budget },
      enqueue: (admitted) => {
        const refusal = this.#assigner.add(admitted)
        if (!refusal) this.#timeouts.watch(admitted.admittedMs)
        return refusal
      },
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

  /** All memory that records hold, as it is bounded by `queueMemoryMaxBytes`. */
  get memoryBytes(): number {
    return this.#budget.memoryBytes
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
    return this.#admission.sendAll(records, onDelivery)
  }

  /**
   * Refuses new records, sends the buffered ones without waiting for linger, and waits until they are
   * reported.
   *
   * @param timeoutMs - when to stop waiting.
   * @returns the number of records that are left.
   */
  async drain(timeoutMs: number): Promise<number> {
    this.#admission.close()
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
    this.#admission.close()
    for (const topic of [...this.#accumulator.topics]) {
      this.#assigner.abort(topic)
      for (const queue of topic.partitions) this.#dispatcher.abort(queue)
    }
    this.#topics.close()
    this.#idempotence?.close()
    this.#timeouts.close()
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

/** Chunks that nobody uses are memory too: they are kept up to a small part of the bound. */
function keptBytesOf({ queueMemoryMaxBytes }: ProducerSettings): number {
  return Math.min(DEFAULT_KEPT_BYTES, queueMemoryMaxBytes / 8)
}
