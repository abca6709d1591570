/** The names of all settings: keys and librdkafka's properties, with their variables and spellings. */
import { PROPERTIES_SECTION } from './properties/merge-names.ts'
import { isTextual } from './kinds.ts'
import { findProperty, PROPERTY_NAMES } from './properties/catalog.ts'
import { SETTINGS, variableOf, type Name } from './settings.ts'

/** Every property of librdkafka under each of its names, also refused ones, and `kafka.properties` as one text. */
export const PROPERTY_SETTINGS: readonly Name[] = [
  {
    key: PROPERTIES_SECTION,
    variable: variableOf(PROPERTIES_SECTION),
    allowed: 'a mapping of properties, or lines of name=value',
  },
  ...PROPERTY_NAMES.map(nameOfProperty),
]

const ALL: readonly Name[] = [...SETTINGS, ...PROPERTY_SETTINGS]

/** Everything by its key. */
export const NAMES_BY_KEY: ReadonlyMap<string, Name> = new Map(ALL.map((name) => [name.key, name]))

/** Everything by its environment variable. */
export const NAMES_BY_VARIABLE: ReadonlyMap<string, Name> = new Map(
  ALL.map((name) => [name.variable, name]),
)

/** The keys that only contain other keys. */
export const SECTIONS: ReadonlySet<string> = new Set([
  ...SETTINGS.flatMap(({ key }) => {
    const names = key.split('.').slice(0, -1)
    return names.map((_, depth) => names.slice(0, depth + 1).join('.'))
  }),
  PROPERTIES_SECTION,
])

/** The keys of text: the file may give them a number, `true` or `false` without quotes. */
export const TEXT_KEYS: ReadonlySet<string> = new Set([
  ...SETTINGS.filter(({ kind }) => isTextual(kind)).map(({ key }) => key),
  ...PROPERTY_NAMES.filter(isTextProperty).map((name) => `${PROPERTIES_SECTION}.${name}`),
  'ratelimit.rules.topic_name',
])

/**
 * Spellings that users may write for a key, each with the key: the key itself, its last word, and its librdkafka
 * names.
 */
export const KEY_SPELLINGS: readonly (readonly [spelling: string, key: string])[] = [
  ...ALL.map(({ key }) => [key, key] as const),
  ...[...SECTIONS].map((section) => [section, section] as const),
  ...SETTINGS.map(({ key }) => [key.slice(key.lastIndexOf('.') + 1), key] as const),
  ...SETTINGS.flatMap(({ key, property }) =>
    (property?.names ?? []).flatMap((name) => [
      [name, key] as const,
      [`kafka.${name}`, key] as const,
    ]),
  ),
]

function isTextProperty(name: string): boolean {
  const kind = findProperty(name)?.property.kind
  return kind !== undefined && isTextual(kind)
}

function nameOfProperty(name: string): Name {
  const key = `${PROPERTIES_SECTION}.${name}`
  const isSecret = findProperty(name)?.property.sensitive === true
  return {
    ...{ key, variable: variableOf(key), allowed: 'a value of this property' },
    ...(isSecret && { hasFileVariable: true }),
  }
}
