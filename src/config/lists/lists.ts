/** Lists of mappings, as `ratelimit.rules` and `http.acl` are: parsing from JSON text, and validation. */
import { nearest } from '../nearest.ts'

/** One field of the mappings of a list. */
export interface ListField {
  /** The allowed values, in words that follow "must be". */
  readonly allowed: string
  readonly accepts: (value: unknown) => boolean
  /** No two mappings of the list may have the same value. */
  readonly isUnique?: boolean
}

/** Parses a list written as JSON; text that is not JSON is returned unchanged. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/**
 * The error message for a list of mappings, or undefined if it is right. It repeats no value, which may be a secret.
 *
 * @param name - of the list, as in `rules[0]`.
 * @param fields - of each mapping; all are required, and there are no others.
 */
export function listErrorMessage(
  value: unknown,
  name: string,
  fields: ReadonlyMap<string, ListField>,
): string | undefined {
  if (typeof value === 'string') return 'the text is not JSON'
  if (!Array.isArray(value)) return 'it is not a list'
  const items: readonly unknown[] = value
  const seen = new Map(Array.from(fields.keys(), (field) => [field, new Set<unknown>()]))
  for (const [index, item] of items.entries()) {
    const message = errorMessageOf(item, fields, seen)
    if (message !== undefined) return `${name}[${index}]${message}`
  }
  return undefined
}

/**
 * The error message for one mapping, in words that follow its name, or undefined if it is right. It repeats no value.
 *
 * @param fields - as for {@link listErrorMessage}.
 */
export function mappingErrorMessage(
  item: unknown,
  fields: ReadonlyMap<string, ListField>,
): string | undefined {
  return errorMessageOf(item, fields, new Map())
}

function errorMessageOf(
  item: unknown,
  fields: ReadonlyMap<string, ListField>,
  seen: ReadonlyMap<string, Set<unknown>>,
): string | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return ' is not a mapping'
  const found = new Map<string, unknown>(Object.entries(item))
  const stranger = [...found.keys()].find((name) => !fields.has(name))
  if (stranger !== undefined) return ` has an unknown field${guessAt(stranger, fields)}`
  for (const [name, { allowed, accepts, isUnique }] of fields) {
    const value = found.get(name)
    if (!accepts(value)) return `.${name} must be ${allowed}`
    if (isUnique === true && seen.get(name)?.has(value) === true) {
      return `.${name} repeats that of an earlier one`
    }
    seen.get(name)?.add(value)
  }
  return undefined
}

function guessAt(name: string, fields: ReadonlyMap<string, ListField>): string {
  const known = nearest(name, new Map(Array.from(fields.keys(), (field) => [field, field])))
  return known === undefined ? '' : `, did you mean ${known}?`
}
