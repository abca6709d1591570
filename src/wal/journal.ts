import type { Clock } from '../base/clock.ts'
import { ACCEPTED, type IdempotencyKey, type KeyOutcome, UNKNOWN } from '../base/idempotency.ts'
import { deliveryError, RDKAFKA } from '../producer/delivery-errors.ts'
import type { EventSink } from '../producer/events.ts'
import { RefusalTally } from '../producer/refusal-tally.ts'
import type { DeliveryError, ProducerRecord, RecordProducer, SendCall } from '../producer/types.ts'
import type { KeyLog } from './key-log.ts'
import type { Log } from './log.ts'
import { LogError } from './log-types.ts'
import { type LoggedKey, writeKey } from './logged-key.ts'

/** Dependencies of a {@link Journal}. */
export interface JournalOptions {
  readonly log: Pick<Log, 'append'>
  /** `undefined` if none are kept. */
  readonly keys: KeyLog | undefined
  /** Knows which records Kafka would not take. */
  readonly producer: Pick<RecordProducer, 'vet'>
  readonly clock: Clock
  readonly events: EventSink
}

/** The interface between the journal and one push, until each record is admitted or refused. */
export interface JournalCall extends SendCall {
  /** Ends the push with an internal error, because of a bug. */
  abandon(bug: unknown): void
}

/** The idempotency key of a push. */
export interface PushKey extends IdempotencyKey {
  /** Whether other records of the push were refused before. */
  readonly isPartial: boolean
}

/** The number of an error that librdkafka does not have, from docs/ERRORS.md. */
const LOG_FULL: DeliveryError = {
  ...{ number: 50_308, code: 'LOG_FULL', text: 'the write-ahead log has no room' },
}
const TOO_LARGE: DeliveryError = {
  ...{
    number: 41_306,
    code: 'PUSH_TOO_LARGE',
    text: 'the push does not fit into the write-ahead log',
  },
}
const LOG_FAILED: DeliveryError = {
  ...{ number: 50_309, code: 'LOG_FAILED', text: 'the write-ahead log cannot be written' },
}

/**
 * Takes the records of clients that do not wait for delivery: what Kafka would certainly refuse is refused, and the
 * rest is admitted once it is in the log. Stands where the producer would.
 */
export class Journal {
  readonly #options: JournalOptions
  #isClosed = false

  constructor(options: JournalOptions) {
    this.#options = options
  }

  /** Admits the records once they are in the log. */
  sendAll(records: readonly ProducerRecord[], call: JournalCall, key?: PushKey): void {
    const { producer } = this.#options
    const offered = new Offered(call)
    const accepted: ProducerRecord[] = []
    for (const [index, record] of records.entries()) {
      if (call.isRefused(index)) continue
      const refusal = this.#isClosed ? deliveryError(RDKAFKA.brokerDestroy) : producer.vet(record)
      if (refusal) offered.refuse(index, record.topic, refusal)
      else {
        accepted.push(record)
        offered.offer(index, record.topic)
      }
    }
    if (accepted.length === 0) {
      this.#end(offered)
      return
    }
    try {
      const whole = accepted.length === records.length
      const appended = this.#append(accepted, key && keyOf(key, whole))
      this.#endAfter(appended, offered).catch((bug: unknown) => {
        call.abandon(bug)
      })
    } catch (bug) {
      call.abandon(bug)
    }
  }

  /** Refuses all records from now on. */
  close(): void {
    this.#isClosed = true
  }

  /** Keeps a key, before its records go to the producer. @returns why it cannot: then they must not. */
  async begun(key: IdempotencyKey): Promise<DeliveryError | undefined> {
    try {
      await this.#options.keys?.begun(key)
      return undefined
    } catch (error) {
      return refusalOf(error)
    }
  }

  /** Keeps how a push ended. @returns a promise if the reply must wait: it never rejects. */
  ended(key: IdempotencyKey, outcome: KeyOutcome, isAwaited: boolean): Promise<void> | undefined {
    const noted = this.#options.keys?.ended(key, outcome)
    return isAwaited ? noted : undefined
  }

  /** Not async: it would hold the records until they are on the disk. */
  #append(records: readonly ProducerRecord[], key: LoggedKey | undefined): Promise<unknown> {
    const { log, keys, clock } = this.#options
    if (!key || !keys) return log.append(records, clock.epochMs())
    return this.#appendWithKey(records, key, keys)
  }

  async #appendWithKey(
    records: readonly ProducerRecord[],
    key: LoggedKey,
    keys: KeyLog,
  ): Promise<void> {
    const ready = keys.ready()
    if (ready) await ready
    const { log, clock } = this.#options
    keys.recordsIn(await log.append(records, clock.epochMs(), writeKey(key, key.outcome)), key)
  }

  async #endAfter(appended: Promise<unknown>, offered: Offered): Promise<void> {
    try {
      await appended
    } catch (error) {
      offered.refuseAll(refusalOf(error))
    }
    this.#end(offered)
  }

  #end({ call, tally }: Offered): void {
    tally?.report((topic, error, count) => {
      this.#options.events.emit({ kind: 'recordsRefused', topic, error, count })
    })
    call.admissionEnded()
  }
}

/**
 * The records of a push that the log is to take. It has no references to the records: while they wait for the disk,
 * the garbage collector would copy them again and again.
 */
class Offered {
  readonly call: JournalCall
  tally: RefusalTally | undefined
  readonly #indexes: number[] = []
  readonly #topics: string[] = []

  constructor(call: JournalCall) {
    this.call = call
  }

  offer(index: number, topic: string): void {
    this.#indexes.push(index)
    this.#topics.push(topic)
  }

  refuse(index: number, topic: string, error: DeliveryError): void {
    this.tally ??= new RefusalTally()
    this.tally.add(topic, countedAs(error))
    this.call.refused(index, error)
  }

  refuseAll(error: DeliveryError): void {
    for (const [position, topic] of this.#topics.entries()) {
      this.refuse(this.#indexes[position] ?? 0, topic, error)
    }
  }
}

/** What the key is, if the process ends before it is noted: only a push that is in the log whole was accepted. */
function keyOf({ identity, fingerprint, isPartial }: PushKey, isWhole: boolean): LoggedKey {
  return { identity, fingerprint, outcome: isWhole && !isPartial ? ACCEPTED : UNKNOWN }
}

/** Errors of one kind are counted together, whatever their details. */
function countedAs(error: DeliveryError): DeliveryError {
  if (error.code === LOG_FULL.code) return LOG_FULL
  if (error.code === TOO_LARGE.code) return TOO_LARGE
  return error.detail === undefined ? error : deliveryError(error.number, error.code)
}

function refusalOf(error: unknown): DeliveryError {
  if (!(error instanceof LogError)) throw error
  switch (error.kind) {
    case 'full':
      return { ...LOG_FULL, detail: error.message }
    case 'tooLarge':
      return { ...TOO_LARGE, detail: error.message }
    case 'failed':
      return LOG_FAILED
    case 'closed':
      return deliveryError(RDKAFKA.brokerDestroy)
  }
}
