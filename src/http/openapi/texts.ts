/** Schemas of texts, numbers and names that several bodies have. */
import { FORBIDDEN_FIELDS } from '../push/fields.ts'
import {
  MAX_PARTITION,
  MAX_TIMESTAMP_MS,
  MAX_TOPIC_BYTES,
  OLD_TIMESTAMP_MS,
} from '../push/record-fields.ts'
import type { DocumentRules } from './rules.ts'
import type { Schema } from './types.ts'

/** Refers to a schema of the components. */
export function schemaAt(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

export const TOPIC: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: MAX_TOPIC_BYTES,
  pattern: '^[a-zA-Z0-9._-]+$',
  not: { enum: ['.', '..'] },
}

/** Padded, without white space, and with unused bits of zero: RFC 4648, section 4. */
const BASE64 =
  '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$'

export const BASE64_OR_NULL: Schema = {
  type: ['string', 'null'],
  contentEncoding: 'base64',
  pattern: BASE64,
}

/** How texts of a record or a header are written. */
export const ENCODING: Schema = {
  type: ['string', 'null'],
  pattern: '^(?:[uU][tT][fF]-?8|base64)$',
  examples: ['utf8', 'base64'],
}

/** Demands base64 of these fields if `encoding` says so. */
export function base64If(encoding: Schema, fields: readonly string[]): Schema {
  const then = fields.map((field) => [field, { pattern: BASE64 }] as const)
  return { if: encoding, then: { properties: Object.fromEntries(then) } }
}

export const PARTITION: Schema = {
  type: 'integer',
  minimum: -1,
  maximum: MAX_PARTITION,
  description: 'The partition. The partitioner chooses one without it, and for -1.',
}

/** Milliseconds since 1970. */
export function timestamp({ allowOldTimestamps }: DocumentRules): Schema {
  return {
    type: 'integer',
    minimum: allowOldTimestamps ? 0 : OLD_TIMESTAMP_MS,
    maximum: MAX_TIMESTAMP_MS,
    description: 'Milliseconds since 1970. The time of admission without it.',
  }
}

/** The same schema for a field that may also be null, which counts as absent. */
export function orNull(schema: Schema & { readonly type: string }): Schema {
  return { ...schema, type: [schema.type, 'null'] }
}

/** Says which other names an object may have: `http.unknown_fields`. */
export function otherNames({ unknownFields }: DocumentRules): Schema {
  return unknownFields === 'reject'
    ? { additionalProperties: false }
    : { propertyNames: { not: { enum: [...FORBIDDEN_FIELDS] } } }
}
