/** The list `http.quotas`: how much each principal may send. */
import { isPrincipalPatterns, PRINCIPALS_ALLOWED } from './access-lists.ts'
import { listErrorMessage, type ListField } from './lists.ts'

/** One rule of `http.quotas`, as the file has it; it has at least one of the amounts. */
export interface QuotaInFile {
  readonly principals: readonly string[]
  readonly records_per_second?: number
  readonly bytes_per_second?: number
  readonly requests_in_flight?: number
}

/** The allowed values, in words that follow "must be". */
export const QUOTAS_ALLOWED =
  'a list of {principals, records_per_second, bytes_per_second, requests_in_flight}'

const MAX_AMOUNT = 1_000_000_000_000

const AMOUNT: ListField = {
  allowed: `a whole number from 1 to ${MAX_AMOUNT}`,
  accepts: (value: unknown) =>
    value === undefined ||
    (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_AMOUNT),
}

const AMOUNTS = ['records_per_second', 'bytes_per_second', 'requests_in_flight']

const FIELDS: ReadonlyMap<string, ListField> = new Map([
  ['principals', { allowed: PRINCIPALS_ALLOWED, accepts: isPrincipalPatterns }],
  ...AMOUNTS.map((name) => [name, AMOUNT] as const),
])

/** The error message for a list of quotas, or undefined if it is right. */
export function quotasErrorMessage(value: unknown): string | undefined {
  const message = listErrorMessage(value, 'quotas', FIELDS)
  if (message !== undefined || !Array.isArray(value)) return message
  const items: readonly unknown[] = value
  const empty = items.findIndex((item) => !hasAmount(item))
  return empty === -1 ? undefined : `quotas[${empty}] has none of ${AMOUNTS.join(', ')}`
}

function hasAmount(item: unknown): boolean {
  return typeof item === 'object' && item !== null && AMOUNTS.some((name) => name in item)
}
