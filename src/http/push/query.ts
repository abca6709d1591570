/** Reads the query of a request target. Pure. */
import { Problem } from './problem.ts'

/** A name and its value, decoded. */
export type Parameter = readonly [name: string, value: string]

/** Returns the query of a request target, without the question mark; empty if it has none. */
export function queryOf(url: string): string {
  // Node.js lets a fragment through, which is no part of the target.
  const [target = ''] = url.split('#', 1)
  const [, query = ''] = target.split(/\?(.*)/s)
  return query
}

/**
 * Decodes a query as a form is encoded: a plus is a space.
 *
 * @returns `undefined` if a `%` does not encode UTF-8.
 */
export function decodeQuery(query: string): readonly Parameter[] | undefined {
  const parameters: Parameter[] = []
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    const value = decode(equals === -1 ? '' : pair.slice(equals + 1))
    if (name === undefined || value === undefined) return undefined
    parameters.push([name, value])
  }
  return parameters
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** Returns the value of each parameter. Only unknown ones may be there twice. */
export function valuesOf(
  parameters: readonly Parameter[],
  known: ReadonlySet<string>,
): ReadonlyMap<string, string> | Problem {
  const values = new Map<string, string>()
  for (const [name, value] of parameters) {
    if (values.has(name) && known.has(name)) {
      return new Problem('DUPLICATE_NAME', `the query has ${name} more than once`)
    }
    values.set(name, value)
  }
  return values
}

/** Returns whether a parameter is true; false without it. */
export function switchOf(values: ReadonlyMap<string, string>, name: string): boolean | Problem {
  switch (values.get(name)) {
    case undefined:
    case 'false':
      return false
    case 'true':
      return true
    default:
      return new Problem('INVALID_REQUEST', `${name} must be true or false`)
  }
}
