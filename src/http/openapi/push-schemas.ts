/** Schemas of `/push`, which other doors share. `test/http/openapi` compares them with the parsers. */
import { MAX_HEADERS } from '../push/parse-headers.ts'
import type { DocumentRules } from './rules.ts'
import {
  base64If,
  ENCODING,
  orNull,
  otherNames,
  PARTITION,
  schemaAt,
  timestamp,
  TOPIC,
} from './texts.ts'
import type { Schema } from './types.ts'

const SAYS_BASE64: Schema = {
  required: ['encoding'],
  properties: { encoding: { const: 'base64' } },
}

/** The schemas of requests. */
export function pushSchemas(rules: DocumentRules): Readonly<Record<string, Schema>> {
  return {
    Push: {
      type: 'object',
      description: `A push. Its records may name ${rules.maxTopicsPerRequest} topics (\`http.max_topics_per_request\`).`,
      required: ['records'],
      properties: {
        records: {
          type: 'array',
          maxItems: rules.maxRecordsPerRequest,
          items: schemaAt('Record'),
        },
        wait_for_send: {
          type: ['boolean', 'null'],
          description: 'true: the reply comes once Kafka has the records, or has refused them.',
        },
        return_offsets: {
          type: ['boolean', 'null'],
          description: 'true: the reply says where each record is. It needs `wait_for_send`.',
        },
      },
      ...otherNames(rules),
    },
    Record: {
      description: 'A record.',
      ...recordSchema(rules, ['topic']),
    },
    Line: {
      description: 'A line with `envelope=true`: a record, whose topic is that of the path.',
      ...recordSchema(rules, []),
    },
    RecordHeaders: recordHeaders(rules),
  }
}

function recordSchema(rules: DocumentRules, required: readonly string[]): Schema {
  return {
    type: 'object',
    required,
    properties: {
      topic: { ...TOPIC, description: 'The topic.' },
      data: {
        type: ['string', 'null'],
        description:
          'The value: a text, or bytes in base64. null is a tombstone, which needs a key.',
      },
      json: { description: 'The value, in place of `data`: any JSON, byte for byte.' },
      key: { type: ['string', 'null'], description: 'The key, written as `data` is.' },
      partition: orNull({ ...PARTITION, type: 'integer' }),
      headers: schemaAt('RecordHeaders'),
      timestamp: orNull({ ...timestamp(rules), type: 'integer' }),
      encoding: { ...ENCODING, description: 'How `data` and `key` are written.' },
    },
    oneOf: [{ required: ['data'] }, { required: ['json'] }],
    allOf: [base64If(SAYS_BASE64, ['data', 'key']), TOMBSTONES_NEED_A_KEY],
    ...otherNames(rules),
  }
}

const TOMBSTONES_NEED_A_KEY: Schema = {
  if: { required: ['data'], properties: { data: { type: 'null' } } },
  then: { required: ['key'], properties: { key: { type: 'string' } } },
}

function recordHeaders(rules: DocumentRules): Schema {
  return {
    description:
      'Headers: an object of texts, or a list, which keeps order, repeated names, null and bytes.',
    anyOf: [
      { type: 'null' },
      {
        type: 'object',
        maxProperties: MAX_HEADERS,
        propertyNames: { minLength: 1 },
        additionalProperties: { type: 'string' },
      },
      {
        type: 'array',
        maxItems: MAX_HEADERS,
        items: {
          type: 'object',
          required: ['key', 'value'],
          properties: {
            key: { type: 'string', minLength: 1 },
            value: { type: ['string', 'null'] },
            encoding: ENCODING,
          },
          ...base64If(SAYS_BASE64, ['value']),
          ...otherNames(rules),
        },
      },
    ],
  }
}

/** Headers whose values are in base64 unless they say otherwise. */
export function base64Headers(rules: DocumentRules): Schema {
  return {
    type: ['array', 'null'],
    maxItems: MAX_HEADERS,
    items: {
      type: 'object',
      required: ['key', 'value'],
      properties: {
        key: { type: 'string', minLength: 1 },
        value: { type: ['string', 'null'] },
        encoding: { ...ENCODING, description: 'base64 without it.' },
      },
      ...base64If({ properties: { encoding: { const: 'base64' } } }, ['value']),
      ...otherNames(rules),
    },
  }
}
