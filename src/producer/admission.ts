/**
 * Lets records into the queue, one after the other and each on its own. librdkafka's order of refusals: size
 * (`message.max.bytes`), room in the queue, then topic and partition. A push that finds no room waits for it in one
 * place in line; when its wait is over, all that is left of it is refused in one step.
 */
import type { Clock } from '../base/clock.ts'
import type { AdmittedRecord } from './batch.ts'
import { deliveryError, RDKAFKA } from './delivery-errors.ts'
import type { ProducerObserver } from './delivery.ts'
import type { QueueBudget, PlaceInLine, RecordNeed } from './queue-budget.ts'
import { MAX_RECORD_OVERHEAD_BYTES, measure, type RecordSizes } from './record-batch.ts'
import { countRefusals } from './refusal-counts.ts'
import type {
  DeliveryError,
  DeliveryListener,
  MaybePromise,
  ProducerRecord,
  Refusals,
} from './types.ts'

/** What {@link Admission} is told. */
export interface AdmissionSettings {
  readonly messageMaxBytes: number
  readonly queueFullWaitMs: number
}

/** What an {@link Admission} works with. */
export interface AdmissionDependencies {
  readonly clock: Clock
  readonly observer: Pick<ProducerObserver, 'refused'>
  readonly budget: QueueBudget
  /** Takes a record on that has its room, or says why its topic or partition cannot be written to. */
  readonly enqueue: (admitted: AdmittedRecord) => DeliveryError | undefined
}

/** One call of `sendAll`. */
interface SendCall {
  readonly records: readonly ProducerRecord[]
  readonly onDelivery: DeliveryListener | undefined
  /** Records that are admitted without a wait are admitted at the same time. */
  time: Time
  refusals: (DeliveryError | undefined)[] | undefined
}

interface Time {
  readonly nowMs: number
  readonly epochMs: number
}

/** See the head of this file. */
export class Admission {
  readonly #settings: AdmissionSettings
  readonly #clock: Clock
  readonly #observer: Pick<ProducerObserver, 'refused'>
  readonly #budget: QueueBudget
  readonly #enqueue: (admitted: AdmittedRecord) => DeliveryError | undefined
  #isClosed = false

  constructor(settings: AdmissionSettings, dependencies: AdmissionDependencies) {
    this.#settings = settings
    this.#clock = dependencies.clock
    this.#observer = dependencies.observer
    this.#budget = dependencies.budget
    this.#enqueue = dependencies.enqueue
  }

  /** See {@link RecordProducer.sendAll}. */
  sendAll(
    records: readonly ProducerRecord[],
    onDelivery: DeliveryListener | undefined,
  ): MaybePromise<Refusals | undefined> {
    const call: SendCall = { records, onDelivery, time: this.#time(), refusals: undefined }
    const index = this.#sendWhileRoom(call, 0)
    return index === records.length ? this.#end(call) : this.#sendWithoutRoom(call, index)
  }

  /** Refuses all records from now on, those that wait for room included. */
  close(): void {
    this.#isClosed = true
    this.#budget.refuseWaiters()
  }

  /**
   * Sends the records from the one at `from` on as long as there is room.
   *
   * @param place - of a push that has waited.
   * @returns the position of the first record without room.
   */
  #sendWhileRoom(call: SendCall, from: number, place?: PlaceInLine): number {
    const { records } = call
    for (let index = from; index < records.length; index += 1) {
      const record = records[index]
      if (!record || call.refusals?.[index]) continue
      const sizes = measure(record)
      const recordBytes = recordBytesOf(sizes)
      let refusal = this.#refusalOf(recordBytes)
      if (!refusal) {
        const { valueBytes } = sizes
        const hasRoom = place
          ? place.tryReserve({ valueBytes, recordBytes })
          : this.#budget.tryReserve(valueBytes, recordBytes)
        if (!hasRoom) return index
        refusal = this.#pass(call, index, record, sizes)
      }
      if (refusal) refuse(call, index, refusal)
    }
    return records.length
  }

