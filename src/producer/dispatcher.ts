import type { Accumulator } from './accumulator.ts'
import type { AdmittedRecord } from './batch.ts'
import { deliveryError, RDKAFKA } from './delivery-errors.ts'
import type { PartitionLeaders } from './partitioner.ts'
import type { Sender } from './sender.ts'
import type { Settlement } from './settlement.ts'
import type { TopicMetadata } from './topic-metadata.ts'
import type { PartitionQueue } from './topic-queue.ts'

/** Dependencies of the {@link Dispatcher}. */
export interface DispatcherDependencies {
  readonly accumulator: Accumulator
  readonly topics: TopicMetadata
  readonly sender: Sender
  readonly settlement: Settlement
  /** Chooses again for the records of a partition that its topic no longer has. */
  readonly reassign: (queue: PartitionQueue, leaders: PartitionLeaders) => void
}

/**
 * Lets each partition with records wait for its leader. One batch of a partition is in flight at a time: this keeps
 * the order across retries and bounds the bytes in a socket.
 *
 * Invariant: a partition with waiting records has a batch in flight, or waits for a request to its leader, or waits
 * for metadata, whose arrival pumps it.
 */
export class Dispatcher {
  readonly #dependencies: DispatcherDependencies

  constructor(dependencies: DispatcherDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Adds a record to its partition and schedules it.
   *
   * @param leaders - of the record's topic.
   */
  append(queue: PartitionQueue, admitted: AdmittedRecord, leaders: PartitionLeaders): void {
    const wasEmpty = queue.isEmpty
    const isFull = queue.append(admitted)
    // Even without linger a timer sends the batch, so that the records of one request share it.
    if (!queue.inFlight && (wasEmpty || isFull)) this.#place(queue, leaders, isFull)
  }

  /** Sends the next batch of a partition if it is due; otherwise schedules it. */
  pump(queue: PartitionQueue): void {
    if (queue.inFlight) return
    const leaders = queue.isEmpty ? undefined : this.#leaders(queue)
    if (leaders) this.#place(queue, leaders, true)
    else this.#dependencies.sender.leave(queue)
  }

  /** Pumps all partitions. */
  pumpAll(): void {
    for (const topic of this.#dependencies.accumulator.topics) {
      for (const queue of topic.partitions) this.pump(queue)
    }
  }

  /** Reports the expired records of a partition. */
  expire(queue: PartitionQueue, nowMs: number): void {
    this.#dependencies.settlement.expire(queue, nowMs)
    if (queue.isEmpty) this.#dependencies.sender.leave(queue)
  }

  /** Hands all records of a partition back to their owners. */
  handBack(queue: PartitionQueue): void {
    this.#dependencies.settlement.handBack(queue)
    this.#dependencies.sender.leave(queue)
  }

  /** Lets a partition wait for its leader, or for metadata if it has none. */
  #place(queue: PartitionQueue, leaders: PartitionLeaders, mayGoNow: boolean): void {
    const { sender, topics } = this.#dependencies
    const leader = leaders[queue.partition]
    if (leader === undefined) {
      sender.leave(queue)
      topics.refresh(queue.topic.name)
      return
    }
    sender.join(queue, leader)
    if (mayGoNow) sender.run(leader)
  }

  /**
   * Returns the leaders of a partition's topic if it can be written to. Otherwise the waiting records fail, but not
   * if another partition can be chosen: the topic was created again with fewer.
   */
  #leaders(queue: PartitionQueue): PartitionLeaders | undefined {
    const { topics, settlement, reassign } = this.#dependencies
    const state = topics.state(queue.topic.name)
    if (state.status === 'unknown' || state.status === 'turnedAway') return undefined
    if (state.status === 'known' && queue.partition < state.leaders.length) return state.leaders
    if (state.status === 'known') reassign(queue, state.leaders)
    const errorNumber = state.status === 'failed' ? state.errorNumber : RDKAFKA.unknownPartition
    settlement.failWaiting(queue, deliveryError(errorNumber))
    return undefined
  }
}
