/** Takes `kafka.properties` apart where it was given as the text of a properties file. */
import type { Found, Problem, Source } from '../source.ts'
import { PROPERTIES_SECTION } from './assign.ts'
import { findProperty, noSuchProperty } from './catalog.ts'
import { parsePropertyLines, type PropertyLine } from './property-lines.ts'

/** Puts the properties of the text in its place; one that the source also has by itself counts more. */
export function expandProperties(source: Source): Source {
  const text = source.found.get(PROPERTIES_SECTION)
  if (typeof text?.value !== 'string') return source
  const found = new Map<string, Found>()
  const problems: Problem[] = []
  for (const line of parsePropertyLines(text.value)) {
    const origin = `${text.origin}, line ${line.number} of the text`
    const complaint = complaintOf(line)
    if (complaint !== undefined) {
      problems.push({
        key: PROPERTIES_SECTION,
        line: `${PROPERTIES_SECTION}: ${complaint} (${origin})`,
      })
    } else if ('value' in line) {
      found.set(`${PROPERTIES_SECTION}.${line.name}`, { value: line.value, origin })
    }
  }
  for (const [key, at] of source.found) if (key !== PROPERTIES_SECTION) found.set(key, at)
  return { found, problems: [...source.problems, ...problems] }
}

function complaintOf(line: PropertyLine): string | undefined {
  if ('complaint' in line) return line.complaint
  return findProperty(line.name) ? undefined : noSuchProperty(line.name).complaint
}
