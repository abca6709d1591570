import { deliveryError, RDKAFKA } from '../../src/producer/delivery-errors.ts'
import type {
  DeliveryReport,
  FailedDelivery,
  ProducerRecord,
  RecordProducer,
  SendCall,
} from '../../src/producer/types.ts'

const FAILURES: Readonly<Record<string, FailedDelivery>> = {
  lost: { status: 'notPersisted', topic: 'lost', error: deliveryError(RDKAFKA.messageTimedOut) },
  away: {
    ...{ status: 'possiblyPersisted', topic: 'away' },
    error: deliveryError(RDKAFKA.brokerTransportFailure),
  },
}

const QUEUE_FULL = deliveryError(RDKAFKA.queueFull)

/** Turns of the event loop until a record of topic `later` is delivered. */
export const LATER_TURNS = 12

/**
 * A producer whose outcomes depend on the topic only: `full` is refused, `lost` and `away` fail, `late` is delivered two
 * turns of the event loop later, `later` after more, and all others at once.
 */
export class ScriptedProducer implements RecordProducer {
  /** As they came: their bytes must not be others later. */
  readonly #taken: ProducerRecord[] = []
  #offset = 0n

  /** The number of records since the last {@link take}. */
  get taken(): number {
    return this.#taken.length
  }

  /** The records since the last call, as text, in order. */
  take(): string[] {
    this.#offset = 0n
    return this.#taken.splice(0).map(textOf)
  }

  vet(): undefined {
    return undefined
  }

  sendAll(records: readonly ProducerRecord[], call: SendCall): void {
    for (const [index, record] of records.entries()) {
      if (call.isRefused(index)) continue
      if (record.topic === 'full') call.refused(index, QUEUE_FULL, record.topic)
      else this.#admit(record, index, call)
    }
    call.admissionEnded()
  }

  #admit(record: ProducerRecord, index: number, { owner }: SendCall): void {
    this.#taken.push(record)
    const report = this.#reportOf(record)
    const settle = (): void => owner.settled?.(report, index)
    if (record.topic === 'late') afterTurns(2, settle)
    else if (record.topic === 'later') afterTurns(LATER_TURNS, settle)
    else queueMicrotask(settle)
  }

  #reportOf({ topic, partition = 0, timestampMs = 1 }: ProducerRecord): DeliveryReport {
    this.#offset += 1n
    return (
      FAILURES[topic] ?? {
        ...{ status: 'persisted', topic, partition, offset: this.#offset, timestampMs },
      }
    )
  }
}

function afterTurns(turns: number, task: () => void): void {
  setImmediate(() => {
    if (turns === 1) task()
    else afterTurns(turns - 1, task)
  })
}

function textOf({ topic, partition, key, value, headers, timestampMs }: ProducerRecord): string {
  const [keyText, valueText] = [key, value].map((bytes) => bytes?.toString())
  return JSON.stringify([topic, partition, keyText, valueText, headers, timestampMs])
}
