/** Checks on the keys of a request and of its records, as opposed to what is in them. */
import type { HttpConfig } from '../../config/types.ts'
import { Problem } from './problem.ts'

/** What to do with a field that `/push` does not know: `http.unknown_fields`. */
export type UnknownFields = HttpConfig['unknownFields']

/** Names that reach an object's prototype where code copies fields carelessly; no client means them. */
const FORBIDDEN_FIELDS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** A JSON object, as opposed to an array. */
export type JsonObject = Readonly<Record<string, unknown>>

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Checks the names of an object's fields. What an unknown field has is not looked at. */
export function checkFields(
  object: JsonObject,
  known: ReadonlySet<string>,
  unknownFields: UnknownFields,
): Problem | undefined {
  // What JSON.parse makes has no inherited fields, and for-in allocates nothing.
  for (const name in object) {
    if (known.has(name)) continue
    if (FORBIDDEN_FIELDS.has(name)) {
      return new Problem('UNKNOWN_FIELD', `a field named ${name} is not allowed`)
    }
    if (unknownFields === 'reject') {
      const names = [...known].join(', ')
      return new Problem('UNKNOWN_FIELD', `unknown field; the allowed fields are ${names}`)
    }
  }
  return undefined
}