  /** Goes on with the first record that has no room. */
  #sendWithoutRoom(call: SendCall, from: number): MaybePromise<Refusals | undefined> {
    this.#refuseHopeless(call, from)
    const place = this.#budget.standInLine(this.#settings.queueFullWaitMs)
    return place ? this.#sendWaiting(call, from, place) : this.#endWithoutRoom(call, from)
  }

  async #sendWaiting(
    call: SendCall,
    from: number,
    place: PlaceInLine,
  ): Promise<Refusals | undefined> {
    const { records } = call
    let index = from
    try {
      index = this.#sendWhileRoom(call, from, place)
      for (let record = records[index]; record; record = records[index]) {
        if (!(await place.waitFor(needOf(record)))) break
        call.time = this.#time()
        index = this.#sendWhileRoom(call, index, place)
      }
    } finally {
      place.leave()
    }
    return this.#endWithoutRoom(call, index)
  }

  /** What no waiting helps must not hold up those behind it, and is told by its own error. */
  #refuseHopeless(call: SendCall, from: number): void {
    for (let index = from; index < call.records.length; index += 1) {
      const record = call.records[index]
      if (!record) continue
      const { valueBytes, recordBytes } = needOf(record)
      const refusal = this.#refusalOf(recordBytes)
      if (refusal) refuse(call, index, refusal)
      else if (this.#budget.isHopeless(valueBytes, recordBytes)) refuse(call, index, queueFull())
    }
  }

  /** Refuses the record at `from` and all behind it, but those small enough for what room there is. */
  #endWithoutRoom(call: SendCall, from: number): Refusals | undefined {
    const { length } = call.records
    const refusal = this.#isClosed ? deliveryError(RDKAFKA.brokerDestroy) : queueFull()
    let index = from
    while (index < length) {
      if (!call.refusals?.[index]) refuse(call, index, refusal)
      index += 1
      if (!this.#isClosed && !this.#budget.isFull) index = this.#sendWhileRoom(call, index)
    }
    return this.#end(call)
  }

  #end({ records, refusals }: SendCall): Refusals | undefined {
    if (refusals) {
      countRefusals(records, refusals, (topic, error, count) => {
        this.#observer.refused(topic, error, count)
      })
    }
    return refusals
  }

  #refusalOf(recordBytes: number): DeliveryError | undefined {
    if (this.#isClosed) return deliveryError(RDKAFKA.brokerDestroy)
    if (recordBytes > this.#settings.messageMaxBytes) {
      return deliveryError(RDKAFKA.messageSizeTooLarge)
    }
    return undefined
  }

  /** Passes a record that has its room on; gives the room back when its topic is no good. */
  #pass(
    { time, onDelivery }: SendCall,
    index: number,
    record: ProducerRecord,
    sizes: RecordSizes,
  ): DeliveryError | undefined {
    const { valueBytes } = sizes
    const refusal = this.#enqueue({
      record,
      sizes,
      admittedMs: time.nowMs,
      timestampMs: record.timestampMs ?? time.epochMs,
      valueBytes,
      listener: onDelivery,
      index,
    })
    if (refusal) this.#budget.release(1, valueBytes)
    return refusal
  }

  #time(): Time {
    return { nowMs: this.#clock.nowMs(), epochMs: this.#clock.epochMs() }
  }
}

function refuse(call: SendCall, index: number, refusal: DeliveryError): void {
  call.refusals ??= new Array<undefined>(call.records.length).fill(undefined)
  call.refusals[index] = refusal
}

function needOf(record: ProducerRecord): RecordNeed {
  const sizes = measure(record)
  return { valueBytes: sizes.valueBytes, recordBytes: recordBytesOf(sizes) }
}

/** What librdkafka compares with message.max.bytes. */
function recordBytesOf({ keyBytes, valueBytes, headersBytes }: RecordSizes): number {
  return MAX_RECORD_OVERHEAD_BYTES + keyBytes + valueBytes + headersBytes
}

function queueFull(): DeliveryError {
  return deliveryError(RDKAFKA.queueFull)
}
