/**
 * The values of all keys. convict holds the schema, gives the defaults, and reads text by the kind of a key; whether
 * a value is right, the kind says.
 */
import convict from 'convict'
import { keyErrorMessage, READERS } from './kinds.ts'
import { SCHEMA, type Values } from './schema.ts'
import { usualNameOf } from './setting.ts'
import { SETTINGS } from './settings.ts'
import type { Found, ConfigError } from './source.ts'

/** convict asks each format for a check, and puts all complaints into one text. Kinds addError by key, in layOver. */
function leaveToKind(): void {
  // Nothing is wrong for convict.
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

/** Lays what was found over the defaults. */
export function layOver(found: ReadonlyMap<string, Found>): {
  /** The type holds of those that no error names. */
  readonly values: Values
  readonly errors: readonly ConfigError[]
} {
  const config = convict<Values>(SCHEMA, { env: {}, args: [] })
  for (const [key, { value }] of found) config.set(key, value)
  const values = config.getProperties()
  const errors: ConfigError[] = []
  for (const setting of IN_ORDER) {
    const { key, kind } = setting
    const at = found.get(key)
    if (!at) continue
    const message = keyErrorMessage(kind, valueAt(values, key), usualNameOf(setting))
    if (message !== undefined) errors.push({ key, message: `${key}: ${message} (${at.origin})` })
  }
  return { values, errors }
}

function valueAt(values: Values, key: string): unknown {
  return key.split('.').reduce<unknown>(partOf, values)
}

function partOf(node: unknown, name: string): unknown {
  return new Map<string, unknown>(Object.entries(node ?? {})).get(name)
}
