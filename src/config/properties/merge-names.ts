import type { Found, ConfigError } from '../source.ts'
import { findProperty, propertyValues, type NamedProperty } from './catalog.ts'
import type { PropertyValues } from './catalog.ts'
import { judge, wordsOf } from './judge.ts'
import { parseValue } from './parse-value.ts'

/** The section of all properties. */
export const PROPERTIES_SECTION = 'kafka.properties'

/**
 * The value of each setting, merged from all its names: a property may be another name of a key, and has aliases.
 * Two names of one setting with different values are an error, wherever they were found, because it is unclear
 * which counts.
 */
export interface MergedSettings {
  /** By key of the schema. Values written under the key itself are not checked yet. */
  readonly keys: ReadonlyMap<string, Found>
  readonly properties: PropertyValues
  /** The properties among them that are set, by their usual names. */
  readonly setProperties: ReadonlyMap<string, Found>
  readonly errors: readonly ConfigError[]
  /** Values that are accepted but may surprise the user, one line each. */
  readonly warnings: readonly string[]
}

/** A value, and the name under which it was found. */
interface Candidate extends Found {
  readonly name: string
  readonly named: NamedProperty
}

/** Merges the values of all sources, of which each name has at most one. */
export function mergeNames(found: ReadonlyMap<string, Found>): MergedSettings {
  const keys = new Map<string, Found>()
  const errors: ConfigError[] = []
  const warnings: string[] = []
  const candidates: Candidate[] = []
  for (const [key, at] of found) {
    const named = propertyOfKey(key)
    if (!named) {
      keys.set(key, at)
      continue
    }
    const judgement = judge(named, at.value)
    const words = wordsOf(judgement)
    const message = `${key}: ${words ?? ''} (${at.origin})`
    if (judgement.status === 'refused' || judgement.status === 'wrong') {
      errors.push({ key: targetOf(named), message })
    } else if (words !== undefined) warnings.push(message)
    if (judgement.status === 'taken') {
      candidates.push({ ...at, name: key, named, value: judgement.value })
    }
  }

  const setProperties = new Map<string, Found>()
  for (const [target, named] of Map.groupBy(candidates, (candidate) => targetOf(candidate.named))) {
    const [first] = named
    if (!first) continue
    const short = shortCandidate(keys, first)
    const all = short ? [short, ...named] : named
    const other = all.find((candidate) => !isSame(candidate, all[0] ?? candidate))
    if (other && all[0]) errors.push(conflict(target, all[0], other))
    if (first.named.property.verdict === 'key') {
      if (!short) keys.set(target, first)
    } else setProperties.set(first.named.usualName, first)
  }
  const properties = propertyValues(setProperties)
  return { keys, properties, setProperties, errors, warnings }
}

function propertyOfKey(key: string): NamedProperty | undefined {
  const prefix = `${PROPERTIES_SECTION}.`
  return key.startsWith(prefix) ? findProperty(key.slice(prefix.length)) : undefined
}

/** The key that a property sets. */
function targetOf({ usualName, property }: NamedProperty): string {
  return property.verdict === 'key' ? property.key : `${PROPERTIES_SECTION}.${usualName}`
}

/** The value found under the key that a property is another name of. */
function shortCandidate(
  keys: ReadonlyMap<string, Found>,
  { named }: Candidate,
): Candidate | undefined {
  if (named.property.verdict !== 'key') return undefined
  const { key } = named.property
  const at = keys.get(key)
  if (!at) return undefined
  const parsed = parseValue(named, at.value)
  return {
    name: key,
    named,
    origin: at.origin,
    value: parsed.status === 'right' ? parsed.value : at.value,
  }
}

function isSame(one: Candidate, other: Candidate): boolean {
  return String(one.value).toLowerCase() === String(other.value).toLowerCase()
}

function conflict(target: string, one: Candidate, other: Candidate): ConfigError {
  const shown = ({ name, value, origin, named }: Candidate): string => {
    const isText = named.property.kind.type === 'string' || typeof value === 'string'
    const isChoice = named.property.kind.choices?.some((choice) => choice === value) === true
    return `${name} is ${isText && !isChoice ? 'set' : String(value)} (${origin})`
  }
  const message = `${shown(one)} and ${shown(other)}, but both name the same setting; keep one of them`
  return { key: target, message }
}
