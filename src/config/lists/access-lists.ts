/** The lists `http.auth.tokens` and `http.acl`: who may push, and to which topics. */
import { isPrincipalName } from '../../base/principal.ts'
import { listErrorMessage, type ListField } from './lists.ts'

/** One token, as the file has it. */
export interface TokenInFile {
  readonly principal: string
  readonly sha256: string
}

/** One rule of `http.acl`, as the file has it. */
export interface AclRuleInFile {
  readonly principals: readonly string[]
  readonly topics: readonly string[]
  readonly allow: readonly Right[]
}

/** What a rule can allow. */
export type Right = (typeof RIGHTS)[number]

const RIGHTS = ['produce', 'describe'] as const

/** The allowed values, in words that follow "must be". */
export const TOKENS_ALLOWED = 'a list of {principal, sha256}'
export const ACL_ALLOWED = 'a list of {principals, topics, allow}'

export const PRINCIPALS_ALLOWED = 'a list of names, in which * is any text'

/** A name that fits into a line of the log, in which `*` is any text. */
const PRINCIPAL_PATTERN = /^[^\p{C}\p{Z}][^\p{C}]{0,254}$/u
const TOPIC_PATTERN = /^[a-zA-Z0-9._*-]{1,249}$/
const SHA256 = /^[0-9a-f]{64}$/i

const TOKEN_FIELDS: ReadonlyMap<string, ListField> = new Map([
  [
    'principal',
    {
      allowed: 'a name of up to 255 characters without *',
      accepts: (value: unknown) => typeof value === 'string' && isPrincipalName(value),
    },
  ],
  [
    'sha256',
    {
      allowed: 'the SHA-256 of the token in 64 hexadecimal digits, as kprf token hash prints it',
      accepts: (value: unknown) => typeof value === 'string' && SHA256.test(value),
      isUnique: true,
    },
  ],
])

const ACL_FIELDS: ReadonlyMap<string, ListField> = new Map([
  ['principals', { allowed: PRINCIPALS_ALLOWED, accepts: isPrincipalPatterns }],
  [
    'topics',
    {
      allowed: 'a list of names of topics, in which * is any text',
      accepts: (value: unknown) => isListOf(value, isTopicPattern),
    },
  ],
  [
    'allow',
    {
      allowed: `a list of ${RIGHTS.join(' and ')}`,
      accepts: (value: unknown) =>
        isListOf(value, (word) => RIGHTS.some((right) => right === word)),
    },
  ],
])

/** Whether a value is a list of names of principals, in which `*` is any text. */
export function isPrincipalPatterns(value: unknown): boolean {
  return isListOf(value, (name) => PRINCIPAL_PATTERN.test(name))
}

/** Whether a text is the name of a topic, or stands for several with `*`. */
export function isTopicPattern(text: string): boolean {
  return TOPIC_PATTERN.test(text)
}

/** The error message for a list of tokens, or undefined if it is right. It repeats nothing of a token. */
export function tokensErrorMessage(value: unknown): string | undefined {
  return listErrorMessage(value, 'tokens', TOKEN_FIELDS)
}

/** The error message for a list of access rules, or undefined if it is right. */
export function aclErrorMessage(value: unknown): string | undefined {
  return listErrorMessage(value, 'acl', ACL_FIELDS)
}

function isListOf(value: unknown, accepts: (text: string) => boolean): boolean {
  if (!Array.isArray(value) || value.length === 0) return false
  const items: readonly unknown[] = value
  return items.every((item) => typeof item === 'string' && accepts(item))
}
