/**
 * Formats a log line: a JSON object with `ts`, `level`, `msg`, `service` and the fields of the caller. Whatever the fields
 * are, it never throws and never writes a secret, the bytes of a record or an endless line.
 */

import type { Masker } from '../../base/quotable.ts'

/** A log line before it is formatted. */
export interface LogEntry {
  /** ISO 8601, UTC. */
  readonly ts: unknown
  readonly level: unknown
  readonly msg: unknown
  readonly fields: unknown
}

/** Names of fields whose values are never written. */
const SECRET = /password|passphrase|secret|token|credential|authorization|cookie|^sasl$/i

/** Most characters of one string; a useful stack fits. */
const MAX_STRING_CHARACTERS = 8192
/** Most levels of nesting: enough for an error with its causes. It also ends circular values. */
const MAX_DEPTH = 4
/** Most elements of an array, or fields of an object. */
const MAX_ELEMENTS = 50

/** In each line, as the Rust kprf wrote it: where the logs of several programs come together. */
const SERVICE = 'kprf'

const same: Masker = (text) => text

/**
 * Formats one entry, line feed included. Fields cannot replace `ts`, `level`, `msg` and `service`.
 *
 * @param mask - replaces secrets in every text.
 */
export function formatLine(entry: LogEntry, mask: Masker = same): string {
  const { fields, ...head } = plainEntry(entry, mask)
  const fixed = { ...head, service: SERVICE }
  return `${JSON.stringify({ ...fixed, ...fields, ...fixed })}\n`
}

/** An entry that JSON can represent. */
export interface PlainEntry extends LogEntry {
  readonly fields: Readonly<Record<string, unknown>>
}

/** Makes an entry plain, secrets and bytes left out. */
export function plainEntry({ ts, level, msg, fields }: LogEntry, mask: Masker): PlainEntry {
  const head = { ts, level, msg: plain(msg, 0, mask) }
  try {
    const isThere = typeof fields === 'object' && fields !== null
    return { ...head, fields: isThere ? plainFields(fields, 0, mask) : {} }
  } catch {
    // A getter or toISOString of a foreign object threw.
    return { ...head, fields: { fields: '[unreadable]' } }
  }
}

/** Converts fields to data that can be sent to the thread that writes the log. The fields must not hold secrets. */
export function sendable(fields: object): Record<string, unknown> {
  return plainFields(fields, 0, same)
}

/** Converts any value to one that JSON can represent. */
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

/** Only these fields: other properties of an error may hold records or settings. */
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
