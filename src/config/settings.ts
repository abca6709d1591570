/**
 * The schema and librdkafka's properties as lists: each key with its dotted name, environment variable and flag.
 */
import type { Setting } from './formats.ts'
import { PROPERTIES_SECTION } from './properties/assign.ts'
import { findProperty, PROPERTY_NAMES } from './properties/catalog.ts'
import { SCHEMA } from './schema.ts'

/** A setting with the names by which users set it. */
export interface NamedSetting extends Setting {
  /** Dotted, as in `kafka.brokers`; `--` before it makes the flag. */
  readonly key: string
  /** The environment variable. */
  readonly variable: string
}

/** Every setting, in the order of the schema. */
export const SETTINGS: readonly NamedSetting[] = flatten(SCHEMA)

/** Every property of librdkafka under each of its names, those that are refused too, and all of them in one text. */
export const PROPERTY_SETTINGS: readonly NamedSetting[] = [
  named(PROPERTIES_SECTION, {
    doc: 'Several properties of librdkafka at once, in the text of a properties file.',
    format: 'property',
    default: '',
    allowed: 'a mapping of properties, or lines of name=value',
  }),
  ...PROPERTY_NAMES.map(propertySetting),
]

const ALL = [...SETTINGS, ...PROPERTY_SETTINGS]

/** Every setting by its key. */
export const SETTINGS_BY_KEY: ReadonlyMap<string, NamedSetting> = new Map(
  ALL.map((setting) => [setting.key, setting]),
)

/** Every setting by its environment variable. */
export const SETTINGS_BY_VARIABLE: ReadonlyMap<string, NamedSetting> = new Map(
  ALL.map((setting) => [setting.variable, setting]),
)

/** The keys that only hold other keys. */
export const SECTIONS: ReadonlySet<string> = new Set([
  ...SETTINGS.flatMap(({ key }) => {
    const names = key.split('.').slice(0, -1)
    return names.map((_, depth) => names.slice(0, depth + 1).join('.'))
  }),
  PROPERTIES_SECTION,
])

/**
 * What users may write when they mean a key, each with the key: the key itself, its last word, and
 * its librdkafka names.
 */
export const KEY_SPELLINGS: readonly (readonly [spelling: string, key: string])[] = [
  ...SETTINGS.map(({ key }) => [key, key] as const),
  ...PROPERTY_SETTINGS.map(({ key }) => [key, key] as const),
  ...[...SECTIONS].map((section) => [section, section] as const),
  ...SETTINGS.map(({ key }) => [key.slice(key.lastIndexOf('.') + 1), key] as const),
  ...SETTINGS.flatMap(({ key, librdkafka = [] }) =>
    librdkafka.flatMap((name) => [[name, key] as const, [`kafka.${name}`, key] as const]),
  ),
]

function flatten(sections: object, prefix = ''): NamedSetting[] {
  return Object.entries(sections).flatMap(([name, node]: [string, Setting | object]) => {
    const key = `${prefix}${name}`
    return isSetting(node) ? [named(key, node)] : flatten(node, `${key}.`)
  })
}

function isSetting(node: Setting | object): node is Setting {
  return 'format' in node
}

function named(key: string, setting: Setting): NamedSetting {
  const variable = `KPRF_${key.toUpperCase().replaceAll('.', '_')}`
  return { ...setting, key, variable }
}

function propertySetting(name: string): NamedSetting {
  const { note = '', sensitive } = findProperty(name)?.property ?? {}
  const isSecret = sensitive === true
  return named(`${PROPERTIES_SECTION}.${name}`, {
    ...{ doc: note, format: 'property', default: undefined, allowed: 'a value of this property' },
    ...(isSecret && { sensitive, hasFileVariable: true }),
  })
}
