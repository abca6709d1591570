/** `verify` of the webhooks in `http.webhooks`: how their signatures are verified. */
import { headerProblem } from './origin-lists.ts'
import { type ListField, mappingErrorMessage } from './lists.ts'

/** How webhooks are signed. docs/HTTP-API.md says what each means. */
export const WEBHOOK_SCHEMES = [
  'hmac_sha256',
  'hmac_sha1',
  'standard_webhooks',
  'stripe',
  'github',
  'slack',
] as const

/** See {@link WEBHOOK_SCHEMES}. */
export type WebhookScheme = (typeof WEBHOOK_SCHEMES)[number]

/** `verify` of a webhook, as the file has it. */
export interface VerifyInFile {
  readonly scheme: WebhookScheme
  /** Exactly one of the three is given. */
  readonly secret?: string
  readonly secrets?: readonly string[]
  readonly secret_file?: string
  /** The header with the signature; only with `hmac_sha256` and `hmac_sha1`, which need it. */
  readonly header?: string
  /** Seconds; only with schemes that sign the time. */
  readonly tolerance_s?: number
}

/** Secrets of one webhook. Each is tried with each request. */
const MAX_SECRETS = 10
const MAX_SECRET_CHARACTERS = 1000
/** A week. */
const MAX_TOLERANCE_S = 604_800

const HMAC_SCHEMES: readonly WebhookScheme[] = ['hmac_sha256', 'hmac_sha1']
const TIMED_SCHEMES: readonly WebhookScheme[] = ['standard_webhooks', 'stripe', 'slack']
const SECRET_FIELDS = ['secret', 'secrets', 'secret_file'] as const
/** Standard Webhooks: base64, with or without a prefix. */
const STANDARD_SECRET =
  /^(?:whsec_)?(?=.)(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/
const SECRETS_ALLOWED = `1 to ${MAX_SECRETS} texts of up to ${MAX_SECRET_CHARACTERS} characters without white space around them`

const FIELDS: ReadonlyMap<string, ListField> = new Map([
  [
    'scheme',
    {
      allowed: `one of ${WEBHOOK_SCHEMES.join(', ')}`,
      accepts: (value: unknown) => schemeOf(value) !== undefined,
    },
  ],
  [
    'secret',
    optional(
      `text of 1 to ${MAX_SECRET_CHARACTERS} characters without white space around it; one that looks like a number needs quotes`,
      isSecret,
    ),
  ],
  ['secrets', optional(`a list of ${SECRETS_ALLOWED}`, areSecrets)],
  [
    'secret_file',
    optional('the name of a file', (value) => typeof value === 'string' && value !== ''),
  ],
  ['header', optional('the name of a header', isHeaderName)],
  [
    'tolerance_s',
    optional(
      `a whole number of seconds from 1 to ${MAX_TOLERANCE_S}`,
      (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_TOLERANCE_S,
    ),
  ],
])

/** The field of a mapping that may be missing. */
export function optional(allowed: string, accepts: ListField['accepts']): ListField {
  return { allowed, accepts: (value) => value === undefined || accepts(value) }
}

/** What is wrong with `verify` of a webhook, in words that follow its name; undefined if it is right. */
export function verifyProblem(verify: unknown): string | undefined {
  const message = mappingErrorMessage(verify, FIELDS)
  if (message !== undefined) return message
  const parts = fieldsOf(verify)
  const scheme = schemeOf(parts.get('scheme'))
  if (scheme === undefined) return undefined
  const [field, ...others] = SECRET_FIELDS.filter((name) => parts.has(name))
  if (field === undefined || others.length > 0) {
    return ` must have exactly one of ${SECRET_FIELDS.join(', ')}`
  }
  const secrets = [parts.get(field)].flat()
  const wrong = field === 'secret_file' ? undefined : secretsProblem(scheme, secrets)
  if (wrong !== undefined) return `.${field} must be ${wrong}`
  return headerRule(scheme, parts.has('header')) ?? toleranceRule(scheme, parts.has('tolerance_s'))
}

/** What the secrets of a webhook must be, in words that follow "must be"; undefined if they are right. */
export function secretsProblem(
  scheme: WebhookScheme,
  secrets: readonly unknown[],
): string | undefined {
  if (!areSecrets(secrets)) return SECRETS_ALLOWED
  const isWrong = (secret: string): boolean => !STANDARD_SECRET.test(secret)
  return scheme === 'standard_webhooks' && secrets.some(isWrong)
    ? 'base64, with or without whsec_ before it'
    : undefined
}

/** The schemes that give each delivery an id, which stays the same when it is repeated. */
export const SCHEMES_WITH_IDS = WEBHOOK_SCHEMES.filter((scheme) => !HMAC_SCHEMES.includes(scheme))

/** The scheme of a mapping `verify`; undefined if it has none. */
export function schemeIn(verify: unknown): WebhookScheme | undefined {
  return schemeOf(fieldsOf(verify).get('scheme'))
}

/** Whether a value is the name of a header. */
export function isHeaderName(value: unknown): boolean {
  return typeof value === 'string' && headerProblem(value) === undefined
}

/** The fields of a mapping that have values. */
export function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>(
    Object.entries(value ?? {}).filter(([, field]) => field !== undefined),
  )
}

function headerRule(scheme: WebhookScheme, hasHeader: boolean): string | undefined {
  const needsHeader = HMAC_SCHEMES.includes(scheme)
  if (needsHeader === hasHeader) return undefined
  return needsHeader
    ? `.header is missing: with ${scheme}, it names the header that has the signature`
    : `.header is only for ${HMAC_SCHEMES.join(' and ')}: ${scheme} has headers of its own`
}

function toleranceRule(scheme: WebhookScheme, hasTolerance: boolean): string | undefined {
  if (!hasTolerance || TIMED_SCHEMES.includes(scheme)) return undefined
  return `.tolerance_s is only for ${TIMED_SCHEMES.join(', ')}: ${scheme} does not sign the time`
}

function schemeOf(value: unknown): WebhookScheme | undefined {
  return WEBHOOK_SCHEMES.find((scheme) => scheme === value)
}

function isSecret(value: unknown): value is string {
  if (typeof value !== 'string' || value.trim() !== value) return false
  return value !== '' && value.length <= MAX_SECRET_CHARACTERS
}

function areSecrets(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_SECRETS) return false
  return value.every(isSecret)
}
