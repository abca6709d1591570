/**
 * Writes what became of records, as the API v3 of the Confluent REST Proxy does:
 * https://docs.confluent.io/platform/current/kafka-rest/api.html#records-v3.
 */
import type { DeliveryReport, FailedDelivery } from '../../../producer/types.ts'
import type { Refusal } from '../../error-body.ts'
import { codeOfFailure, messageOfFailure, OK_STATUS, restV3Code } from '../../error-mapper.ts'
import type { DataNote, V3Record } from './parse-record.ts'

/** What the receipts of a request have in common. */
export interface ReceiptHead {
  /** As in the path: kprf serves one cluster, whatever a client calls it. */
  readonly cluster: string
  readonly topic: string
}

/** What a receipt says of its record beside its place in Kafka. */
export type ReceiptNote = Pick<V3Record, 'key' | 'value'>

/** Writes the fields of the receipt of a delivered record, without braces. */
export function receiptFields(
  { cluster, topic }: ReceiptHead,
  { key, value }: ReceiptNote,
  report: DeliveryReport | undefined,
): string {
  const place = report?.status === 'persisted' ? report : undefined
  const time = place && new Date(place.timestampMs).toISOString()
  const fields = [
    `"error_code":${OK_STATUS}`,
    `"cluster_id":${JSON.stringify(cluster)}`,
    `"topic_name":${JSON.stringify(topic)}`,
    `"partition_id":${place?.partition ?? null}`,
    `"offset":${place?.offset ?? null}`,
    `"timestamp":${JSON.stringify(time ?? null)}`,
    ...noteField('key', key),
    ...noteField('value', value),
  ]
  return fields.join()
}

function noteField(name: string, note: DataNote | undefined): readonly string[] {
  return note === undefined ? [] : [`"${name}":{"type":"${note.type}","size":${note.size}}`]
}

/** Writes the fields of the receipt of a record that failed, without braces. */
export function failureFields(failure: FailedDelivery): string {
  const code = codeOfFailure(failure)
  return refusalFields({ code, message: messageOfFailure(failure) })
}

/** Writes the fields of a refusal, without braces. Most numbers are statuses. */
export function refusalFields({ code, message }: Refusal): string {
  return `"error_code":${restV3Code(code)},"message":${JSON.stringify(message)}`
}
