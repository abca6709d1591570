import type { LogReader } from './log-reader.ts'
import type { LoggedPush } from './log-types.ts'

/** Pause before the records of a topic that failed for now are sent again, ms: it doubles up to the longest. */
const MIN_RETRY_MS = 1_000
const MAX_RETRY_MS = 30_000

/** Records of one push that must be sent again. */
export interface FailedPush {
  readonly push: LoggedPush
  /** In the push. */
  readonly positions: readonly number[]
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
  /** How often in a row the topic failed. Until one of its records succeeds, only its first push is tried. */
  failures = 0
  /** When the first push is tried again, on the clock; `Infinity` while it is. */
  retryAtMs = 0
  /** Reads what was left on the disk; `undefined` while nothing was. */
  catchUp: LogReader | undefined
  /** The push of which the main reader has sent records last. */
  latest: LoggedPush | undefined
  /** Failed for now, and sent again before all others of the topic. */
  #failed: FailedPush[] = []

  constructor(topic: string) {
    this.topic = topic
  }

  get hasFailed(): boolean {
    return this.#failed.length > 0
  }

  /** Whether new records of the topic must wait, so that they do not overtake others. */
  get isBehind(): boolean {
    return this.catchUp !== undefined || this.hasFailed
  }

  /** Whether nothing is known that the next record of the topic depends on. */
  get isIdle(): boolean {
    return this.outstandingRecords === 0 && !this.isBehind
  }

  /** A record failed. Those that fail until the next attempt count as one failure. */
  failed(push: LoggedPush, position: number, nowMs: number): void {
    this.#failed.push({ push, positions: [position] })
    if (nowMs < this.retryAtMs && this.retryAtMs !== Infinity) return
    this.failures += 1
    this.retryAtMs = nowMs + retryDelayMs(this.failures)
  }

  /** A record has ended, in Kafka or as a dead letter: the topic is tried without a pause. */
  succeeded(): void {
    this.failures = 0
    if (this.retryAtMs === Infinity) this.retryAtMs = 0
  }

  /** Takes the failed records, in the order of the log. */
  takeFailed(): readonly FailedPush[] {
    const sorted = this.#failed.sort(
      (one, other) =>
        placeOf(one) - placeOf(other) || (one.positions[0] ?? 0) - (other.positions[0] ?? 0),
    )
    this.#failed = []
    return groupedByPush(sorted)
  }

  /** Gives back what was taken and could not be sent. */
  putBack(failed: readonly FailedPush[]): void {
    this.#failed = [...failed, ...this.#failed]
  }
}

function groupedByPush(failed: readonly FailedPush[]): readonly FailedPush[] {
  const groups: { push: LoggedPush; positions: number[] }[] = []
  for (const { push, positions } of failed) {
    const last = groups.at(-1)
    if (last && placeOf(last) === placeOf({ push })) last.positions.push(...positions)
    else groups.push({ push, positions: [...positions] })
  }
  return groups
}

/** Orders pushes by segment and by place in it. */
function placeOf({ push: { place } }: Pick<FailedPush, 'push'>): number {
  return place.segment.number * 2 ** 32 + place.at
}

function retryDelayMs(failures: number): number {
  return Math.min(MIN_RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS)
}
