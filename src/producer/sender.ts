import type { CancelTimer, Clock } from '../base/clock.ts'
import type { Batch } from './batch.ts'
import { deliveryError } from './delivery-errors.ts'
import type { EventSink } from './events.ts'
import type { Idempotence, SequenceClaim } from './idempotence.ts'
import { HeapNode, OrderedHeap } from './ordered-heap.ts'
import type { ProducerSettings } from './settings.ts'
import type { Settlement } from './settlement.ts'
import type { PartitionQueue } from './topic-queue.ts'
import type { EncodedBatch, Transport } from './transport.ts'

/** Limit for the bytes of all batches in one request after the first (the Java client's max.request.size). */
const MAX_REQUEST_BYTES = 1_048_576
/**
 * Limit for the batches in one request. kafkajs compares each topic of a request with all others, and parses the
 * answer at once: with this many, both take some 10 ms.
 */
const MAX_REQUEST_BATCHES = 1_000

/** The share of its linger that a batch may skip if a request goes to its leader anyway. */
const SPARED_LINGER = 0.5

/** The shortest timeout of a request, ms, as in librdkafka, however soon its records expire. */
const MIN_REQUEST_TIMEOUT_MS = 100

/** Settings of the {@link Sender}. */
export type SenderSettings = Pick<
  ProducerSettings,
  'lingerMs' | 'maxInFlight' | 'requiredAcks' | 'requestTimeoutMs' | 'socketTimeoutMs'
>

/** Dependencies of the {@link Sender}. */
export interface SenderDependencies {
  readonly clock: Clock
  readonly transport: Pick<Transport, 'produce'>
  /** `undefined` without `enable.idempotence`. */
  readonly idempotence: Idempotence | undefined
  readonly settlement: Pick<Settlement, 'settle' | 'failWaiting'>
  readonly events: EventSink
  /** Called for each partition after its request has ended: its next batch may be sent. */
  readonly onFree: (queue: PartitionQueue) => void
}

/** A partition with waiting records and no batch in flight. */
class Waiter {
  readonly queue: PartitionQueue
  readonly broker: Broker
  /** Its rank by arrival among the waiters of its broker. */
  readonly number: number
  /** Its node by due time. */
  readonly due = new HeapNode<Waiter>(this)
  /** Its node by the time from which it may join a request (`resting`), or by its rank (`ready`). */
  readonly turn = new HeapNode<Waiter>(this)

  constructor(queue: PartitionQueue, broker: Broker) {
    this.queue = queue
    this.broker = broker
    this.number = broker.waiters++
  }
}

interface Broker {
  /** Its node id. */
  readonly id: number
  readonly dueTimes: OrderedHeap<Waiter>
  /** Partitions that may not join a request yet. */
  readonly resting: OrderedHeap<Waiter>
  /** Partitions that may join a request. */
  readonly ready: OrderedHeap<Waiter>
  /** Number of waiters so far. */
  waiters: number
  inFlight: number
  /** When the timer fires; Infinity without a timer. */
  dueMs: number
  cancelTimer: CancelTimer | undefined
}

/**
 * Sends produce requests. It decides when each broker gets its next request, and which partitions share it. A
 * request is sent when the first waiting partition of the broker is due. Other partitions that have lingered for
 * more than half of their time join it: a request costs more than a batch, and linger is an upper bound. (The Java
 * client includes all partitions, which would leave a slow partition beside a fast one without batching.)
 *
 * Invariant: a broker with waiting partitions has a timer for its next request, or as many requests in flight as it
 * may have; the end of one starts the next. A partition is in `dueTimes`, and either in `resting` or in `ready`.
 * Thousands may wait, and no call looks at all of them. The recorded times of a partition may be too early, because
 * records expire, but never too late.
 */
export class Sender {
  readonly #settings: SenderSettings
  readonly #dependencies: SenderDependencies
  readonly #brokers = new Map<number, Broker>()
  readonly #waiters = new Map<PartitionQueue, Waiter>()
  #lingerMs: number

  constructor(settings: SenderSettings, dependencies: SenderDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
    this.#lingerMs = settings.lingerMs
  }

