/**
 * Reads the trace context of requests (https://www.w3.org/TR/trace-context/): what its `traceparent` and `tracestate` tell
 * the consumers of its records. A context that is not valid is none, and no reason to refuse anything: the specification
 * has it ignored.
 */
import type { IncomingMessage } from 'node:http'
import type { RecordHeader } from '../producer/types.ts'

/** The request headers that have it. */
export const TRACE_HEADERS = ['traceparent', 'tracestate'] as const

/** Finds the trace context of a request, as headers of a record; `undefined` if it has none. */
export type TraceOf = (
  request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
) => readonly RecordHeader[] | undefined

/**
 * Version, id of the trace, id of the caller's span, flags, and what only later versions have
 * (https://www.w3.org/TR/trace-context/#traceparent-header-field-values). Ids of zeros only are not valid.
 */
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/
/** The length of a `traceparent` of version 00, characters. */
const LENGTH = 55
/** The flag of a trace that the caller records. Of later versions, no other flag is known. */
const SAMPLED = 0x01

/**
 * One member of `tracestate`: a key, with or without a tenant, and its value
 * (https://www.w3.org/TR/trace-context/#tracestate-header-field-values).
 */
const MEMBER =
  /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/
const MAX_MEMBERS = 32
/** What every system on the way must pass on (https://www.w3.org/TR/trace-context/#tracestate-limits), characters. */
const MAX_STATE_LENGTH = 512
/** Longer members give way first, characters. */
const LONG_MEMBER_LENGTH = 128

/** What a request tells of its trace. */
export interface TraceContext {
  /** A valid `traceparent` of version 00. */
  readonly parent: string
  /** A valid `tracestate`; `undefined` without one. */
  readonly state: string | undefined
}

/** Makes what finds trace contexts. @param isOn - `http.propagate_trace`; without it no request has one. */
export function createTraceOf(isOn: boolean): TraceOf {
  return isOn ? traceOf : () => undefined
}

const traceOf: TraceOf = (request) => {
  const context = readTraceContext(request)
  return context && traceHeaders(context)
}

/** Reads the trace context of a request; `undefined` if it has no valid one. */
export function readTraceContext({
  headers: { traceparent, tracestate },
  rawHeaders,
}: Parameters<TraceOf>[0]): TraceContext | undefined {
  if (typeof traceparent !== 'string') return undefined
  const parent = parseParent(traceparent, rawHeaders)
  if (parent === undefined) return undefined
  return { parent, state: typeof tracestate === 'string' ? parseState(tracestate) : undefined }
}

/** The headers with which a record tells its trace context. */
export function traceHeaders({ parent, state }: TraceContext): readonly RecordHeader[] {
  const headers: RecordHeader[] = [{ key: 'traceparent', value: parent }]
  if (state !== undefined) headers.push({ key: 'tracestate', value: state })
  return headers
}

/** Whether the caller records a trace. @param parent - a valid `traceparent` of version 00. */
export function isSampled(parent: string): boolean {
  return (Number.parseInt(parent.slice(-2), 16) & SAMPLED) !== 0
}

/**
 * Checks a `traceparent`.
 *
 * @param text - of all headers of the name: Node.js joins several.
 * @returns it in version 00, in which the specification has later versions passed on by those that do not know them
 * (https://www.w3.org/TR/trace-context/#versioning-of-traceparent).
 */
function parseParent(text: string, rawHeaders: readonly string[]): string | undefined {
  const [, version, ids, flags = ''] = TRACEPARENT.exec(text) ?? []
  if (version === undefined) return undefined
  if (version === '00') return text.length === LENGTH ? text : undefined
  // What follows the flags of a later version may be anything, also a second header.
  if (text.length > LENGTH && countOf(rawHeaders) > 1) return undefined
  return `00-${ids}-0${Number.parseInt(flags, 16) & SAMPLED}`
}

function countOf(rawHeaders: readonly string[]): number {
  return rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'traceparent')
    .length
}

/** Checks a `tracestate`, and shortens one that is too long by whole members. @param text - of all headers of the name. */
function parseState(text: string): string | undefined {
  const members = text
    .split(',')
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((member) => member !== '')
  if (members.length === 0 || members.length > MAX_MEMBERS) return undefined
  if (!members.every((member) => MEMBER.test(member))) return undefined
  if (text.length <= MAX_STATE_LENGTH) return text
  while (members.join(',').length > MAX_STATE_LENGTH) {
    const long = members.findLastIndex(({ length }) => length > LONG_MEMBER_LENGTH)
    members.splice(long === -1 ? members.length - 1 : long, 1)
  }
  return members.length === 0 ? undefined : members.join(',')
}
