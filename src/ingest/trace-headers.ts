/** Adds the trace context of a request to its records. Pure. */
import type { ProducerRecord, RecordHeader } from '../producer/types.ts'

/**
 * Adds the headers of a trace context behind those of each record. A record that has a `traceparent` is not changed: it
 * comes from elsewhere than its request. One that has only a `tracestate` keeps that, and gets no second one.
 *
 * @param trace - `traceparent`, and `tracestate` if there is one.
 */
export function withTrace(
  records: readonly ProducerRecord[],
  trace: readonly RecordHeader[],
): readonly ProducerRecord[] {
  return records.map((record) => {
    const { headers } = record
    if (headers.length === 0) return { ...record, headers: trace }
    const own = new Set(headers.map(({ key }) => key.toLowerCase()))
    if (own.has('traceparent')) return record
    return { ...record, headers: [...headers, ...trace.filter(({ key }) => !own.has(key))] }
  })
}