  /** From now on batches do not linger, as after librdkafka's flush(). Backoffs are kept. */
  stopLingering(): void {
    this.#lingerMs = 0
    for (const waiter of this.#waiters.values()) this.#note(waiter)
  }

  /** Lets a partition wait for the next request to its leader. To be called again when it becomes due earlier. */
  join(queue: PartitionQueue, brokerId: number): void {
    const broker = this.#broker(brokerId)
    let waiter = this.#waiters.get(queue)
    if (waiter?.broker !== broker) {
      this.leave(queue)
      waiter = new Waiter(queue, broker)
      this.#waiters.set(queue, waiter)
    }
    this.#note(waiter)
    this.#arm(broker, waiter.due.key)
  }

  /** Removes a partition that has nothing to send, or no leader. */
  leave(queue: PartitionQueue): void {
    const waiter = this.#waiters.get(queue)
    if (!waiter) return
    const { broker } = waiter
    this.#remove(waiter)
    if (broker.dueTimes.size > 0) return
    this.#disarm(broker)
    if (broker.inFlight === 0) this.#brokers.delete(broker.id)
  }

  /** Sends the due batches of a broker. */
  run(brokerId: number): void {
    const broker = this.#brokers.get(brokerId)
    if (broker) this.#run(broker)
  }

  #run(broker: Broker): void {
    this.#disarm(broker)
    while (broker.inFlight < this.#settings.maxInFlight) {
      const queues = this.#take(broker)
      if (queues.length === 0) break
      broker.inFlight += 1
      void this.#send(broker.id, queues).then(() => {
        broker.inFlight -= 1
        this.#run(broker)
      })
    }
    if (broker.inFlight === this.#settings.maxInFlight) return
    if (broker.dueTimes.size > 0) this.#arm(broker, this.#nextDueMs(broker))
    else if (broker.inFlight === 0) this.#brokers.delete(broker.id)
  }

  /** Takes the partitions of the next request; none if no partition is due. */
  #take(broker: Broker): readonly PartitionQueue[] {
    const nowMs = this.#dependencies.clock.nowMs()
    if (this.#nextDueMs(broker) > nowMs) return []
    this.#wakeResting(broker, nowMs)
    const queues: PartitionQueue[] = []
    let sizeBytes = 0
    for (let node = broker.ready.first; node; node = broker.ready.first) {
      if (queues.length === MAX_REQUEST_BATCHES) break
      const { queue } = node.item
      if (!this.#mayGo(queue, nowMs)) {
        // Its oldest records have expired in the meantime.
        this.#note(node.item)
        continue
      }
      if (queues.length > 0 && sizeBytes + queue.nextBytes > MAX_REQUEST_BYTES) break
      sizeBytes += queue.nextBytes
      queues.push(queue)
      this.#remove(node.item)
    }
    return queues
  }

  /**
   * Sends the next batch of each partition in one request, and settles all of them when it has ended. Never
   * rejects.
   */
  async #send(brokerId: number, queues: readonly PartitionQueue[]): Promise<void> {
    const { transport, idempotence, settlement, events, clock, onFree } = this.#dependencies
    const sent: { readonly queue: PartitionQueue; readonly batch: Batch }[] = []
    const batches: EncodedBatch[] = []
    for (const queue of queues) {
      const claim = idempotence?.claim(queue.topic.name, queue.partition)
      if (idempotence && !claim) this.#awaitIdentity(queue, idempotence)
      else {
        const batch = queue.takeNext()
        if (!batch) continue
        batches.push(encode(queue, batch, claim))
        sent.push({ queue, batch })
      }
    }
    if (sent.length === 0) return
    events.emit({ kind: 'requestSending', brokerId, nowMs: clock.nowMs(), batches: sent })
    const { requiredAcks, requestTimeoutMs: ackTimeoutMs } = this.#settings
    const requestTimeoutMs = this.#requestTimeoutMs(sent.map(({ batch }) => batch))
    const limits = { requiredAcks, ackTimeoutMs, requestTimeoutMs }
    const attempt = transport.produce({ leader: brokerId, batches, ...limits })
    for (const { queue, batch } of sent) queue.begin({ batch, leader: brokerId, attempt })
    const outcomes = await attempt.outcomes
    for (const [index, { queue, batch }] of sent.entries()) {
      const outcome = outcomes[index]
      if (outcome) settlement.settle(queue, batch, outcome)
    }
    for (const { queue } of sent) onFree(queue)
  }

  /**
   * The partition waits for its leader again when the identity is there. If Kafka refuses it, its records fail, but
   * not at once: the call that sends them may not be over, and owners hear of nothing before it is.
   */
  #awaitIdentity(queue: PartitionQueue, idempotence: Idempotence): void {
    if (idempotence.refusalNumber === undefined) return
    queueMicrotask(() => {
      const { refusalNumber } = idempotence
      if (refusalNumber === undefined) return
      this.#dependencies.settlement.failWaiting(queue, deliveryError(refusalNumber))
      this.#dependencies.onFree(queue)
    })
  }

  /**
   * Source: librdkafka uses the smaller of socket.timeout.ms and the remaining time of the records. Here, the
   * record with the most time left counts; the others are reported when they expire, independently of the request.
   */
  #requestTimeoutMs(batches: readonly Batch[]): number {
    const latestMs = Math.max(...batches.map(({ longestDeadlineMs }) => longestDeadlineMs))
    const restMs = latestMs - this.#dependencies.clock.nowMs()
    return Math.min(this.#settings.socketTimeoutMs, Math.max(MIN_REQUEST_TIMEOUT_MS, restMs))
  }

  #wakeResting({ resting, ready }: Broker, nowMs: number): void {
    const early: Waiter[] = []
    for (let node = resting.takeFirst(nowMs); node; node = resting.takeFirst(nowMs)) {
      if (this.#mayGo(node.item.queue, nowMs)) ready.set(node, node.item.number)
      else early.push(node.item)
    }
    for (const waiter of early) this.#note(waiter)
  }

  /** Returns when the first partition is due. */
  #nextDueMs({ dueTimes }: Broker): number {
    const lingerMs = this.#lingerMs
    for (let node = dueTimes.first; node; node = dueTimes.first) {
      const dueMs = node.item.queue.readyAtMs(lingerMs)
      if (dueMs <= node.key) break
      dueTimes.set(node, dueMs)
    }
    return dueTimes.firstKey
  }

  /** Whether a partition is due, or may join a request. */
  #mayGo(queue: PartitionQueue, nowMs: number): boolean {
    const lingerMs = this.#lingerMs
    const dueInMs = queue.readyAtMs(lingerMs) - nowMs
    return dueInMs <= 0 || (!queue.isHeld && dueInMs < lingerMs * SPARED_LINGER)
  }

  /** Records when a partition is due and when it may join a request. */
  #note({ queue, broker, due, turn }: Waiter): void {
    const lingerMs = this.#lingerMs
    const dueMs = queue.readyAtMs(lingerMs)
    broker.dueTimes.set(due, dueMs)
    broker.resting.set(turn, queue.isHeld ? dueMs : dueMs - lingerMs * SPARED_LINGER)
  }

  #remove({ queue, due, turn }: Waiter): void {
    this.#waiters.delete(queue)
    due.remove()
    turn.remove()
  }

  #arm(broker: Broker, dueMs: number): void {
    if (dueMs >= broker.dueMs || broker.inFlight === this.#settings.maxInFlight) return
    this.#disarm(broker)
    const { clock } = this.#dependencies
    broker.dueMs = dueMs
    broker.cancelTimer = clock.schedule(dueMs - clock.nowMs(), () => {
      this.#run(broker)
    })
  }

  #disarm(broker: Broker): void {
    broker.cancelTimer?.()
    broker.cancelTimer = undefined
    broker.dueMs = Infinity
  }

  #broker(id: number): Broker {
    let broker = this.#brokers.get(id)
    if (!broker) {
      broker = {
        ...{ id, waiters: 0, inFlight: 0, dueMs: Infinity, cancelTimer: undefined },
        dueTimes: new OrderedHeap(),
        resting: new OrderedHeap(),
        ready: new OrderedHeap(),
      }
      this.#brokers.set(id, broker)
    }
    return broker
  }
}

function encode(
  { topic, partition }: PartitionQueue,
  batch: Batch,
  claim: SequenceClaim | undefined,
): EncodedBatch {
  const pieces = batch.begin(claim)
  return { topic: topic.name, partition, pieces, sizeBytes: batch.sizeBytes }
}
