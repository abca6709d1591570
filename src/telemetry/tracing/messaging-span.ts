/**
 * Names and attributes of spans, as the conventions of OpenTelemetry have them for a producer of messages
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/). Pure.
 */
import type { RequestSpan } from '../../base/request-span.ts'

/** The operation: what kprf does with the records of a request. */
const OPERATION = 'send'

/** Attributes by their names. */
export type SpanAttributes = Readonly<Record<string, string | number>>

/** The name of a span: there are as many as topics, so that they can be grouped. */
export function spanName({ topic }: RequestSpan): string {
  return topic === undefined ? OPERATION : `${OPERATION} ${topic}`
}

/** The attributes of a span. Neither the address of the client nor anything of its records is among them. */
export function spanAttributes(span: RequestSpan): SpanAttributes {
  const { topic, method, route, status, error, requestId } = span
  return {
    'messaging.system': 'kafka',
    'messaging.operation.name': OPERATION,
    'messaging.operation.type': 'send',
    ...(topic !== undefined && { 'messaging.destination.name': topic }),
    'http.request.method': method,
    ...(route !== undefined && { 'http.route': route }),
    'http.response.status_code': status,
    ...(error !== undefined && { 'error.type': error }),
    'kprf.request_id': requestId,
  }
}
