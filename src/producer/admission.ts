import type { Clock } from '../base/clock.ts'
import { invariant } from '../base/invariant.ts'
import type { Assigner } from './assigner.ts'
import { deliveryError, RDKAFKA, recordTooLargeError } from './delivery-errors.ts'
import type { EventSink } from './events.ts'
import type { PlaceInLine, QueueBudget, RecordNeed } from './queue-budget.ts'
import { MAX_RECORD_OVERHEAD_BYTES, measure, type RecordSizes } from './record-batch.ts'
import { RefusalTally } from './refusal-tally.ts'
import type { DeliveryError, ProducerRecord, SendCall } from './types.ts'

/** Dependencies of the {@link Admission}. */
export interface AdmissionDependencies {
  /** `message.max.bytes`. */
  readonly messageMaxBytes: number
  readonly clock: Clock
  readonly events: EventSink
  readonly budget: QueueBudget
  readonly assigner: Pick<Assigner, 'vet' | 'add'>
}

/** One call of `sendAll`, until each of its records is admitted or refused. */
interface Sending {
  readonly records: readonly ProducerRecord[]
  readonly call: SendCall
  /** The admission time of all records that need not wait. */
  time: Time
  /** `undefined` as long as nothing is refused, as for nearly every call. */
  refusals: RefusalTally | undefined
}

interface Time {
  readonly nowMs: number
  readonly epochMs: number
}

/**
 * Admits records to the queue, one by one. It refuses records in librdkafka's order: for their size
 * (`message.max.bytes`), for lack of room, then for their topic or partition. A call without room waits in one
 * place of the waiting line; when its time is over, its remaining records are refused in one step.
 */
export class Admission {
  readonly #dependencies: AdmissionDependencies
  #isClosed = false

  constructor(dependencies: AdmissionDependencies) {
    this.#dependencies = dependencies
  }

  /** See {@link RecordProducer.vet}. */
  vet(record: ProducerRecord): DeliveryError | undefined {
    const { assigner, clock } = this.#dependencies
    return this.#refusalOf(recordBytesOf(measure(record))) ?? assigner.vet(record, clock.nowMs())
  }

  /** See {@link RecordProducer.sendAll}. */
  sendAll(records: readonly ProducerRecord[], call: SendCall): void {
    // An owner that sends again what has expired at once would do nothing else from then on.
    invariant(call.owner.deliveryTimeoutMs > 0, 'records have some time for their delivery')
    const sending: Sending = { records, call, time: this.#time(), refusals: undefined }
    const index = this.#sendWhileRoom(sending, 0)
    if (index === records.length) this.#end(sending)
    else this.#sendWithoutRoom(sending, index)
  }

  /** Refuses all records from now on, those that wait for room included. */
  close(): void {
    this.#isClosed = true
    this.#dependencies.budget.refuseWaiters()
  }

  /**
   * Sends the records from index `from` on while there is room.
   *
   * @param place - of a call that has waited.
   * @returns the index of the first record without room.
   */
  #sendWhileRoom(sending: Sending, from: number, place?: PlaceInLine): number {
    const { budget } = this.#dependencies
    const { records, call } = sending
    for (let index = from; index < records.length; index += 1) {
      const record = records[index]
      if (!record || call.isRefused(index)) continue
      const sizes = measure(record)
      const recordBytes = recordBytesOf(sizes)
      let refusal = this.#refusalOf(recordBytes)
      if (!refusal) {
        const { valueBytes } = sizes
        const hasRoom = place
          ? place.tryReserve({ valueBytes, recordBytes })
          : budget.tryReserve(valueBytes, recordBytes)
        if (!hasRoom) return index
        refusal = this.#admit(sending, index, record, sizes)
      }
      if (refusal) refuse(sending, index, record, refusal)
    }
    return records.length
  }

