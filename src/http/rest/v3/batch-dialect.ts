import type { FailedDelivery } from '../../../producer/types.ts'
import { JSON_TYPE, type Reply } from '../../edge/dialect.ts'
import { MULTI_STATUS } from '../../error-mapper.ts'
import type { DonePush, PushDialect } from '../../push/push-dialect.ts'
import { failureFields, type ReceiptHead, type ReceiptNote, receiptFields } from './receipts.ts'
import { REST_V3 } from './v3-dialect.ts'

/** An entry of a batch. */
export interface BatchEntry {
  readonly id: string
  readonly note: ReceiptNote
}

/**
 * Makes the dialect of one batch.
 *
 * @param entries - by index; filled before the reply is written.
 */
export function batchDialect(head: ReceiptHead, entries: readonly BatchEntry[]): PushDialect {
  const reply = (
    reports: DonePush['reports'],
    failures: readonly (FailedDelivery | undefined)[] | undefined,
  ): Reply => {
    const successes: string[] = []
    const failed: string[] = []
    for (const [index, { id, note }] of entries.entries()) {
      const failure = failures?.[index]
      const idField = `"id":${JSON.stringify(id)}`
      if (failure === undefined) {
        successes.push(`{${idField},${receiptFields(head, note, reports?.[index])}}`)
      } else failed.push(`{${idField},${failureFields(failure)}}`)
    }
    const body = `{"successes":[${successes.join()}],"failures":[${failed.join()}]}`
    return { status: MULTI_STATUS, contentType: JSON_TYPE, body }
  }
  return {
    ...REST_V3,
    failuresAtOk: 'records failed, and the reply has the error of each',
    done: ({ reports }) => reply(reports, undefined),
    failed: ({ reports, failures }) => reply(reports, failures),
    // Invalid records are answered among the others.
    invalid: ({ decisive }, requestId) => REST_V3.refusal(decisive, requestId),
  }
}
