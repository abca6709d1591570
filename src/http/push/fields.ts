/** Checks the field names of a request and its records. */
import type { ErrorCode } from '../../base/errors.ts'
import { quotedName } from '../../base/quotable.ts'
import type { HttpConfig } from '../../config/types.ts'
import type { Misspellings } from './misspellings.ts'
import { Mistyped, Problem } from './problem.ts'

/** Policy for unknown fields of `/push`: `http.unknown_fields`. */
export type UnknownFields = HttpConfig['unknownFields']

/** Names that can change an object's prototype in careless code. No client needs them. */
export const FORBIDDEN_FIELDS: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
])

/** A JSON object, as opposed to an array. */
export type JsonObject = Readonly<Record<string, unknown>>

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Checks the field names of an object. The values of unknown fields are not checked.
 *
 * @param misspellings - collects the unknown fields that are ignored.
 */
export function checkFields(
  object: JsonObject,
  known: ReadonlySet<string>,
  unknownFields: UnknownFields,
  misspellings?: Misspellings,
): Problem | undefined {
  // Objects from JSON.parse have no inherited fields, and for-in allocates nothing.
  for (const name in object) {
    if (known.has(name)) continue
    if (FORBIDDEN_FIELDS.has(name)) {
      return new Problem('UNKNOWN_FIELD', `a field named ${name} is not allowed`)
    }
    if (unknownFields === 'reject') {
      const names = [...known].join(', ')
      return new Problem(
        'UNKNOWN_FIELD',
        `unknown field ${quotedName(name)}; the allowed fields are ${names}`,
      )
    }
    misspellings?.note(name, object, known)
  }
  return undefined
}

/** Says that a field is missing, and which one kprf does not know: often it is the same one, misspelt. */
export function missing(
  field: string,
  code: ErrorCode,
  object: object,
  known: ReadonlySet<string>,
): Problem {
  const unknown = Object.keys(object).find((name) => !known.has(name))
  const hint = unknown === undefined ? '' : `; unknown field ${quotedName(unknown)}`
  return new Mistyped(code, `${field} is missing${hint}`)
}