  /** Continues at the first record without room. */
  #sendWithoutRoom(sending: Sending, from: number): void {
    this.#refuseHopeless(sending, from)
    const place = this.#dependencies.budget.standInLine(sending.call.roomWaitMs)
    if (place) void this.#sendWaiting(sending, from, place)
    else this.#endWithoutRoom(sending, from)
  }

  async #sendWaiting(sending: Sending, from: number, place: PlaceInLine): Promise<void> {
    const { records } = sending
    let index = from
    try {
      index = this.#sendWhileRoom(sending, from, place)
      for (let record = records[index]; record; record = records[index]) {
        if (!(await place.waitFor(needOf(record)))) break
        sending.time = this.#time()
        index = this.#sendWhileRoom(sending, index, place)
      }
    } finally {
      place.leave()
    }
    this.#endWithoutRoom(sending, index)
  }

  /** Refuses records that will never fit, so that they do not delay the records after them. */
  #refuseHopeless(sending: Sending, from: number): void {
    const { records, call } = sending
    for (let index = from; index < records.length; index += 1) {
      const record = records[index]
      if (!record || call.isRefused(index)) continue
      const { valueBytes, recordBytes } = needOf(record)
      const refusal = this.#refusalOf(recordBytes)
      if (refusal) refuse(sending, index, record, refusal)
      else if (this.#dependencies.budget.isHopeless(valueBytes, recordBytes)) {
        refuse(sending, index, record, queueFull())
      }
    }
  }

  /** Refuses the record at `from` and all later ones, except those small enough for the remaining room. */
  #endWithoutRoom(sending: Sending, from: number): void {
    const { records, call } = sending
    const refusal = this.#isClosed ? deliveryError(RDKAFKA.brokerDestroy) : queueFull()
    let index = from
    while (index < records.length) {
      const record = records[index]
      if (record && !call.isRefused(index)) refuse(sending, index, record, refusal)
      index += 1
      if (!this.#isClosed && !this.#dependencies.budget.isFull) {
        index = this.#sendWhileRoom(sending, index)
      }
    }
    this.#end(sending)
  }

  #end({ call, refusals }: Sending): void {
    refusals?.report((topic, error, count) => {
      this.#dependencies.events.emit({ kind: 'recordsRefused', topic, error, count })
    })
    call.admissionEnded()
  }

  #refusalOf(recordBytes: number): DeliveryError | undefined {
    if (this.#isClosed) return deliveryError(RDKAFKA.brokerDestroy)
    const { messageMaxBytes } = this.#dependencies
    return recordBytes > messageMaxBytes
      ? recordTooLargeError(recordBytes, messageMaxBytes)
      : undefined
  }

  /** Passes a record with reserved room to the assigner. Releases the room if its topic cannot be written to. */
  #admit(
    { time, call: { owner } }: Sending,
    index: number,
    record: ProducerRecord,
    sizes: RecordSizes,
  ): DeliveryError | undefined {
    const { budget, assigner } = this.#dependencies
    const admittedMs = time.nowMs
    const timestampMs = record.timestampMs ?? time.epochMs
    const { valueBytes } = sizes
    const isPinned = record.partition !== undefined
    const admitted = { record, sizes, admittedMs, timestampMs, valueBytes, owner, index, isPinned }
    const refusal = assigner.add(admitted)
    if (refusal) budget.release(1, valueBytes)
    return refusal
  }

  #time(): Time {
    const { clock } = this.#dependencies
    return { nowMs: clock.nowMs(), epochMs: clock.epochMs() }
  }
}

function refuse(
  sending: Sending,
  index: number,
  { topic }: ProducerRecord,
  error: DeliveryError,
): void {
  // Counted together, whatever their details.
  const { detail, number, code } = error
  sending.refusals ??= new RefusalTally()
  sending.refusals.add(topic, detail === undefined ? error : deliveryError(number, code))
  sending.call.refused(index, error, topic)
}

function needOf(record: ProducerRecord): RecordNeed {
  const sizes = measure(record)
  return { valueBytes: sizes.valueBytes, recordBytes: recordBytesOf(sizes) }
}

/** The size that librdkafka compares with message.max.bytes. */
function recordBytesOf({ keyBytes, valueBytes, headersBytes }: RecordSizes): number {
  return MAX_RECORD_OVERHEAD_BYTES + keyBytes + valueBytes + headersBytes
}

function queueFull(): DeliveryError {
  return deliveryError(RDKAFKA.queueFull)
}
