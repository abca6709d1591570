/** Reads the newest records of topics, for people who look on: it decodes no more batches than it must. */
import type { StoredBatch } from './partition-log.ts'
import type { StoredRecord } from './stored-records.ts'
import { recordsOf } from './stored-records.ts'
import type { Topic } from './topic-catalog.ts'

/** What {@link newestRecords} looks for. */
export interface NewestOptions {
  /** How many records. */
  readonly count: number
  /** Only batches that arrived after the one with this number. @defaultValue all */
  readonly after?: number
}

/** A record and its topic. */
export interface ArrivedRecord extends StoredRecord {
  readonly topic: string
}

/** A topic, and how much is in it. */
export interface TopicSummary {
  readonly name: string
  readonly partitions: number
  /** Records that it keeps. */
  readonly records: number
}

/** The newest records of some topics, in the order in which they arrived. */
export function newestRecords(
  topics: readonly Topic[],
  { count, after = 0 }: NewestOptions,
): readonly ArrivedRecord[] {
  const newestFirst = topics
    .flatMap(({ name, partitions }) =>
      partitions.flatMap(({ index, log }) =>
        log.newestBatches(count, after).map((batch) => ({ topic: name, index, batch })),
      ),
    )
    .sort((one, other) => other.batch.arrival - one.batch.arrival)
  const found: ArrivedRecord[] = []
  for (const { topic, index, batch } of newestFirst) {
    if (found.length >= count) break
    const records = readable(index, batch, count - found.length)
    for (const record of records.toReversed()) found.push({ ...record, topic })
  }
  return found.reverse()
}

/** Like Kafka, a broker stores compressed batches unopened, and so also some that nobody can read. */
function readable(partition: number, batch: StoredBatch, count: number): readonly StoredRecord[] {
  try {
    return recordsOf(partition, batch, count)
  } catch {
    return []
  }
}

/** How much is in a topic. */
export function summaryOf({ name, partitions }: Topic): TopicSummary {
  const records = partitions.map(({ log }) => Number(log.endOffset - log.startOffset))
  return { name, partitions: partitions.length, records: records.reduce((sum, n) => sum + n, 0) }
}
