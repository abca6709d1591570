/** The list `ratelimit.rules`. */
import { listErrorMessage, type ListField } from './lists.ts'
import { isTopicName } from './topic-name.ts'

/** One rule, as the file has it. */
export interface RuleInFile {
  readonly topic_name: string
  readonly max_requests_per_minute: number
}

/** The allowed values, in words that follow "must be". */
export const RULES_ALLOWED = 'a list of {topic_name, max_requests_per_minute}'

/** The Rust kprf keeps the limit in 32 bits; no topic accepts more records per minute. */
const MAX_REQUESTS_PER_MINUTE = 2 ** 31 - 1

const FIELDS: ReadonlyMap<string, ListField> = new Map([
  [
    'topic_name',
    {
      allowed: 'the name of a topic',
      accepts: isTopicName,
      isUnique: true,
    },
  ],
  [
    'max_requests_per_minute',
    {
      allowed: `a whole number from 0 to ${MAX_REQUESTS_PER_MINUTE}`,
      accepts: (value: unknown) =>
        Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_REQUESTS_PER_MINUTE,
    },
  ],
])

/** The error message for a list of rules, or undefined if it is right. */
export function rulesErrorMessage(value: unknown): string | undefined {
  return listErrorMessage(value, 'rules', FIELDS)
}
