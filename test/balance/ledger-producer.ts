import type {
  DeliveryError,
  ProducerRecord,
  RecordProducer,
  SendCall,
} from '../../src/producer/types.ts'

/** The outcome of a record, as reported to the HTTP edge. */
export type Fate = 'accepted' | 'persisted' | 'notPersisted' | 'unknown' | 'refused'

const QUEUE_FULL: DeliveryError = {
  number: -184,
  text: 'Message production error: QueueFull (Local: Queue full)',
  code: 'BUFFER_FULL',
}
const TIMED_OUT: DeliveryError = {
  number: -192,
  text: 'Message production error: MessageTimedOut (Local: Message timed out)',
  code: 'DELIVERY_TIMED_OUT',
}
const TOO_LARGE: DeliveryError = {
  number: 10,
  text: 'Message production error: MessageSizeTooLarge (Broker: Message size too large)',
  code: 'RECORD_TOO_LARGE',
}

/**
 * A producer with a ledger of the records it got and the outcomes it reported. The client writes the outcome of a
 * record in its key.
 */
export class LedgerProducer implements RecordProducer {
  /** Outcomes by the record's value, which is unique. */
  readonly fates = new Map<string, Fate[]>()

  vet(): undefined {
    return undefined
  }

  sendAll(records: readonly ProducerRecord[], call: SendCall): void {
    const isLate = records.some(({ key }) => String(key).startsWith('late'))
    if (!isLate) this.#admit(records, call)
    else
      setImmediate(() => {
        this.#admit(records, call)
      })
  }

  #admit(records: readonly ProducerRecord[], call: SendCall): void {
    for (const [index, record] of records.entries()) {
      if (call.isRefused(index)) continue
      const key = String(record.key)
      if (key.endsWith('refused')) {
        call.refused(index, QUEUE_FULL)
        this.#note(record, 'refused')
      } else if (call.owner.settled) this.#deliver(record, index, key, call)
      else this.#note(record, 'accepted')
    }
    call.admissionEnded()
  }

  #deliver(record: ProducerRecord, index: number, key: string, { owner }: SendCall): void {
    const report = (): void => {
      if (key.endsWith('unknown')) {
        this.#note(record, 'unknown')
        owner.settled?.({ status: 'possiblyPersisted', error: TIMED_OUT }, index)
      } else if (key.endsWith('failed')) {
        this.#note(record, 'notPersisted')
        owner.settled?.({ status: 'notPersisted', error: TOO_LARGE }, index)
      } else {
        this.#note(record, 'persisted')
        const { topic } = record
        owner.settled?.(
          { status: 'persisted', topic, partition: 0, offset: 0n, timestampMs: 0 },
          index,
        )
      }
    }
    setImmediate(report)
  }

  #note(record: ProducerRecord, fate: Fate): void {
    const id = String(record.value)
    const fates = this.fates.get(id)
    if (fates) fates.push(fate)
    else this.fates.set(id, [fate])
  }
}
