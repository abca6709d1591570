/**
 * The kinds of value a setting can have, as convict formats: how each is read from text (an
 * environment variable, a flag, a quoted scalar of the file) and what it must be. The builders make
 * the entries of the schema.
 */
import convict from 'convict'
import { parseBroker, splitBrokers } from './brokers.ts'
import { parseRules, RULES_ALLOWED, ruleComplaint } from './ratelimit-rules.ts'
import type { RuleInFile } from './ratelimit-rules.ts'
import { findProperty } from './properties/catalog.ts'
import { outsideRange } from './properties/parse-value.ts'

/** One key of the configuration, as the schema declares it. */
export interface Setting<T = unknown> {
  /** What it means, in full sentences; the first one stands alone in `kprf --help`. */
  readonly doc: string
  readonly format: string
  readonly default: T
  /** What is allowed, as it follows "must be". */
  readonly allowed: string
  /** Smallest and largest number, or the words to choose from. */
  readonly min?: number
  readonly max?: number
  readonly choices?: readonly string[]
  /** What a number counts. */
  readonly unit?: string
  /** The librdkafka properties that mean the same, the usual name first. */
  readonly librdkafka?: readonly string[]
  /** Never printed. */
  readonly sensitive?: boolean
  /** Can be read from a file that the variable with `_FILE` appended names. */
  readonly hasFileVariable?: boolean
}

/** What a builder leaves to its caller. */
interface Description {
  readonly doc: string
  readonly unit?: string
  readonly librdkafka?: readonly string[]
  readonly sensitive?: boolean
  readonly hasFileVariable?: boolean
}

interface NumberDescription extends Description {
  readonly default: number
  readonly min: number
  readonly max: number
}

/** A setting that is a number without fraction, from `min` to `max`. */
export function wholeNumber(description: NumberDescription): Setting<number> {
  const { min, max } = description
  return {
    ...description,
    format: 'whole_number',
    allowed: `a whole number from ${min} to ${max}`,
  }
}

/** A setting that is a number, from `min` to `max`. */
export function number(description: NumberDescription): Setting<number> {
  const { min, max } = description
  return { ...description, format: 'number', allowed: `a number from ${min} to ${max}` }
}

/** A setting that is a number of processes, or `auto`. */
export function workerCount(description: NumberDescription): Setting<number | 'auto'> {
  const { min, max } = description
  return {
    ...description,
    format: 'worker_count',
    allowed: `a whole number from ${min} to ${max}, or auto`,
  }
}

/** A setting that is any text. */
export function text(description: Description & { readonly default: string }): Setting<string> {
  return { ...description, format: 'text', allowed: 'text' }
}

/** A setting that is any text but the empty one. */
export function nonEmptyText(
  description: Description & { readonly default: string },
): Setting<string> {
  return { ...description, format: 'non_empty_text', allowed: 'text, not empty' }
}

/** A setting that is on or off. */
export function trueOrFalse(
  description: Description & { readonly default: boolean },
): Setting<boolean> {
  return { ...description, format: 'true_or_false', allowed: 'true or false' }
}

/** A setting that is one of a few words, upper or lower case alike. */
export function choice<const Word extends string>(
  description: Description & { readonly default: NoInfer<Word>; readonly choices: readonly Word[] },
): Setting<Word> {
  const words = description.choices.filter((word) => word !== '')
  return { ...description, format: 'choice', allowed: `one of ${words.join(', ')}` }
}

/** The setting that lists Kafka's addresses. */
export function brokerList(description: Description): Setting<readonly string[]> {
  return {
    ...description,
    format: 'brokers',
    default: [],
    allowed: 'a list of host or host:port, IPv6 hosts in brackets',
  }
}

/** The setting that lists the limits of topics. */
export function rateLimitRules(description: Description): Setting<readonly RuleInFile[]> {
  return { ...description, format: 'ratelimit_rules', default: [], allowed: RULES_ALLOWED }
}

/** What ends each complaint: behind it convict writes the value, which is cut off. */
export const COMPLAINT_END = '\u0000'

/** Throws what is wrong with a value, which is not repeated: it may be a secret in the wrong place. */
function refuse(setting: Setting, detail = ''): never {
  throw complaint(`must be ${setting.allowed}${detail}`)
}

function complaint(words: string): Error {
  return new Error(`${words}${COMPLAINT_END}`)
}

function checkText(value: unknown, setting: Setting): void {
  if (typeof value === 'string') return
  const isPlain = typeof value === 'number' || typeof value === 'boolean'
  refuse(setting, isPlain ? '; put it in quotes' : '')
}

function checkBrokers(value: unknown, setting: Setting): void {
  if (!Array.isArray(value)) return refuse(setting)
  const items: readonly unknown[] = value
  const texts = items.filter((item) => typeof item === 'string')
  if (texts.length < items.length) return refuse(setting)
  const wrong = splitBrokers(texts).findIndex((address) => parseBroker(address) === undefined)
  if (wrong !== -1) refuse(setting, `; address ${wrong + 1} is none`)
}

const TRUTH: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])

const readNumber = (value: string): unknown =>
  /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value

const readWholeNumber = (value: string): unknown => (/^-?\d+$/.test(value) ? Number(value) : value)

function checkWholeNumber(value: unknown, setting: Setting): void {
  if (typeof value !== 'number' || !Number.isInteger(value)) return refuse(setting)
  checkRange(value, setting)
}

function checkRange(value: number, setting: Setting): void {
  const { min = -Infinity, max = Infinity, librdkafka = [] } = setting
  if (value >= min && value <= max) return
  const property = findProperty(librdkafka[0] ?? '')
  if (property) throw complaint(outsideRange(property.usualName, value, min, max))
  refuse(setting, `, not ${value}`)
}

/** No `coerce` here throws: what cannot be read is left as it is, for `validate` to refuse. */
convict.addFormats({
  text: { validate: checkText },
  non_empty_text: {
    validate(value: unknown, setting: Setting) {
      checkText(value, setting)
      if (value === '') refuse(setting)
    },
  },
  whole_number: { coerce: readWholeNumber, validate: checkWholeNumber },
  number: {
    coerce: readNumber,
    validate(value: unknown, setting: Setting) {
      if (typeof value !== 'number' || Number.isNaN(value)) return refuse(setting)
      checkRange(value, setting)
    },
  },
  worker_count: {
    coerce: readWholeNumber,
    validate(value: unknown, setting: Setting) {
      if (value !== 'auto') checkWholeNumber(value, setting)
    },
  },
  true_or_false: {
    coerce: (value: string) => TRUTH.get(value.toLowerCase()) ?? value,
    validate(value: unknown, setting: Setting) {
      if (typeof value !== 'boolean') refuse(setting)
    },
  },
  choice: {
    coerce: (value: string) => value.toLowerCase(),
    validate(value: unknown, setting: Setting) {
      if (setting.choices?.some((word) => word === value) !== true) refuse(setting)
    },
  },
  brokers: {
    coerce: (value: string) => splitBrokers([value]),
    validate: checkBrokers,
  },
  ratelimit_rules: {
    coerce: parseRules,
    validate(value: unknown, setting: Setting) {
      const detail = ruleComplaint(value)
      if (detail !== undefined) refuse(setting, `; ${detail}`)
    },
  },
})
