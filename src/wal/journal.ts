import type { Clock } from '../base/clock.ts'
import { deliveryError, RDKAFKA } from '../producer/delivery-errors.ts'
import type { EventSink } from '../producer/events.ts'
import { RefusalTally } from '../producer/refusal-tally.ts'
import type { DeliveryError, ProducerRecord, RecordProducer, SendCall } from '../producer/types.ts'
import type { Log } from './log.ts'
import { LogError } from './log-types.ts'

/** Dependencies of a {@link Journal}. */
export interface JournalOptions {
  readonly log: Pick<Log, 'append'>
  /** Knows which records Kafka would not take. */
  readonly producer: Pick<RecordProducer, 'vet'>
  readonly clock: Clock
  readonly events: EventSink
}

/** The number of an error that librdkafka does not have, from docs/ERRORS.md. */
const LOG_FULL: DeliveryError = {
  ...{ number: 50_308, code: 'LOG_FULL', text: 'the write-ahead log has no room' },
}
const LOG_FAILED: DeliveryError = {
  ...{ number: 50_309, code: 'LOG_FAILED', text: 'the write-ahead log cannot be written' },
}

/**
 * Takes the records of clients that do not wait for delivery: what Kafka would certainly refuse is refused, and the
 * rest is admitted once it is in the log. Stands where the producer would.
 */
export class Journal implements Pick<RecordProducer, 'sendAll'> {
  readonly #options: JournalOptions
  #isClosed = false

  constructor(options: JournalOptions) {
    this.#options = options
  }

  sendAll(records: readonly ProducerRecord[], call: SendCall): void {
    const { producer } = this.#options
    const tally = new RefusalTally()
    const refuse = (index: number, topic: string, error: DeliveryError): void => {
      tally.add(topic, countedAs(error))
      call.refused(index, error)
    }
    const accepted: ProducerRecord[] = []
    const indexes: number[] = []
    for (const [index, record] of records.entries()) {
      if (call.isRefused(index)) continue
      const refusal = this.#isClosed ? deliveryError(RDKAFKA.brokerDestroy) : producer.vet(record)
      if (refusal) refuse(index, record.topic, refusal)
      else {
        accepted.push(record)
        indexes.push(index)
      }
    }
    const end = (): void => {
      tally.report((topic, error, count) => {
        this.#options.events.emit({ kind: 'recordsRefused', topic, error, count })
      })
      call.admissionEnded()
    }
    if (accepted.length === 0) end()
    else
      void this.#append(accepted, (error) => {
        if (error)
          for (const [position, { topic }] of accepted.entries())
            refuse(indexes[position] ?? 0, topic, error)
        end()
      })
  }

  /** Refuses all records from now on. */
  close(): void {
    this.#isClosed = true
  }

  async #append(
    records: readonly ProducerRecord[],
    done: (error?: DeliveryError) => void,
  ): Promise<void> {
    const { log, clock } = this.#options
    let refusal: DeliveryError | undefined
    try {
      await log.append(records, clock.epochMs())
    } catch (error) {
      refusal = refusalOf(error)
    }
    done(refusal)
  }
}

/** Errors of one kind are counted together, whatever their details. */
function countedAs(error: DeliveryError): DeliveryError {
  if (error.code === LOG_FULL.code) return LOG_FULL
  return error.detail === undefined ? error : deliveryError(error.number, error.code)
}

function refusalOf(error: unknown): DeliveryError {
  if (!(error instanceof LogError)) throw error
  switch (error.kind) {
    case 'full':
      return { ...LOG_FULL, detail: error.message }
    case 'failed':
      return LOG_FAILED
    case 'closed':
      return deliveryError(RDKAFKA.brokerDestroy)
  }
}
