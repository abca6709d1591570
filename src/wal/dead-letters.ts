import type { DeliveryError, ProducerRecord } from '../producer/types.ts'
import type { Log } from './log.ts'
import { LogError, type LoggedPush, type LogObserver } from './log-types.ts'

/** Headers of a dead letter, after its own. */
const HEADERS = {
  error: 'kprf-error',
  errorCode: 'kprf-error-code',
  topic: 'kprf-topic',
  acceptedAt: 'kprf-accepted-at',
} as const

/** Why a record is a dead letter. */
export interface Burial {
  /** As it was before. */
  readonly record: ProducerRecord
  /** What Kafka said. */
  readonly error: string
  /** librdkafka's number of it. */
  readonly errorNumber: number
}

/** Takes off the headers that a dead letter has in addition. Those of its client stay, whatever their names are. */
export function unburied(letter: ProducerRecord): Burial {
  const names: readonly string[] = Object.values(HEADERS)
  const own = letter.headers.slice(0, -names.length)
  const added = letter.headers.slice(-names.length)
  if (!names.every((name, index) => added[index]?.key === name)) {
    return { record: letter, error: 'unknown', errorNumber: 0 }
  }
  const [error, errorCode] = added
  return {
    record: { ...letter, headers: own },
    error: String(error?.value),
    errorNumber: Number(String(errorCode?.value)),
  }
}

/** Keeps the records that Kafka refuses for good. */
export class DeadLetters {
  readonly #letters: Pick<Log, 'append' | 'forgetRemoved'>
  readonly #log: Pick<Log, 'appendInstead'>
  readonly #topic: string | undefined
  readonly #observer: Pick<LogObserver, 'buried'>
  /** Positions of those that are durable, by push: what follows may fail, and be tried again. */
  readonly #kept = new WeakMap<LoggedPush, Set<number>>()

  /**
   * @param letters - a log that nothing is read from, but by `kprf dead-letters`, which also removes from it.
   * @param log - of the records on their way, which takes those for the topic of dead letters.
   * @param topic - of dead letters; `undefined` without one.
   */
  constructor(
    letters: Pick<Log, 'append' | 'forgetRemoved'>,
    log: Pick<Log, 'appendInstead'>,
    topic: string | undefined,
    observer: Pick<LogObserver, 'buried'>,
  ) {
    this.#letters = letters
    this.#log = log
    this.#topic = topic
    this.#observer = observer
  }

  /**
   * Keeps a record, with the reason.
   *
   * @param position - of the record in its push.
   * @returns when it is durable.
   */
  async bury(
    push: LoggedPush,
    position: number,
    record: ProducerRecord,
    error: DeliveryError,
  ): Promise<void> {
    const { acceptedMs } = push.header
    const letter: ProducerRecord = {
      ...record,
      headers: [
        ...record.headers,
        { key: HEADERS.error, value: error.detail ?? error.text },
        { key: HEADERS.errorCode, value: String(error.number) },
        { key: HEADERS.topic, value: record.topic },
        { key: HEADERS.acceptedAt, value: new Date(acceptedMs).toISOString() },
      ],
    }
    await this.#keep(push, position, letter, error)
    // One that the topic of dead letters refuses would come back for ever.
    if (this.#topic === undefined || this.#topic === record.topic) return
    const copy = { ...letter, topic: this.#topic, partition: undefined }
    await this.#log.appendInstead([copy], acceptedMs)
  }

  async #keep(
    push: LoggedPush,
    position: number,
    letter: ProducerRecord,
    error: DeliveryError,
  ): Promise<void> {
    const kept = this.#kept.get(push) ?? new Set()
    if (kept.has(position)) return
    await this.#append(letter, push.header.acceptedMs)
    this.#observer.buried(letter.topic, error)
    this.#kept.set(push, kept.add(position))
  }

  async #append(letter: ProducerRecord, acceptedMs: number): Promise<void> {
    try {
      await this.#letters.append([letter], acceptedMs)
    } catch (error) {
      // The record is tried again later: there is room then if dead letters were removed.
      if (error instanceof LogError && error.kind === 'full') await this.#letters.forgetRemoved()
      throw error
    }
  }
}
