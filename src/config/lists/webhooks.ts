/** The list `http.webhooks`: paths for the webhooks of other services. */
import { listErrorMessage, type ListField } from './lists.ts'
import { isTopicName } from './topic-name.ts'
import {
  fieldsOf,
  isHeaderName,
  optional,
  schemeIn,
  SCHEMES_WITH_IDS,
  type VerifyInFile,
  verifyProblem,
} from './webhook-verify.ts'

/** One webhook, as the file has it. */
export interface WebhookInFile {
  readonly path: string
  readonly topic: string
  readonly key_from?: string
  readonly verify?: VerifyInFile
  readonly answer_challenge?: boolean
  readonly wait?: boolean
}

/** The allowed values, in words that follow "must be". */
export const WEBHOOKS_ALLOWED =
  'a list of {path, topic, key_from, verify, answer_challenge, wait}; verify is {scheme, secret, secrets, secret_file, header, tolerance_s}'

/** First parts of paths that are kprf's own, or may become so. */
export const RESERVED_PARTS: readonly string[] = [
  ...['push', 'topics', 'v3', 'brokers', 'openapi.json', 'docs'],
]

/** Short enough for the name of a principal, with `webhook:` before it. No part is `.` or `..`. */
const PATH = /^(?=.{2,200}$)(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/
/** `delivery_id`, the name of a header, or a JSON Pointer (RFC 6901) to a part of the body. */
const KEY_FROM = /^(?:delivery_id|header:.+|json:(?:\/(?:[^~/]|~[01])*)+)$/su
const MAX_KEY_FROM_CHARACTERS = 500
const HEADER_KEY = 'header:'
/** Kafka's own topics, and those of its tools. */
const INTERNAL_PREFIX = '__'

const SWITCH = optional('true or false', (value) => typeof value === 'boolean')

const FIELDS: ReadonlyMap<string, ListField> = new Map([
  [
    'path',
    {
      allowed: `a path such as /hooks/shop: up to 200 letters, digits and . _ ~ - / without a / at the end, and its first part none of ${RESERVED_PARTS.join(', ')}`,
      accepts: isWebhookPath,
      isUnique: true,
    },
  ],
  [
    'topic',
    {
      allowed: `the name of a topic that does not begin with ${INTERNAL_PREFIX}`,
      accepts: (value: unknown) => isTopicName(value) && !value.startsWith(INTERNAL_PREFIX),
    },
  ],
  ['key_from', optional('delivery_id, header:NAME or json:/POINTER (RFC 6901)', isKeyFrom)],
  ['verify', optional('a mapping', (value) => typeof value === 'object' && value !== null)],
  ['answer_challenge', SWITCH],
  ['wait', SWITCH],
])

/** The error message for a list of webhooks, or undefined if it is right. It repeats nothing of a secret. */
export function webhooksErrorMessage(value: unknown): string | undefined {
  const message = listErrorMessage(value, 'webhooks', FIELDS)
  if (message !== undefined || !Array.isArray(value)) return message
  const items: readonly unknown[] = value
  const problems = items.map(problemOf)
  const first = problems.findIndex((problem) => problem !== undefined)
  return first === -1 ? undefined : `webhooks[${first}]${problems[first] ?? ''}`
}

function problemOf(webhook: unknown): string | undefined {
  const fields = fieldsOf(webhook)
  const verify = fields.get('verify')
  const wrong = verify === undefined ? undefined : verifyProblem(verify)
  if (wrong !== undefined) return `.verify${wrong}`
  if (fields.get('key_from') !== 'delivery_id') return undefined
  const scheme = schemeIn(verify)
  return scheme !== undefined && SCHEMES_WITH_IDS.includes(scheme)
    ? undefined
    : `.key_from is delivery_id, which only the schemes ${SCHEMES_WITH_IDS.join(', ')} have`
}

function isWebhookPath(value: unknown): boolean {
  if (typeof value !== 'string' || !PATH.test(value)) return false
  const [, first = ''] = value.split('/', 2)
  return !RESERVED_PARTS.includes(first.toLowerCase())
}

function isKeyFrom(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > MAX_KEY_FROM_CHARACTERS) return false
  if (!KEY_FROM.test(value)) return false
  return !value.startsWith(HEADER_KEY) || isHeaderName(value.slice(HEADER_KEY.length))
}
