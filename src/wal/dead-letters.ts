import type { DeliveryError, ProducerRecord } from '../producer/types.ts'
import type { FeedCall } from './feed-call.ts'
import type { Log } from './log.ts'
import type { LogObserver } from './log-types.ts'

/** Headers of a dead letter, after its own. */
const HEADERS = {
  error: 'kprf-error',
  errorCode: 'kprf-error-code',
  topic: 'kprf-topic',
  acceptedAt: 'kprf-accepted-at',
} as const

/** Keeps the records that Kafka refuses for good. */
export class DeadLetters {
  readonly #letters: Pick<Log, 'append'>
  readonly #log: Pick<Log, 'append'>
  readonly #topic: string | undefined
  readonly #observer: Pick<LogObserver, 'buried'>

  /**
   * @param letters - a log that nothing is read from, but by people.
   * @param log - of the records on their way, which takes those for the topic of dead letters.
   * @param topic - of dead letters; `undefined` without one.
   */
  constructor(
    letters: Pick<Log, 'append'>,
    log: Pick<Log, 'append'>,
    topic: string | undefined,
    observer: Pick<LogObserver, 'buried'>,
  ) {
    this.#letters = letters
    this.#log = log
    this.#topic = topic
    this.#observer = observer
  }

  /** Keeps a record, with the reason. @returns when it is durable. */
  async bury(call: FeedCall, position: number, error: DeliveryError): Promise<void> {
    const record = call.records[position]
    if (record === undefined) return
    const { acceptedMs } = call.entry.header
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
    await this.#letters.append([letter], acceptedMs)
    this.#observer.buried(record.topic, error)
    // One that the topic of dead letters refuses would come back for ever.
    if (this.#topic === undefined || this.#topic === record.topic) return
    await this.#log.append([{ ...letter, topic: this.#topic, partition: undefined }], acceptedMs)
  }
}
