/** The list `ratelimit.rules`: parsing from JSON text, and validation. */
import { nearest } from './nearest.ts'

/** One rule, as the file has it. */
export interface RuleInFile {
  readonly topic_name: string
  readonly max_requests_per_minute: number
}

/** The allowed values, in words that follow "must be". */
export const RULES_ALLOWED = 'a list of {topic_name, max_requests_per_minute}'

/** The Rust kprf keeps the limit in 32 bits; no topic accepts more records per minute. */
const MAX_REQUESTS_PER_MINUTE = 2 ** 31 - 1

/** Kafka's own rule for the names of topics. */
const TOPIC_NAME = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/

const FIELDS = ['topic_name', 'max_requests_per_minute'] as const

/** Parses rules written as JSON; text that is not JSON is returned unchanged. */
export function parseRules(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The error message for a list of rules, or undefined if it is right. */
export function rulesErrorMessage(value: unknown): string | undefined {
  if (typeof value === 'string') return 'the text is not JSON'
  if (!Array.isArray(value)) return 'it is not a list'
  const rules: readonly unknown[] = value
  const topics = new Set<unknown>()
  for (const [index, rule] of rules.entries()) {
    const message = errorMessageOf(rule, topics)
    if (message !== undefined) return `rules[${index}]${message}`
  }
  return undefined
}

function errorMessageOf(rule: unknown, topics: Set<unknown>): string | undefined {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) return ' is not a mapping'
  const fields = new Map<string, unknown>(Object.entries(rule))
  const stranger = [...fields.keys()].find((field) => !FIELDS.some((known) => known === field))
  if (stranger !== undefined) return ` has an unknown field${guessAt(stranger)}`
  const topic = fields.get('topic_name')
  if (typeof topic !== 'string' || !TOPIC_NAME.test(topic)) {
    return '.topic_name must be the name of a topic'
  }
  if (topics.has(topic)) return '.topic_name repeats that of an earlier rule'
  topics.add(topic)
  return isLimit(fields.get('max_requests_per_minute'))
    ? undefined
    : `.max_requests_per_minute must be a whole number from 0 to ${MAX_REQUESTS_PER_MINUTE}`
}

function isLimit(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_REQUESTS_PER_MINUTE
}

function guessAt(field: string): string {
  const known = nearest(field, new Map(FIELDS.map((name) => [name, name])))
  return known === undefined ? '' : `, did you mean ${known}?`
}
