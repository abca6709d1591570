/** How far one group has read, by topic and partition. */

/** What a consumer committed for a partition. */
export interface CommittedOffset {
  readonly offset: bigint
  readonly leaderEpoch: number
  readonly metadata: string | null
}

/** The committed offsets of one group. */
export class CommittedOffsets {
  readonly #byTopic = new Map<string, Map<number, CommittedOffset>>()

  get isEmpty(): boolean {
    return this.#byTopic.size === 0
  }

  commit(topic: string, partition: number, committed: CommittedOffset): void {
    const partitions = this.#byTopic.get(topic) ?? new Map<number, CommittedOffset>()
    this.#byTopic.set(topic, partitions.set(partition, committed))
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#byTopic.get(topic)?.get(partition)
  }

  /** All partitions with a committed offset. */
  topics(): readonly { readonly name: string; readonly partitions: readonly number[] }[] {
    return [...this.#byTopic].map(([name, partitions]) => ({
      name,
      partitions: [...partitions.keys()],
    }))
  }

  forgetTopic(topic: string): void {
    this.#byTopic.delete(topic)
  }
}
