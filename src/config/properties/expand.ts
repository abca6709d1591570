/** Takes `kafka.properties` apart where it was given as the text of a properties file. */
import type { Found, Problem, Source } from '../source.ts'
import { PROPERTIES_SECTION } from './assign.ts'
import { findProperty, noSuchProperty } from './catalog.ts'
import { parsePropertyLines } from './property-lines.ts'

/** Puts the properties of the text in its place; one that the source also has by itself counts more. */
export function expandProperties(source: Source): Source {
  const text = source.found.get(PROPERTIES_SECTION)
  if (typeof text?.value !== 'string') return source
  const found = new Map<string, Found>()
  const problems: Problem[] = []
  for (const { number, name, value } of parsePropertyLines(text.value)) {
    const key = `${PROPERTIES_SECTION}.${name}`
    const origin = `${text.origin}, line ${number} of the text`
    const complaint =
      value === undefined
        ? 'has no value; write name=value'
        : findProperty(name)
          ? undefined
          : noSuchProperty(name).complaint
    if (complaint === undefined) found.set(key, { value, origin })
    else problems.push({ key, line: `${key}: ${complaint} (${origin})` })
  }
  for (const [key, at] of source.found) if (key !== PROPERTIES_SECTION) found.set(key, at)
  return { found, problems: [...source.problems, ...problems] }
}
