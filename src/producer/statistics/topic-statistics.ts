/** The counts of topics in use, batch by batch. A topic is removed when the producer forgets it. */
import { Window, type WindowData } from './window.ts'

/** The counts of one partition. */
export interface PartitionCounts {
  /** Records that Kafka acknowledged, and the bytes of their batches. */
  readonly acknowledged: { records: number; bytes: number }
  /** Records that were reported, delivered or not. */
  settledRecords: number
}

/** The counts of one topic. */
export class TopicStatistics {
  readonly sinceMs: number
  readonly #batchSize = new Window()
  readonly #batchCount = new Window()
  readonly #partitions = new Map<number, PartitionCounts>()

  constructor(sinceMs: number) {
    this.sinceMs = sinceMs
  }

  /** The partitions that had records, by their numbers. */
  get partitions(): ReadonlyMap<number, PartitionCounts> {
    return this.#partitions
  }

  /** A batch is about to be sent. */
  batchSent(records: number, bytes: number): void {
    this.#batchSize.observe(bytes)
    this.#batchCount.observe(records)
  }

  /** Returns the counts of a partition, and creates them if they are new. */
  partition(partition: number): PartitionCounts {
    let counts = this.#partitions.get(partition)
    if (!counts) {
      counts = { acknowledged: { records: 0, bytes: 0 }, settledRecords: 0 }
      this.#partitions.set(partition, counts)
    }
    return counts
  }

  /** Returns the sizes of batches since the last call. */
  takeWindows(): { readonly batchsize: WindowData; readonly batchcnt: WindowData } {
    return { batchsize: this.#batchSize.take(), batchcnt: this.#batchCount.take() }
  }

  /** Forgets the partitions that the topic does not have. */
  forgetFrom(partitionCount: number): void {
    for (const partition of this.#partitions.keys()) {
      if (partition >= partitionCount) this.#partitions.delete(partition)
    }
  }
}
