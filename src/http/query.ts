/** Reads the query of a request target, as forms are encoded (`+` is a space). Pure. */
import { checkFields, type UnknownFields } from './push/fields.ts'
import type { Misspellings } from './push/misspellings.ts'
import { Problem } from './push/problem.ts'

/** Names and values in the order in which they were sent. */
export type QueryPairs = readonly (readonly [name: string, value: string])[]

/** Returns the query of a request target, without the question mark; empty without one. */
export function queryOf(url = ''): string {
  // Node.js lets a fragment through, which is no part of the target.
  const [target = ''] = url.split('#', 1)
  const [, query = ''] = target.split(/\?(.*)/s)
  return query
}

/** Splits and decodes a query. A name without an equals sign has the empty value. */
export function parseQuery(query: string): QueryPairs | Problem {
  const pairs: (readonly [string, string])[] = []
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    const value = decode(equals === -1 ? '' : pair.slice(equals + 1))
    if (name === undefined || value === undefined) return NOT_UTF_8
    pairs.push([name, value])
  }
  return pairs
}

/**
 * Makes a map of the pairs. A parameter that a path knows may come once only; of unknown ones, the last counts.
 *
 * @param known - the names that the path knows.
 */
export function valuesOf(
  pairs: QueryPairs,
  known: ReadonlySet<string>,
): ReadonlyMap<string, string> | Problem {
  const values = new Map<string, string>()
  for (const [name, value] of pairs) {
    if (values.has(name) && known.has(name)) {
      return new Problem('DUPLICATE_NAME', `the query has ${name} more than once`)
    }
    values.set(name, value)
  }
  return values
}

/**
 * Reads the parameters of a request target.
 *
 * @param known - the names that the path knows.
 * @param misspellings - is told the parameters that are ignored.
 */
export function parametersOf(
  url: string | undefined,
  known: ReadonlySet<string>,
  unknownFields: UnknownFields,
  misspellings: Misspellings,
): ReadonlyMap<string, string> | Problem {
  const pairs = parseQuery(queryOf(url))
  if (pairs instanceof Problem) return pairs
  const values = valuesOf(pairs, known)
  if (values instanceof Problem) return values
  return checkFields(Object.fromEntries(values), known, unknownFields, misspellings) ?? values
}

/** Reads a parameter that is true or false. @param otherwise - its value if the query does not have it. */
export function switchOf(
  values: ReadonlyMap<string, string>,
  name: string,
  otherwise = false,
): boolean | Problem {
  switch (values.get(name)) {
    case undefined:
      return otherwise
    case 'false':
      return false
    case 'true':
      return true
    default:
      return new Problem('INVALID_REQUEST', `${name} must be true or false`)
  }
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

const NOT_UTF_8 = new Problem(
  'INVALID_TEXT',
  'the query has a % that does not encode UTF-8: write a literal % as %25, and bytes that are no text in base64',
)
