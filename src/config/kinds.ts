/**
 * The kinds of values of settings, for keys of the file and properties of librdkafka: how text is parsed (a
 * variable, a flag, a quoted scalar of the file), which values are allowed, and the error messages.
 */
import { isIP } from 'node:net'
import { parseBroker, splitBrokers } from './brokers.ts'
import { parseJson } from './lists/lists.ts'

/** One kind of value. */
export interface Kind<Value = unknown> {
  readonly type: KindType
  /** The allowed values, in words that follow "must be". */
  readonly allowed: string
  /** Whether a value, parsed if it was text, is of this kind. */
  readonly accepts: (value: unknown) => value is Value
  /** Help for a wrong value, appended to `allowed`. It does not repeat the value, which may be a secret. */
  readonly hint?: (value: unknown) => string
  /** Smallest and largest number. */
  readonly min?: number
  readonly max?: number
  /** The words to choose from; the empty word means that none is chosen. */
  readonly choices?: readonly string[]
  /** Whether a list of texts is joined with commas. */
  readonly isList?: boolean
}

const TRUTH: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])

function asItIs(text: string): unknown {
  return text
}

function splitTexts(text: string): unknown {
  return text.split(',').map((part) => part.trim())
}

/**
 * Parsers of text, by type. Text that is not of the type is returned unchanged, and the kind refuses it. The names
 * of the types are those of librdkafka's CONFIGURATION.md; those after `API` are kprf's.
 */
export const READERS = {
  integer: (text: string): unknown => (/^-?\d+$/.test(text) ? Number(text) : text),
  float: (text: string): unknown => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text),
  boolean: (text: string): unknown => TRUTH.get(text.toLowerCase()) ?? text,
  'enum value': (text: string): unknown => text.toLowerCase(),
  string: asItIs,
  'CSV flags': asItIs,
  'pattern list': asItIs,
  API: asItIs,
  'broker list': (text: string): unknown => splitBrokers([text]),
  'rate limit rules': parseJson,
  tokens: parseJson,
  'access rules': parseJson,
  quotas: parseJson,
  webhooks: parseJson,
  'topic patterns': splitTexts,
  'text list': splitTexts,
  words: splitTexts,
  acknowledgements: (text: string): unknown =>
    text.toLowerCase() === 'all' ? -1 : READERS.integer(text),
} as const

/** See {@link READERS}. */
export type KindType = keyof typeof READERS

const TEXT_TYPES: ReadonlySet<KindType> = new Set(['string', 'CSV flags', 'pattern list'])

/** Whether any text is a value. It is not for addresses: `brokers: 9092` lacks the host. */
export function isTextual({ type, isList }: Kind): boolean {
  return TEXT_TYPES.has(type) && isList !== true
}

/** The largest C `int`. */
export const INT_MAX = 2 ** 31 - 1

/** An integer from `min` to `max`. */
export function integer(min: number, max: number): Kind<number> {
  return {
    ...{ type: 'integer', min, max, allowed: `a whole number from ${min} to ${max}` },
    accepts: (value): value is number =>
      typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max,
  }
}

/** A number from `min` to `max`. */
export function float(min: number, max: number): Kind<number> {
  return {
    ...{ type: 'float', min, max, allowed: `a number from ${min} to ${max}` },
    accepts: (value): value is number => typeof value === 'number' && value >= min && value <= max,
  }
}

/** How many replicas acknowledge. The protocol of Kafka once had more, which no broker takes any more. */
export function acknowledgements(): Kind<number> {
  return {
    ...{ type: 'acknowledgements', allowed: 'all (or -1), 1 or 0' },
    accepts: (value): value is number => value === -1 || value === 0 || value === 1,
  }
}

/** A number of processes, or `auto`. */
export function workerCount(min: number, max: number): Kind<number | 'auto'> {
  const number = integer(min, max)
  return {
    ...{ ...number, allowed: `${number.allowed}, or auto` },
    accepts: (value): value is number | 'auto' => value === 'auto' || number.accepts(value),
  }
}

export function boolean(): Kind<boolean> {
  return {
    ...{ type: 'boolean', allowed: 'true or false' },
    accepts: (value): value is boolean => typeof value === 'boolean',
  }
}

/** One of several words. Users may write them in upper case; keys have them in lower case. */
export function oneOf<const Word extends string>(choices: readonly Word[]): Kind<Word> {
  const words = choices.filter((word) => word !== '')
  return {
    ...{ type: 'enum value', choices, allowed: `one of ${words.join(', ')}` },
    accepts: (value): value is Word => choices.some((word) => word === value),
  }
}

/** At least one of several words, whose letters must be in the right case. */
export function someOf<const Word extends string>(choices: readonly Word[]): Kind<readonly Word[]> {
  return {
    ...{ type: 'words', allowed: `a list of ${choices.join(', ')}` },
    accepts: (value): value is readonly Word[] =>
      isTexts(value) &&
      value.length > 0 &&
      value.every((item) => choices.some((word) => word === item)),
  }
}

/** An address that is got over HTTPS, or from the same machine; empty if there is none. */
export function secureUrl(): Kind<string> {
  return {
    ...{
      ...text(),
      allowed: 'a URL that begins with https:// and has no user or password, or empty',
    },
    accepts: (value): value is string =>
      typeof value === 'string' && (value === '' || isSecureUrl(value)),
    hint: (value) =>
      typeof value === 'string' && value.startsWith('http:')
        ? '; http:// is for the addresses of this machine only (localhost, 127.0.0.1, [::1])'
        : '',
  }
}

