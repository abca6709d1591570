import { JSON_TYPE } from '../../edge/dialect.ts'
import { ID, MAX_ENTRIES } from '../../rest/v3/batch-endpoint.ts'
import { MULTI_STATUS } from '../../error-mapper.ts'
import { OF_PUSHES } from '../errors.ts'
import { operation } from '../operation.ts'
import type { Sample } from '../operation-parts.ts'
import { IDEMPOTENCY_KEY, REQUEST_ID, TOPIC_IN_PATH } from '../parameters.ts'
import { PUSH_REPLY, REPLAYED } from '../reply-headers.ts'
import type { DocumentRules } from '../rules.ts'
import { schemaAt } from '../texts.ts'
import type { Parameter, Paths, Schema } from '../types.ts'

const RECORDS = '/v3/clusters/{cluster}/topics/{topic}/records'
const BATCH = `${RECORDS}:batch`

/** `/v3/clusters/{cluster}/topics/{topic}/records`, and `:batch`. */
export function restV3Paths(): Paths {
  return {
    [RECORDS]: {
      post: operation({
        ...{ method: 'post', path: RECORDS, operationId: 'pushRestV3' },
        summary: 'Push a stream of records, as the Confluent REST Proxy takes it',
        description:
          'The API v3 of the Confluent REST Proxy. The body is one object for each record, one after the other; the reply is one receipt for each, in their order, each as soon as it is known. A client reads while it writes.',
        parameters: [CLUSTER_IN_PATH, TOPIC_IN_PATH, REQUEST_ID],
        bodies: { [JSON_TYPE]: undefined },
        bodyDescription:
          'Each record is an object as in `entries` of a batch, where `id` has no meaning. There may be any number of them.',
        replies: {
          200: {
            description:
              'A receipt for each record, one after the other, each with a line end behind it. One that failed has another `error_code` than 200.',
            headers: PUSH_REPLY,
            content: { [JSON_TYPE]: { schema: schemaAt('RestV3Receipt') } },
          },
        },
        ...{ errorForm: 'RestV3', errors: OF_PUSHES, samples: [RECORD_SAMPLE] },
      }),
    },
    [BATCH]: {
      post: operation({
        ...{ method: 'post', path: BATCH, operationId: 'pushRestV3Batch' },
        summary: 'Push some records with ids, as the Confluent REST Proxy takes them',
        description: 'All records are answered at once, by their ids.',
        parameters: [CLUSTER_IN_PATH, TOPIC_IN_PATH, IDEMPOTENCY_KEY, REQUEST_ID],
        bodies: { [JSON_TYPE]: schemaAt('RestV3Batch') },
        replies: {
          [MULTI_STATUS]: {
            description: 'What became of each record.',
            headers: { ...PUSH_REPLY, ...REPLAYED },
            content: { [JSON_TYPE]: { schema: schemaAt('RestV3Outcomes') } },
          },
        },
        ...{ errorForm: 'RestV3', errors: OF_PUSHES, samples: [BATCH_SAMPLE] },
      }),
    },
  }
}

const CLUSTER_IN_PATH: Parameter = {
  name: 'cluster',
  in: 'path',
  description: 'The id of the cluster. kprf serves one, and takes any id for it.',
  required: true,
  schema: { type: 'string', minLength: 1 },
}

const DATA = 'An object with `type` (BINARY for base64, JSON or STRING) and `data`.'

/**
 * Schemas of the bodies. What is wrong with a record is said in its own receipt, so that only the ids of a batch can make
 * it wrong as a whole.
 */
export function restV3Schemas(rules: DocumentRules): Readonly<Record<string, Schema>> {
  return {
    RestV3Batch: {
      type: 'object',
      required: ['entries'],
      properties: {
        entries: {
          ...{
            type: 'array',
            minItems: 1,
            maxItems: Math.min(MAX_ENTRIES, rules.maxRecordsPerRequest),
          },
          items: {
            ...{ type: 'object', required: ['id'] },
            properties: {
              id: { type: 'string', pattern: ID.source, description: 'Unique in the batch.' },
              ...FIELDS,
            },
          },
        },
      },
    },
  }
}

const FIELDS: Readonly<Record<string, Schema>> = {
  key: { description: `The key. ${DATA}` },
  value: { description: `The value, null for a tombstone. ${DATA}` },
  partition_id: { description: 'The partition, an integer.' },
  timestamp: { description: 'A time as in RFC 3339.' },
  headers: { description: 'A list of {"name", "value"} with values in base64.' },
}

const RECORD_SAMPLE: Sample = {
  name: 'record',
  summary: 'A record in JSON, with a key',
  parameters: { cluster: 'kprf', topic: 'orders' },
  contentType: JSON_TYPE,
  body: { key: { type: 'STRING', data: '42' }, value: { type: 'JSON', data: { total: 7 } } },
  status: 200,
}

const BATCH_SAMPLE: Sample = {
  name: 'batch',
  summary: 'A batch of one text',
  parameters: { cluster: 'kprf', topic: 'orders' },
  contentType: JSON_TYPE,
  body: { entries: [{ id: 'a', value: { type: 'STRING', data: 'hello' } }] },
  status: MULTI_STATUS,
  reply: {
    successes: [
      {
        ...{ id: 'a', error_code: 200, cluster_id: 'kprf', topic_name: 'orders', partition_id: 0 },
        ...{ offset: 0, timestamp: '2026-01-31T12:00:00.000Z' },
        value: { type: 'STRING', size: 5 },
      },
    ],
    failures: [],
  },
}
