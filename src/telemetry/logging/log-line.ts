/**
 * What one log line looks like: a JSON object with `ts`, `level`, `msg` and the fields of the caller.
 * Whatever the fields are, this neither throws nor writes a secret, a record's bytes or an endless line.
 */

import type { Masker } from '../../base/quotable.ts'

/** One log line before it is text. */
export interface LogEntry {
  /** ISO 8601, UTC. */
  readonly ts: unknown
  readonly level: unknown
  readonly msg: unknown
  readonly fields: unknown
}

/** Names of fields that are never written, whatever they hold. */
const SECRET = /password|passphrase|secret|token|credential|authorization|cookie|^sasl$/i

/** Characters of one string; the longest stack worth reading fits. */
const MAX_STRING_CHARACTERS = 8192
/** Deep enough for an error with its causes; also what ends a circular value. */
const MAX_DEPTH = 4
/** Elements of one array or fields of one object. */
const MAX_ELEMENTS = 50

const same: Masker = (text) => text

/**
 * Formats one entry, line feed included. Fields cannot replace `ts`, `level` and `msg`.
 *
 * @param mask - takes secrets out of every text.
 */
export function formatLine({ ts, level, msg, fields }: LogEntry, mask: Masker = same): string {
  const head = { ts, level, msg: plain(msg, 0, mask) }
  try {
    const rest = typeof fields === 'object' && fields !== null ? plainFields(fields, 0, mask) : {}
    return `${JSON.stringify({ ...head, ...rest, ...head })}\n`
  } catch {
    // A getter or toISOString of a foreign object threw.
    return `${JSON.stringify({ ...head, fields: '[unreadable]' })}\n`
  }
}

/** Turns fields into data that can be sent to the thread that writes the log. They must hold no secret. */
export function sendable(fields: object): Record<string, unknown> {
  return plainFields(fields, 0, same)
}

/** Turns any value into one that JSON can write. */
function plain(value: unknown, depth: number, mask: Masker): unknown {
  // Masked first: a secret that is cut in two would not be found.
  if (typeof value === 'string') return shorten(mask(value))
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'object' && value !== null) return plainObject(value, depth, mask)
  return value
}

function plainObject(value: object, depth: number, mask: Masker): unknown {
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (value instanceof Date) return value.toISOString()
  if (depth >= MAX_DEPTH) return '[too deep]'
  if (value instanceof Error) return plainFields(errorFields(value), depth + 1, mask)
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ELEMENTS).map((element: unknown) => plain(element, depth + 1, mask))
  }
  return plainFields(value, depth + 1, mask)
}

function plainFields(fields: object, depth: number, mask: Masker): Record<string, unknown> {
  const entries: [string, unknown][] = Object.entries(fields)
  return Object.fromEntries(
    entries
      .slice(0, MAX_ELEMENTS)
      .map(([name, value]) => [name, SECRET.test(name) ? '[redacted]' : plain(value, depth, mask)]),
  )
}

/** Only these: an error's own properties may hold the records or settings it is about. */
function errorFields(error: Error): object {
  return {
    name: error.name,
    message: error.message,
    code: 'code' in error ? error.code : undefined,
    stack: error.stack,
    cause: error.cause,
  }
}

function shorten(text: string): string {
  if (text.length <= MAX_STRING_CHARACTERS) return text
  const rest = text.length - MAX_STRING_CHARACTERS
  return `${text.slice(0, MAX_STRING_CHARACTERS)}... (${rest} more characters)`
}