/** An address over HTTP or HTTPS; empty if there is none. */
export function webUrl(): Kind<string> {
  return {
    ...{
      ...text(),
      allowed: 'a URL that begins with http:// or https:// and has no user or password, or empty',
    },
    accepts: (value): value is string =>
      typeof value === 'string' && (value === '' || isWebUrl(value)),
  }
}

function isWebUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, username, password } = new URL(value)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === ''
}

function isSecureUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, hostname, username, password } = new URL(value)
  if (username !== '' || password !== '') return false
  return (
    protocol === 'https:' ||
    (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname))
  )
}

/** Any text. */
export function text(type: 'string' | 'CSV flags' | 'pattern list' = 'string'): Kind<string> {
  return {
    ...{ type, allowed: 'text' },
    accepts: (value): value is string => typeof value === 'string',
    hint: (value) =>
      typeof value === 'number' || typeof value === 'boolean' ? '; put it in quotes' : '',
  }
}

/** Non-empty text. */
export function nonEmptyText(): Kind<string> {
  return {
    ...{ ...text(), allowed: 'non-empty text' },
    accepts: (value): value is string => typeof value === 'string' && value !== '',
  }
}

/** A host name of the syntax of DNS, which no port or scheme has. */
const HOST_NAME = /^\w[\w.-]{0,252}$/

/** A host to listen on. */
export function host(): Kind<string> {
  return {
    ...{ ...text(), allowed: 'a host name or an IP address' },
    accepts: (value): value is string =>
      typeof value === 'string' && (isIP(value) !== 0 || HOST_NAME.test(value)),
    hint: (value) => {
      if (typeof value !== 'string' || value === '') return ''
      return '; it has no port, which is a key of its own, no scheme, and no brackets'
    },
  }
}

/** Texts separated by commas. */
export function list(): Kind<string> {
  return { ...text(), isList: true }
}

/** Words separated by commas. */
export function flags(): Kind<string> {
  return text('CSV flags')
}

/** Regular expressions separated by commas. */
export function patterns(): Kind<string> {
  return text('pattern list')
}

/** A property that only a program linked with librdkafka can set. */
export const API: Kind = {
  type: 'API',
  allowed: 'set by a program',
  accepts: (value): value is unknown => value !== undefined,
}

/** Addresses of Kafka's brokers. */
export function brokerList(): Kind<readonly string[]> {
  return {
    ...{ type: 'broker list', allowed: 'a list of host or host:port, IPv6 hosts in brackets' },
    accepts: (value): value is readonly string[] => isTexts(value) && wrongAddress(value) === -1,
    hint: (value) => (isTexts(value) ? `; address ${wrongAddress(value) + 1} is not valid` : ''),
  }
}

/** Whether a value is a list of texts. */
export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function wrongAddress(texts: readonly string[]): number {
  return splitBrokers(texts).findIndex((address) => parseBroker(address) === undefined)
}

/**
 * The error message for the value of a key; undefined if the value is right.
 *
 * @param property - the librdkafka property that the key is another name of.
 */
export function keyErrorMessage(
  kind: Kind,
  value: unknown,
  property: string | undefined,
): string | undefined {
  const { allowed, hint } = kind
  if (isOutside(kind, value)) {
    return property === undefined
      ? `must be ${allowed}, not ${value}`
      : outsideRange(kind, value, property)
  }
  return kind.accepts(value) ? undefined : `must be ${allowed}${hint?.(value) ?? ''}`
}

/** The error message for the value of a property, in librdkafka's words; undefined if the value is right. */
export function propertyErrorMessage(
  kind: Kind,
  value: unknown,
  property: string,
): string | undefined {
  const { type, min, max, allowed, hint } = kind
  if (isOutside(kind, value)) return outsideRange(kind, value, property)
  if (kind.accepts(value)) return undefined
  if (type === 'boolean') return `Expected bool value for "${property}": ${allowed}`
  const words =
    min === undefined ? `${allowed}${hint?.(value) ?? ''}` : `a number from ${min} to ${max}`
  // librdkafka repeats the value, which may be a secret in the wrong place.
  return `Invalid value for configuration property "${property}"; it must be ${words}`
}

/** What numbers count, by the unit of a key. */
const COUNTED: Readonly<Record<string, string>> = { ms: 'milliseconds' }

/** A number with a unit of time or of bytes, in lower case. */
const WITH_UNIT =
  /^\d+(\.\d+)?\s*([num]?s|sec\w*|milli\w*|min\w*|h|hours?|d|days?|[kmgt]i?b?|b|bytes?)$/

/** Help for a number that is followed by a unit, such as `5s`. */
export function unitHint(value: unknown, unit: string | undefined): string {
  const hasUnit = typeof value === 'string' && WITH_UNIT.test(value.trim().toLowerCase())
  if (!hasUnit || unit === undefined) return ''
  return `; it is a number of ${COUNTED[unit] ?? unit}, written without a unit`
}

function isOutside(
  { type, min = -Infinity, max = Infinity }: Kind,
  value: unknown,
): value is number {
  if (typeof value !== 'number' || (type === 'integer' && !Number.isInteger(value))) return false
  return value < min || value > max
}

function outsideRange({ min, max }: Kind, value: number, property: string): string {
  return `Configuration property "${property}" value ${value} is outside allowed range ${min}..${max}`
}
