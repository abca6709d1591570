/** Schemas of replies. Clients should ignore fields that they do not know: there may be more later. */
import { schemaAt } from './texts.ts'
import type { Schema } from './types.ts'

const TEXT: Schema = { type: 'string' }
const COUNT: Schema = { type: 'integer', minimum: 0 }
const NUMBER: Schema = { type: 'integer' }

/** What every error has at its top level. */
const SUMMARY: Schema = { error_code: NUMBER, message: TEXT, request_id: TEXT }
const SUMMARY_FIELDS = ['error_code', 'message', 'request_id']

const OUTCOME: Schema = {
  enum: ['not_persisted', 'unknown'],
  description: 'Whether Kafka may have the record: it certainly has not, or it is unknown.',
}

const FAILURE: Schema = {
  status: { const: 'error' },
  error: TEXT,
  message: TEXT,
  error_code: {
    ...NUMBER,
    description: 'A number of kprf’s, or a negative one of librdkafka’s.',
  },
  outcome: OUTCOME,
}

const OFFSETS: Schema = {
  type: 'array',
  items: { anyOf: [schemaAt('Offset'), { type: 'null' }] },
  description: 'Where each record is; null for one that is not known to be in Kafka.',
}

const DATA_NOTE: Schema = {
  type: 'object',
  required: ['type', 'size'],
  properties: { type: TEXT, size: { ...COUNT, description: 'Bytes.' } },
}

/** What became of a record of the API v3. */
const RECEIPT: Schema = {
  error_code: { ...NUMBER, description: '200 if Kafka has the record.' },
  message: { type: 'string', description: 'Why it failed.' },
  ...{ cluster_id: TEXT, topic_name: TEXT },
  partition_id: { type: ['integer', 'null'] },
  offset: { type: ['integer', 'null'] },
  timestamp: { type: ['string', 'null'] },
  ...{ key: DATA_NOTE, value: DATA_NOTE },
}

/** By their names. */
export const REPLY_SCHEMAS: Readonly<Record<string, Schema>> = {
  Offset: {
    type: 'object',
    required: ['topic', 'partition', 'offset', 'timestamp'],
    properties: {
      topic: TEXT,
      partition: COUNT,
      offset: { type: ['string', 'null'], description: 'null if Kafka did not say it.' },
      timestamp: NUMBER,
    },
  },
  PushOk: {
    type: 'object',
    required: ['status', 'errors'],
    properties: {
      status: { const: 'ok' },
      errors: { type: 'array', maxItems: 0 },
      offsets: OFFSETS,
    },
  },
  PushError: {
    type: 'object',
    required: ['status', 'errors', ...SUMMARY_FIELDS],
    properties: {
      status: { const: 'error' },
      errors: {
        type: 'array',
        items: { anyOf: [schemaAt('RecordOk'), schemaAt('RecordError')] },
        description: 'One element for each record, or one for the whole request.',
      },
      ...SUMMARY,
      offsets: OFFSETS,
      texts_omitted: { ...COUNT, description: 'How many elements have no texts.' },
      errors_from: { ...COUNT, description: 'The index of the record of the first element.' },
      errors_omitted: { ...COUNT, description: 'How many elements are left out.' },
    },
  },
  RecordOk: {
    type: 'object',
    required: ['status', 'error'],
    properties: { status: { const: 'ok' }, error: { const: '' } },
  },
  RecordError: {
    type: 'object',
    required: ['status', 'error_code', 'outcome'],
    properties: FAILURE,
  },
  PlainError: { type: 'object', required: SUMMARY_FIELDS, properties: SUMMARY },
  LinesOk: {
    type: 'object',
    required: ['status', 'errors', 'lines', 'produced', 'failed', 'complete'],
    properties: {
      status: { const: 'ok' },
      errors: { type: 'array', maxItems: 0 },
      lines: { ...COUNT, description: 'How many lines were read.' },
      produced: COUNT,
      failed: COUNT,
      complete: { type: 'boolean', description: 'Whether the body was read to its end.' },
    },
  },
  LinesError: {
    type: 'object',
    required: ['status', 'errors', ...SUMMARY_FIELDS],
    properties: {
      status: { const: 'error' },
      errors: {
        type: 'array',
        items: schemaAt('LineError'),
        description:
          'One element for each run of lines that failed alike, or one for the whole request.',
      },
      errors_omitted: COUNT,
      ...{ lines: COUNT, produced: COUNT, failed: COUNT, complete: { type: 'boolean' } },
      ...SUMMARY,
    },
  },
  LineError: {
    type: 'object',
    required: ['status', 'error_code', 'outcome'],
    properties: { from_line: COUNT, to_line: COUNT, ...FAILURE },
  },
  RestV2Offsets: {
    type: 'object',
    required: ['offsets', 'key_schema_id', 'value_schema_id'],
    properties: {
      offsets: { type: 'array', items: schemaAt('RestV2Offset') },
      key_schema_id: { type: 'null' },
      value_schema_id: { type: 'null' },
    },
  },
  RestV2Offset: {
    type: 'object',
    required: ['partition', 'offset', 'error_code', 'error'],
    properties: {
      partition: { type: ['integer', 'null'] },
      offset: { type: ['integer', 'null'] },
      error_code: { type: ['integer', 'null'] },
      error: { type: ['string', 'null'] },
      message: { type: 'string', description: 'The same as `error`, of a record that failed.' },
    },
  },
  RestV3Receipt: {
    type: 'object',
    required: ['error_code'],
    properties: RECEIPT,
  },
  RestV3Outcomes: {
    type: 'object',
    required: ['successes', 'failures'],
    properties: {
      successes: { type: 'array', items: schemaAt('RestV3Outcome') },
      failures: { type: 'array', items: schemaAt('RestV3Outcome') },
    },
  },
  RestV3Outcome: {
    type: 'object',
    required: ['id', 'error_code'],
    properties: { id: TEXT, ...RECEIPT },
  },
  RestV3Error: {
    type: 'object',
    required: ['error_code', 'message'],
    properties: { error_code: NUMBER, message: TEXT },
  },
  RestV2Error: {
    type: 'object',
    required: ['error_code', 'message'],
    properties: {
      error_code: NUMBER,
      message: TEXT,
      offsets: { type: 'array', items: schemaAt('RestV2Offset') },
    },
  },
}

/** A failed push where replies are those of the Rust kprf. */
export const RUST_ERROR: Schema = {
  type: 'object',
  required: ['status', 'errors'],
  properties: {
    status: { const: 'err' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['error', 'message'],
        properties: { error: { type: 'boolean' }, message: { type: ['string', 'null'] } },
      },
    },
    offsets: OFFSETS,
  },
}
