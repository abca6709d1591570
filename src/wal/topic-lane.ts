import type { FeedCall } from './feed-call.ts'
import type { LogReader } from './log-reader.ts'

/** A record that must be sent again. */
export interface FailedRecord {
  readonly call: FeedCall
  readonly position: number
}

/**
 * The records of one topic on their way from the log to Kafka, in the order of the log. A topic that Kafka does not
 * take falls behind on its own: its records stay on the disk, and the others go on.
 */
export class TopicLane {
  readonly topic: string
  /** Memory of the records that are with the producer. */
  outstandingBytes = 0
  outstandingRecords = 0
  /** Failed for now, and sent again before all others of the topic. */
  failed: FailedRecord[] = []
  /** How often in a row the topic failed. */
  failures = 0
  /** When they are sent again, on the clock. */
  retryAtMs = 0
  /** Reads what was left on the disk; `undefined` while nothing was. */
  catchUp: LogReader | undefined

  constructor(topic: string) {
    this.topic = topic
  }

  /** Whether new records of the topic must wait, so that they do not overtake others. */
  get isBehind(): boolean {
    return this.catchUp !== undefined || this.failed.length > 0
  }

  /** Whether nothing is known that the next record of the topic depends on. */
  get isIdle(): boolean {
    return this.outstandingRecords === 0 && !this.isBehind
  }

  /** The failed records in the order of the log. */
  takeFailed(): readonly FailedRecord[] {
    const failed = this.failed.sort(
      (one, other) => placeOf(one) - placeOf(other) || one.position - other.position,
    )
    this.failed = []
    return failed
  }
}

/** Orders records by segment and by place in it. */
function placeOf({ call: { entry } }: FailedRecord): number {
  return entry.place.segment.number * 2 ** 32 + entry.place.at
}
