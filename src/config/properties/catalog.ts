/**
 * Every property of librdkafka 2.15 by its name. Parsing, checking, `kprf config explain` and the table in
 * docs/CONFIGURATION.md all follow from it.
 */
import { invariant } from '../../base/invariant.ts'
import { nearest } from '../nearest.ts'
import { CONNECTIONS } from './catalog/connections.ts'
import { CONSUMER } from './catalog/consumer.ts'
import { IGNORED } from './catalog/ignored.ts'
import { QUEUE } from './catalog/queue.ts'
import { REFUSED } from './catalog/refused.ts'
import { SECURITY } from './catalog/security.ts'
import { usualNameOf } from '../setting.ts'
import { canonical, javaSetting } from './java-client.ts'
import { SETTINGS, type NamedSetting } from '../settings.ts'
import { consumerOnly, type KeyProperty, type OwnProperty, type Property } from './property.ts'

const SUPPORTED = { ...QUEUE, ...CONNECTIONS, ...SECURITY }

type Supported = typeof SUPPORTED

/** The values of all properties that no other key sets. */
export type PropertyValues = {
  readonly [
    Name in keyof Supported as Supported[Name] extends OwnProperty ? Name : never
  ]: Supported[Name] extends OwnProperty<infer Value> ? Value : never
}

/** The rows of properties that are other names of keys, made from the rows of these keys. */
const KEY_PROPERTIES: ReadonlyMap<string, KeyProperty> = new Map(SETTINGS.flatMap(keyProperty))

function keyProperty(setting: NamedSetting): [usualName: string, KeyProperty][] {
  const { key, kind, default: byDefault, sensitive, property } = setting
  const usualName = usualNameOf(setting)
  if (!property || usualName === undefined) return []
  const aliases = property.names.filter((name) => name !== usualName)
  const row: KeyProperty = {
    ...{ kind, librdkafkaDefault: byDefault, ...property },
    ...{ verdict: 'key', key, default: byDefault },
    ...(aliases.length > 0 && { aliases }),
    ...(sensitive === true && { sensitive }),
  }
  return [[usualName, row]]
}

/**
 * The rows of properties with an effect, in the order of the documentation; keys without a place in it come last.
 */
function supported(): readonly (readonly [usualName: string, Property])[] {
  const placed = Object.entries(SUPPORTED).map(([name, own]): [string, Property] => {
    const row = own.verdict === 'own' ? own : KEY_PROPERTIES.get(name)
    invariant(row !== undefined, 'only properties of keys have a place without a row')
    return [name, row]
  })
  return [...placed, ...KEY_PROPERTIES]
}

/** Every row by the property's usual name. */
export const CATALOG: ReadonlyMap<string, Property> = new Map<string, Property>([
  ...supported(),
  ...Object.entries(IGNORED),
  ...Object.entries(REFUSED),
  ...CONSUMER.map((name) => [name, consumerOnly()] as const),
])

/** A property under one of its names. */
export interface NamedProperty {
  /** As the user wrote it. */
  readonly name: string
  /** The usual one. */
  readonly usualName: string
  readonly property: Property
}

const BY_NAME: ReadonlyMap<string, NamedProperty> = new Map(
  Array.from(CATALOG).flatMap(([usualName, property]) =>
    [usualName, ...(property.aliases ?? [])].map(
      (name) => [name, { name, usualName, property }] as const,
    ),
  ),
)

/** Every name that a property has. */
export const PROPERTY_NAMES: readonly string[] = [...BY_NAME.keys()]

/** Looks a property up by any of its names. */
export function findProperty(name: string): NamedProperty | undefined {
  return BY_NAME.get(name)
}

/**
 * The error message for an unknown property, in librdkafka's words, and the likely meaning. It does not repeat the
 * name, which may be part of a secret.
 */
export function noSuchProperty(name: string): {
  readonly message: string
  readonly meant: string | undefined
} {
  const java = javaSetting(name)
  if (java) return java
  const spelling = canonical(name)
  const meant = PROPERTY_NAMES.includes(spelling)
    ? spelling
    : nearest(
        name,
        PROPERTY_NAMES.map((known) => [known, known] as const),
      )
  const guess = meant === undefined ? '' : `; did you mean ${meant}?`
  return { message: `No such configuration property${guess}`, meant }
}

/** The values of all properties that no other key sets: as set, or the defaults. */
export function propertyValues(
  set: ReadonlyMap<string, { readonly value: unknown }>,
): PropertyValues {
  const values: Record<string, unknown> = {}
  for (const [name, property] of CATALOG) {
    if (property.verdict === 'own')
      values[name] = set.has(name) ? set.get(name)?.value : property.default
  }
  invariant(isComplete(values), 'the catalog gives every property a value')
  return values
}

/** Holds because each value was parsed by its own row of the catalog, which defines its type. */
function isComplete(values: Record<string, unknown>): values is PropertyValues {
  return Object.entries(SUPPORTED).every(
    ([name, { verdict }]) => verdict !== 'own' || name in values,
  )
}
