import type {
  DeliveryError,
  DeliveryReport,
  ProducerRecord,
  RecordOwner,
  RecordProducer,
  SendCall,
} from '../../src/producer/types.ts'

/** By record index: why it was not admitted, or `undefined` where it was. */
export type Refusals = readonly (DeliveryError | undefined)[]

/** Hears of the end of each record. */
export type ReportListener = (report: DeliveryReport, index: number) => void

/** What calls allow their records, as ingest is told. */
export interface RecordLimits {
  readonly deliveryTimeoutMs: number
  readonly roomWaitMs: number
}

/** What one call allows its records. */
export interface SendLimits {
  /** @defaultValue 300,000, as librdkafka's message.timeout.ms */
  readonly deliveryTimeoutMs?: number
  /** @defaultValue 0 */
  readonly roomWaitMs?: number
  /** Owns the records, instead of one that the listener makes. */
  readonly owner?: RecordOwner
}

/** Nobody hears of the records. */
export function silentOwner(deliveryTimeoutMs = 300_000): RecordOwner {
  return { deliveryTimeoutMs }
}

/** One call of `sendAll`, whose end can be waited for. */
export class RecordedCall implements SendCall {
  readonly owner: RecordOwner
  readonly roomWaitMs: number
  refusals: (DeliveryError | undefined)[] | undefined
  isAdmitted = false
  readonly #recordCount: number
  readonly #admitted = Promise.withResolvers<Refusals | undefined>()

  constructor(recordCount: number, owner: RecordOwner, roomWaitMs = 0) {
    this.#recordCount = recordCount
    this.owner = owner
    this.roomWaitMs = roomWaitMs
  }

  /** Resolves once every record is admitted or refused; `undefined` when all were admitted. */
  get admitted(): Promise<Refusals | undefined> {
    return this.#admitted.promise
  }

  isRefused(index: number): boolean {
    return this.refusals?.[index] !== undefined
  }

  refused(index: number, error: DeliveryError): void {
    this.refusals ??= new Array<undefined>(this.#recordCount).fill(undefined)
    this.refusals[index] = error
  }

  admissionEnded(): void {
    this.isAdmitted = true
    this.#admitted.resolve(this.refusals)
  }
}

const SILENT = silentOwner()

/** Sends records in one call; the answer is there at once where nothing had to be waited for. */
export function sendAll(
  producer: RecordProducer,
  records: readonly ProducerRecord[],
  listener?: ReportListener,
  { deliveryTimeoutMs = 300_000, roomWaitMs = 0, owner }: SendLimits = {},
): Refusals | undefined | Promise<Refusals | undefined> {
  const isSilent = listener === undefined && deliveryTimeoutMs === SILENT.deliveryTimeoutMs
  const made = isSilent ? SILENT : { deliveryTimeoutMs, ...(listener && { settled: listener }) }
  const call = new RecordedCall(records.length, owner ?? made, roomWaitMs)
  producer.sendAll(records, call)
  return call.isAdmitted ? call.refusals : call.admitted
}
