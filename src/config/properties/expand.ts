/** Splits `kafka.properties` that is given as the text of a properties file. */
import type { Found, ConfigError, Source } from '../source.ts'
import { PROPERTIES_SECTION } from './merge-names.ts'
import { findProperty, noSuchProperty } from './catalog.ts'
import { parsePropertyLines, type PropertyLine } from './property-lines.ts'

/** Replaces the text by its properties; a property that the source also has separately wins. */
export function expandProperties(source: Source): Source {
  const text = source.found.get(PROPERTIES_SECTION)
  if (typeof text?.value !== 'string') return source
  const found = new Map<string, Found>()
  const errors: ConfigError[] = []
  for (const line of parsePropertyLines(text.value)) {
    const origin = `${text.origin}, line ${line.number} of the text`
    const isUnknownName = 'name' in line && !findProperty(line.name)
    const message = errorMessageOf(line)
    if (message !== undefined) {
      errors.push({
        ...{ key: PROPERTIES_SECTION, isUnknownName },
        message: `${PROPERTIES_SECTION}: ${message} (${origin})`,
      })
    } else if ('value' in line) {
      found.set(`${PROPERTIES_SECTION}.${line.name}`, { value: line.value, origin })
    }
  }
  for (const [key, at] of source.found) if (key !== PROPERTIES_SECTION) found.set(key, at)
  return { found, errors: [...source.errors, ...errors] }
}

function errorMessageOf(line: PropertyLine): string | undefined {
  if ('message' in line) return line.message
  return findProperty(line.name) ? undefined : noSuchProperty(line.name).message
}
