import { REST_V2_TYPE, typeOfFormat } from '../../rest/v2-media-type.ts'
import { OF_PUSHES } from '../errors.ts'
import { operation } from '../operation.ts'
import type { Sample } from '../operation-parts.ts'
import { IDEMPOTENCY_KEY, REQUEST_ID, switchParameter, TOPIC_IN_PATH } from '../parameters.ts'
import { base64Headers } from '../push-schemas.ts'
import { PUSH_REPLY, REPLAYED } from '../reply-headers.ts'
import type { DocumentRules } from '../rules.ts'
import { BASE64_OR_NULL, orNull, otherNames, PARTITION, schemaAt, timestamp } from '../texts.ts'
import type { Operation, Parameter, Paths, Response, Schema } from '../types.ts'

const OF_TOPIC = '/topics/{topic}'
const OF_PARTITION = '/topics/{topic}/partitions/{partition}'

/** `/topics/{topic}` and `/topics/{topic}/partitions/{partition}`. */
export function restV2Paths(): Paths {
  return {
    [OF_TOPIC]: { post: restV2(OF_TOPIC) },
    [OF_PARTITION]: { post: restV2(OF_PARTITION) },
  }
}

function restV2(path: typeof OF_TOPIC | typeof OF_PARTITION): Operation {
  const isOfTopic = path === OF_TOPIC
  const body = schemaAt(isOfTopic ? 'RestV2Push' : 'RestV2PartitionPush')
  const bodyOf = (key: Schema, value = key): Schema => ({
    allOf: [body, { properties: { records: { items: { properties: { key, value } } } } }],
  })
  return operation({
    ...{ method: 'post', path },
    operationId: isOfTopic ? 'pushRestV2' : 'pushRestV2ToPartition',
    summary: `Push records ${isOfTopic ? 'of one topic' : 'to one partition'}, as the Confluent REST Proxy takes them`,
    description:
      'The API v2 of the Confluent REST Proxy. The type says how keys and values are written: as JSON, in base64, or as text. Some records may fail while others are produced: the reply has the error of each.',
    parameters: [
      TOPIC_IN_PATH,
      ...(isOfTopic ? [] : [PARTITION_IN_PATH]),
      switchParameter('async', 'true: the reply comes once the records are admitted.'),
      ...[IDEMPOTENCY_KEY, REQUEST_ID],
    ],
    bodies: {
      [typeOfFormat('json')]: body,
      [typeOfFormat('binary')]: bodyOf(BASE64_OR_NULL),
      [typeOfFormat('text')]: bodyOf({ type: ['string', 'null'] }),
    },
    replies: { 200: DELIVERED, 204: ADMITTED },
    errorForm: 'RestV2',
    errors: OF_PUSHES,
    samples: SAMPLES.map((sample) => (isOfTopic ? sample : toPartition(sample))),
  })
}

const PARTITION_IN_PATH: Parameter = {
  name: 'partition',
  in: 'path',
  description: 'The partition of all records.',
  required: true,
  schema: { ...PARTITION, minimum: 0, description: 'The partition of all records.' },
}

const DELIVERED: Response = {
  description: 'Kafka has the records, but for those whose element has an `error_code`.',
  headers: { ...PUSH_REPLY, ...REPLAYED },
  content: { [REST_V2_TYPE]: { schema: schemaAt('RestV2Offsets') } },
}

const ADMITTED: Response = {
  description: 'With `async=true`: every record is admitted.',
  headers: { ...PUSH_REPLY, ...REPLAYED },
}

/** Schemas of the bodies. */
export function restV2Schemas(rules: DocumentRules): Readonly<Record<string, Schema>> {
  return {
    RestV2Push: pushSchema(rules, orNull({ ...PARTITION, type: 'integer' })),
    RestV2PartitionPush: pushSchema(rules, { type: 'null' }),
  }
}

function pushSchema(rules: DocumentRules, partition: Schema): Schema {
  return {
    type: 'object',
    required: ['records'],
    properties: {
      records: {
        type: 'array',
        minItems: 1,
        maxItems: rules.maxRecordsPerRequest,
        items: {
          type: 'object',
          required: ['value'],
          properties: {
            key: { description: 'The key.' },
            value: { description: 'The value; null is a tombstone.' },
            partition,
            timestamp: orNull({ ...timestamp(rules), type: 'integer' }),
            headers: base64Headers(rules),
          },
          ...otherNames(rules),
        },
      },
      ...Object.fromEntries(SCHEMA_FIELDS.map((name) => [name, { description: IGNORED }])),
    },
    ...otherNames(rules),
  }
}

const SCHEMA_FIELDS = ['key_schema', 'key_schema_id', 'value_schema', 'value_schema_id']
const IGNORED = 'Ignored: kprf has no schema registry.'

const SAMPLES: readonly Sample[] = [
  {
    name: 'json',
    summary: 'A record in JSON',
    parameters: { topic: 'orders' },
    contentType: typeOfFormat('json'),
    body: { records: [{ key: '42', value: { total: 7 } }] },
    status: 200,
    reply: {
      offsets: [{ partition: 0, offset: 1, error_code: null, error: null }],
      ...{ key_schema_id: null, value_schema_id: null },
    },
  },
  {
    name: 'binary',
    summary: 'Bytes, without waiting for Kafka',
    parameters: { topic: 'orders', async: 'true' },
    contentType: typeOfFormat('binary'),
    body: { records: [{ key: 'NDI=', value: 'AP8Q' }] },
    status: 204,
  },
  {
    name: 'text',
    summary: 'A text',
    parameters: { topic: 'orders', async: 'true' },
    contentType: typeOfFormat('text'),
    body: { records: [{ value: 'hello' }] },
    status: 204,
  },
]

function toPartition(sample: Sample): Sample {
  return { ...sample, parameters: { ...sample.parameters, partition: '0' } }
}
