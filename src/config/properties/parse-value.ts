/**
 * From what a user wrote to the value of a property: librdkafka's rules, and its words for what is wrong, which use
 * the property's usual name.
 */
import type { NamedProperty } from './catalog.ts'
import type { Kind } from './property.ts'

/** See the head of this file. */
export type ParsedValue =
  | { readonly status: 'right'; readonly value: unknown }
  | { readonly status: 'wrong'; readonly complaint: string }

const TRUTH: ReadonlyMap<string, boolean> = new Map([
  ...['true', 't', '1'].map((word) => [word, true] as const),
  ...['false', 'f', '0'].map((word) => [word, false] as const),
])

/**
 * Reads a value: text, or what YAML made of it.
 *
 * Unlike librdkafka, which stops reading a number at the first character that belongs to none, this takes
 * `5s` for a mistake.
 */
export function parseValue(named: NamedProperty, given: unknown): ParsedValue {
  const { usualName, property } = named
  const { kind } = property
  switch (kind.type) {
    case 'integer':
    case 'float':
      return parseNumber(named, given)
    case 'boolean': {
      const value = TRUTH.get(asText(given).trim().toLowerCase())
      return value === undefined
        ? wrong(`Expected bool value for "${usualName}": true or false`)
        : { status: 'right', value }
    }
    case 'enum value': {
      const word = asText(given).trim().toLowerCase()
      const value = kind.choices?.find((choice) => choice.toLowerCase() === word)
      return value === undefined
        ? invalid(named, `one of ${kind.choices?.join(', ') ?? ''}`)
        : { status: 'right', value }
    }
    case 'API':
      return { status: 'right', value: given }
    case 'string':
    case 'CSV flags':
    case 'pattern list':
      return parseText(named, given)
  }
}

function parseNumber(named: NamedProperty, given: unknown): ParsedValue {
  const { usualName, property } = named
  const { min = -Infinity, max = Infinity } = property.kind
  const value = numberOf(property.kind, given)
  if (value === undefined) return invalid(named, `a number from ${min} to ${max}`)
  return value < min || value > max
    ? wrong(outsideRange(usualName, value, min, max))
    : { status: 'right', value }
}

/** librdkafka's words for a number that is too small or too large. */
export function outsideRange(name: string, value: number, min: number, max: number): string {
  return `Configuration property "${name}" value ${value} is outside allowed range ${min}..${max}`
}

function numberOf({ type, words }: Kind, given: unknown): number | undefined {
  const written = asText(given).trim().toLowerCase()
  const meant = words?.[written]
  if (meant !== undefined) return meant
  const format = type === 'float' ? /^-?\d+(\.\d+)?$/ : /^(-?\d+|0x[\da-f]+)$/
  return format.test(written) ? Number(written) : undefined
}

function parseText(named: NamedProperty, given: unknown): ParsedValue {
  if (typeof given === 'string') return { status: 'right', value: given.trimStart() }
  const isTexts = Array.isArray(given) && given.every((item) => typeof item === 'string')
  if (isTexts && named.property.kind.isList === true)
    return { status: 'right', value: given.join(',') }
  const isPlain = typeof given === 'number' || typeof given === 'boolean'
  return invalid(named, isPlain ? 'text; put it in quotes' : 'text')
}

/** librdkafka repeats the value, which may be a secret in the wrong place. */
function invalid({ usualName }: NamedProperty, allowed: string): ParsedValue {
  return wrong(`Invalid value for configuration property "${usualName}"; it must be ${allowed}`)
}

function wrong(complaint: string): ParsedValue {
  return { status: 'wrong', complaint }
}

function asText(given: unknown): string {
  const isPlain =
    typeof given === 'string' || typeof given === 'number' || typeof given === 'boolean'
  return isPlain ? String(given) : ''
}
