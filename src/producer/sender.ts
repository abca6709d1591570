/**
 * When each broker gets its next produce request, which partitions share it, and how it is sent. A request goes when
 * the first of the partitions that wait for the broker is due. Others that have lingered for more than half of their
 * time then go along: a request costs more than a batch, and linger is a bound, not a promise to wait. (The Java
 * client takes all of them along, which would leave a slow partition beside a fast one without any batches.)
 *
 * Between calls, a broker for which a partition waits has a timer for its next request, or as many requests in flight
 * as it may have: the end of one is the time for the next. A partition is in `dueTimes`, and either in `resting` or
 * in `ready`; thousands may wait, and no call looks at all of them. What is noted of a partition's times may be
 * earlier than they are, since records expire; never later.
 */
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

/** Bytes of the batches in one request, but for the first (the Java client's max.request.size). */
const MAX_REQUEST_BYTES = 1_048_576
/**
 * Batches in one request. kafkajs compares each topic of a request with all others, and the answer is read in one
 * go: with so many both take some 10 ms.
 */
const MAX_REQUEST_BATCHES = 1_000

/** How much of its linger a batch may be spared when a request goes to its leader anyway. */
const SPARED_LINGER = 0.5

/** librdkafka's floor for the time that a request gets, however little its records have left. */
const MIN_REQUEST_TIMEOUT_MS = 100

/** What a {@link Sender} is told. */
export type SenderSettings = Pick<
  ProducerSettings,
  'lingerMs' | 'maxInFlight' | 'requiredAcks' | 'requestTimeoutMs' | 'socketTimeoutMs'
>

/** What a {@link Sender} works with. */
export interface SenderDependencies {
  readonly clock: Clock
  readonly transport: Pick<Transport, 'produce'>
  /** `undefined` where records may be stored twice. */
  readonly idempotence: Idempotence | undefined
  readonly settlement: Pick<Settlement, 'settle' | 'failWaiting'>
  readonly events: EventSink
  /** Called for each partition of a request that is over: its next batch may go. */
  readonly onFree: (queue: PartitionQueue) => void
}

/** A partition that has records and none in flight. */
class Waiter {
  readonly queue: PartitionQueue
  readonly broker: Broker
  /** Counts those of a broker in the order in which they came. */
  readonly number: number
  /** Its place by when it is due. */
  readonly due = new HeapNode<Waiter>(this)
  /** Its place by when it may go along with others, and then by its number. */
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
  /** Partitions that may not go along yet. */
  readonly resting: OrderedHeap<Waiter>
  /** Those that may. */
  readonly ready: OrderedHeap<Waiter>
  /** How many have come so far. */
  waiters: number
  inFlight: number
  /** When the timer fires; Infinity while there is none. */
  dueMs: number
  cancelTimer: CancelTimer | undefined
}

/** See the head of this file. */
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

  /** From now on batches do not linger, as in librdkafka's flush(). A backoff is still kept. */
  stopLingering(): void {
    this.#lingerMs = 0
    for (const waiter of this.#waiters.values()) this.#note(waiter)
  }

  /** Lets a partition wait for the next request to its leader. To be called again when it is due earlier. */
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

  /** Takes a partition out: it has nothing to send, or nobody to send it to. */
  leave(queue: PartitionQueue): void {
    const waiter = this.#waiters.get(queue)
    if (!waiter) return
    const { broker } = waiter
    this.#remove(waiter)
    if (broker.dueTimes.size > 0) return
    this.#disarm(broker)
    if (broker.inFlight === 0) this.#brokers.delete(broker.id)
  }

  /** Sends to a broker what is due. */
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

  /** The partitions that go now; none while no partition is due. */
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
        // Its oldest records have expired since.
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

  /** Sends the next batch of each partition in one request, and settles them all when it is over. Never rejects. */
  async #send(brokerId: number, queues: readonly PartitionQueue[]): Promise<void> {
    const { transport, idempotence, settlement, events, onFree } = this.#dependencies
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
    events.emit({ kind: 'requestSending', brokerId, batches: sent })
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

  /** The partition waits for its leader again when the identity is there. */
  #awaitIdentity(queue: PartitionQueue, { refusalNumber }: Idempotence): void {
    if (refusalNumber === undefined) return
    this.#dependencies.settlement.failWaiting(queue, deliveryError(refusalNumber))
  }

  /**
   * Source: librdkafka gives a request the smaller of socket.timeout.ms and what its records have left. Of
   * several batches, and of several timeouts in one, that is the one with the most: the other records are reported
   * when their own time is over, whatever becomes of the request.
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

  /** When the first partition is due. */
  #nextDueMs({ dueTimes }: Broker): number {
    const lingerMs = this.#lingerMs
    for (let node = dueTimes.first; node; node = dueTimes.first) {
      const dueMs = node.item.queue.readyAtMs(lingerMs)
      if (dueMs <= node.key) break
      dueTimes.set(node, dueMs)
    }
    return dueTimes.firstKey
  }

  /** Whether a partition is due, or may go along with one that is. */
  #mayGo(queue: PartitionQueue, nowMs: number): boolean {
    const lingerMs = this.#lingerMs
    const dueInMs = queue.readyAtMs(lingerMs) - nowMs
    return dueInMs <= 0 || (!queue.isHeld && dueInMs < lingerMs * SPARED_LINGER)
  }

  /** Notes when a partition is due and when it may go along, as things are now. */
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
