/**
 * The values of all keys. convict holds the schema, applies defaults, and parses text by the kind of a key; the
 * kind checks the value.
 */
import convict from 'convict'
import { keyErrorMessage, READERS, unitHint } from './kinds.ts'
import { SCHEMA, type Values } from './schema.ts'
import { usualNameOf } from './setting.ts'
import { SETTINGS } from './settings.ts'
import type { Found, ConfigError } from './source.ts'

/**
 * convict requires a check for each format, but joins all messages into one text. layOver checks with the kinds
 * instead, key by key.
 */
function leaveToKind(): void {
  // convict accepts every value.
}

convict.addFormats(
  Object.fromEntries(
    Object.entries(READERS).map(([type, coerce]) => [type, { coerce, validate: leaveToKind }]),
  ),
)

/** Outer keys before inner ones. */
const IN_ORDER = SETTINGS.toSorted((one, other) => depth(one.key) - depth(other.key))

function depth(key: string): number {
  return key.split('.').length
}

/** Merges the found values with the defaults. */
export function layOver(found: ReadonlyMap<string, Found>): {
  /** The type holds for the values that no error names. */
  readonly values: Values
  readonly errors: readonly ConfigError[]
} {
  const config = convict<Values>(SCHEMA, { env: {}, args: [] })
  for (const [key, { value }] of found) config.set(key, value)
  const values = config.getProperties()
  const errors: ConfigError[] = []
  for (const setting of IN_ORDER) {
    const { key, kind, unit } = setting
    const at = found.get(key)
    if (!at) continue
    const value = valueAt(values, key)
    const error = keyErrorMessage(kind, value, usualNameOf(setting))
    if (error === undefined) continue
    errors.push({ key, message: `${key}: ${error}${unitHint(value, unit)} (${at.origin})` })
  }
  return { values, errors }
}

function valueAt(values: Values, key: string): unknown {
  return key.split('.').reduce<unknown>(partOf, values)
}

function partOf(node: unknown, name: string): unknown {
  return new Map<string, unknown>(Object.entries(node ?? {})).get(name)
}
