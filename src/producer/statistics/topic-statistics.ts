/** What is counted of the topics in use, batch by batch. A topic goes when the producer forgets it. */
import { Window, type WindowData } from './window.ts'

/** What is counted of one partition. */
export interface PartitionCounts {
  /** Records that Kafka acknowledged, and the bytes of their batches. */
  readonly acknowledged: { records: number; bytes: number }
  /** Records that were reported, delivered or not. */
  settledRecords: number
}

/** What is counted of one topic. */
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

  /** A batch is handed over to be sent. */
  batchSent(records: number, bytes: number): void {
    this.#batchSize.observe(bytes)
    this.#batchCount.observe(records)
  }

  /** Returns the counts of a partition, which may be new. */
  partition(partition: number): PartitionCounts {
    let counts = this.#partitions.get(partition)
    if (!counts) {
      counts = { acknowledged: { records: 0, bytes: 0 }, settledRecords: 0 }
      this.#partitions.set(partition, counts)
    }
    return counts
  }

  /** Returns the sizes of batches since this was called last. */
  takeWindows(): { readonly batchsize: WindowData; readonly batchcnt: WindowData } {
    return { batchsize: this.#batchSize.take(), batchcnt: this.#batchCount.take() }
  }

  /** Forgets the partitions that the topic does not have (any more). */
  forgetFrom(partitionCount: number): void {
    for (const partition of this.#partitions.keys()) {
      if (partition >= partitionCount) this.#partitions.delete(partition)
    }
  }
}
