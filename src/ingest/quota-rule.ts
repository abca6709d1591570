import type { DeliveryError, ProducerRecord, RecordBytes } from '../producer/types.ts'
import type { AdmissionRule, RuledCall } from './admission-rule.ts'
import type { QuotaAmount, Quotas } from './quotas.ts'

/** Receives the number of records that were refused because of the quota of their client. */
export interface QuotaObserver {
  countBeyondQuota(records: number): void
}

/** The number is that of docs/ERRORS.md. */
const BEYOND_QUOTA: DeliveryError = {
  ...{ number: 42_903, code: 'QUOTA_EXCEEDED' },
  text: 'the client has sent as much as its quota allows (http.quotas)',
}

/** Refuses all records of a push that would exceed the quota of its client (`http.quotas`). */
export class QuotaRule implements AdmissionRule {
  readonly #quotas: Quotas
  readonly #observer: QuotaObserver

  constructor(quotas: Quotas, observer: QuotaObserver) {
    this.#quotas = quotas
    this.#observer = observer
  }

  check(records: readonly ProducerRecord[], call: RuledCall): Promise<void> | undefined {
    const { name } = call.principal
    return this.#quotas.has(name) ? this.#take(name, records, call) : undefined
  }

  #take(
    name: string,
    records: readonly ProducerRecord[],
    call: RuledCall,
  ): Promise<void> | undefined {
    const amount = amountOf(records, call)
    if (amount.records === 0) return undefined
    const decide = (waitSeconds: number): void => {
      if (waitSeconds > 0) this.#refuse(records, call, amount, waitSeconds)
    }
    // A promise for each push would be the larger part of what a quota costs.
    const taken = this.#quotas.take(name, amount)
    if (taken instanceof Promise) return taken.then(decide)
    decide(taken)
    return undefined
  }

  #refuse(
    records: readonly ProducerRecord[],
    call: RuledCall,
    amount: QuotaAmount,
    waitSeconds: number,
  ): void {
    for (const [index, { topic }] of records.entries()) {
      if (!call.isRefused(index)) call.refused(index, BEYOND_QUOTA, topic)
    }
    call.retryAfter(waitSeconds)
    this.#observer.countBeyondQuota(amount.records)
  }
}

/** What an earlier rule refused does not count. */
function amountOf(records: readonly ProducerRecord[], call: RuledCall): QuotaAmount {
  const counted = records.filter((_, index) => !call.isRefused(index))
  return { records: counted.length, bytes: counted.reduce((sum, one) => sum + sizeOf(one), 0) }
}

function sizeOf({ key, value, headers }: ProducerRecord): number {
  let bytes = lengthOf(key) + lengthOf(value)
  for (const header of headers) bytes += lengthOf(header.key) + lengthOf(header.value)
  return bytes
}

function lengthOf(bytes: RecordBytes | null): number {
  return bytes === null ? 0 : Buffer.byteLength(bytes)
}
