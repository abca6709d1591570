/**
 * How webhooks are signed: what the headers of a request claim, by scheme. Pure.
 *
 * - `github`: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
 * - `standard_webhooks`: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * - `stripe`: https://docs.stripe.com/webhooks/signature
 * - `slack`: https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { HttpConfig } from '../../config/types.ts'

/** `verify.scheme` of a webhook. */
export type SchemeName = NonNullable<HttpConfig['webhooks'][number]['verify']>['scheme']

/** What the headers of a request claim. */
export interface Claim {
  /** Of the HMAC. */
  readonly hash: 'sha256' | 'sha1'
  /** What is signed before the body. */
  readonly prefix: string
  /** One of them must be right. */
  readonly signatures: readonly Buffer[]
  /** When it was signed, by the sender's clock, seconds since 1970; `undefined` if the scheme does not say. */
  readonly signedAtS: number | undefined
}

/** Why the headers of a request claim nothing, for the sender. It repeats nothing of them. */
export interface Unsigned {
  readonly message: string
}

/** A scheme. */
export interface Scheme {
  /**
   * Reads the headers of a request.
   *
   * @param header - in which the signature is, in lower case; only the schemes `hmac_...` are told it.
   */
  readonly claimOf: (headers: IncomingHttpHeaders, header: string) => Claim | Unsigned
  /** The key of the HMAC. */
  readonly keyOf: (secret: string) => Buffer
}

const HEX = /^(?:[\da-f]{2})+$/i
/** Base64 or base64url (RFC 4648, sections 4 and 5), with padding or without. */
const BASE64 = /^[\w+/-]+={0,2}$/
/** Seconds since 1970, up to the year 33658. */
const SECONDS = /^\d{1,12}$/

const HASH_BYTES = { sha256: 32, sha1: 20 } as const

/** Every scheme of `verify.scheme`. */
export const SCHEMES: Readonly<Record<SchemeName, Scheme>> = {
  hmac_sha256: { claimOf: plainHmac('sha256'), keyOf: asText },
  hmac_sha1: { claimOf: plainHmac('sha1'), keyOf: asText },
  github: {
    claimOf: (headers) => plainHmac('sha256')(headers, 'x-hub-signature-256'),
    keyOf: asText,
  },
  standard_webhooks: { claimOf: standardWebhooks, keyOf: standardKey },
  stripe: { claimOf: stripe, keyOf: asText },
  slack: { claimOf: slack, keyOf: asText },
}

/** The id of a delivery of Standard Webhooks. */
export function standardIdOf(headers: IncomingHttpHeaders): string | undefined {
  return textOf(headers, `${standardNames(headers)}-id`)
}

/** The value of a header; `undefined` if it is missing or empty. One that was sent more than once is joined. */
export function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The HMAC of the body alone, in hexadecimal digits or base64, after `sha256=` or nothing. */
function plainHmac(hash: Claim['hash']): Scheme['claimOf'] {
  return (headers, header) => {
    const value = textOf(headers, header)
    if (value === undefined) return missing(header)
    const prefix = `${hash}=`
    const text = value.startsWith(prefix) ? value.slice(prefix.length) : value
    const signature = decode(text, hash)
    return signature === undefined
      ? unreadable(header)
      : { hash, prefix: '', signatures: [signature], signedAtS: undefined }
  }
}

/** `webhook-signature: v1,BASE64 v1,BASE64`, of `ID.SECONDS.BODY`. */
function standardWebhooks(headers: IncomingHttpHeaders): Claim | Unsigned {
  const names = standardNames(headers)
  const id = textOf(headers, `${names}-id`)
  const seconds = textOf(headers, `${names}-timestamp`)
  const value = textOf(headers, `${names}-signature`)
  if (value === undefined) return missing(`${names}-signature`)
  if (id === undefined) return missing(`${names}-id`)
  if (seconds === undefined) return missing(`${names}-timestamp`)
  if (!SECONDS.test(seconds)) return unreadable(`${names}-timestamp`)
  const signatures = value
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .map((one) => decode(one.slice('v1,'.length), 'sha256'))
  return claim(`${names}-signature`, `${id}.${seconds}.`, signatures, seconds)
}

/** Svix, who made the scheme, and its customers still send the older names. */
function standardNames(headers: IncomingHttpHeaders): 'webhook' | 'svix' {
  const isOld =
    headers['webhook-signature'] === undefined && headers['svix-signature'] !== undefined
  return isOld ? 'svix' : 'webhook'
}

/** `Stripe-Signature: t=SECONDS,v1=HEX,v1=HEX,v0=...`, of `SECONDS.BODY`. */
function stripe(headers: IncomingHttpHeaders): Claim | Unsigned {
  const header = 'stripe-signature'
  const value = textOf(headers, header)
  if (value === undefined) return missing(header)
  const parts = value.split(',').map((part) => part.trim())
  const valuesOf = (name: string): string[] =>
    parts.filter((part) => part.startsWith(`${name}=`)).map((part) => part.slice(name.length + 1))
  const [seconds = '', ...others] = valuesOf('t')
  if (others.length > 0 || !SECONDS.test(seconds)) return unreadable(header)
  const signatures = valuesOf('v1').map((text) => decode(text, 'sha256'))
  return claim(header, `${seconds}.`, signatures, seconds)
}

/** `X-Slack-Signature: v0=HEX`, of `v0:SECONDS:BODY`. */
function slack(headers: IncomingHttpHeaders): Claim | Unsigned {
  const header = 'x-slack-signature'
  const timeHeader = 'x-slack-request-timestamp'
  const value = textOf(headers, header)
  const seconds = textOf(headers, timeHeader)
  if (value === undefined) return missing(header)
  if (seconds === undefined) return missing(timeHeader)
  if (!SECONDS.test(seconds)) return unreadable(timeHeader)
  const signatures = value.startsWith('v0=') ? [decode(value.slice('v0='.length), 'sha256')] : []
  return claim(header, `v0:${seconds}:`, signatures, seconds)
}

function claim(
  header: string,
  prefix: string,
  found: readonly (Buffer | undefined)[],
  seconds: string,
): Claim | Unsigned {
  const signatures = found.filter((signature) => signature !== undefined)
  if (signatures.length === 0) return unreadable(header)
  return { hash: 'sha256', prefix, signatures, signedAtS: Number(seconds) }
}

/** @returns `undefined` if it is not of the length of the hash. */
function decode(text: string, hash: Claim['hash']): Buffer | undefined {
  const bytes = HASH_BYTES[hash]
  if (text.length === bytes * 2 && HEX.test(text)) return Buffer.from(text, 'hex')
  const decoded = BASE64.test(text) ? Buffer.from(text, 'base64') : undefined
  return decoded?.length === bytes ? decoded : undefined
}

function missing(header: string): Unsigned {
  return { message: `the request has no header ${header}, which this webhook needs` }
}

function unreadable(header: string): Unsigned {
  return { message: `the header ${header} is not as the scheme of this webhook writes it` }
}

function asText(secret: string): Buffer {
  return Buffer.from(secret)
}

function standardKey(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
}
