import { MAX_INTEGER, REQUIRED_ATTRIBUTES, TEXT_ATTRIBUTES } from '../../events/attributes.ts'
import { BATCH_TYPE, STRUCTURED_TYPE } from '../../events/content-mode.ts'
import { OF_PUSHES } from '../errors.ts'
import { operation } from '../operation.ts'
import type { Sample } from '../operation-parts.ts'
import { IDEMPOTENCY_KEY, REQUEST_ID, TOPIC_IN_PATH, WAIT } from '../parameters.ts'
import type { DocumentRules } from '../rules.ts'
import { BASE64_OR_NULL, schemaAt } from '../texts.ts'
import type { Parameter, Paths, Schema } from '../types.ts'
import { PUSHED } from './push.ts'

const PATH = '/topics/{topic}/events'

/** `/topics/{topic}/events`. */
export function eventsPaths({ maxRecordsPerRequest }: DocumentRules): Paths {
  return {
    [PATH]: {
      post: operation({
        ...{ method: 'post', path: PATH },
        operationId: 'pushEvents',
        summary: 'Push CloudEvents 1.0',
        description: `Takes an event in structured mode (\`${STRUCTURED_TYPE}\`), several (\`${BATCH_TYPE}\`), or one in binary mode: the attributes are headers \`ce-NAME\`, and the body, whatever its type, is the data.`,
        parameters: [TOPIC_IN_PATH, WAIT, ...ATTRIBUTE_HEADERS, IDEMPOTENCY_KEY, REQUEST_ID],
        bodies: {
          [STRUCTURED_TYPE]: schemaAt('CloudEvent'),
          [BATCH_TYPE]: {
            type: 'array',
            maxItems: maxRecordsPerRequest,
            items: schemaAt('CloudEvent'),
          },
          '*/*': undefined,
        },
        bodyDescription: 'An event, several, or the data of one in binary mode.',
        isBodyRequired: false,
        replies: { 200: PUSHED },
        errorForm: 'Push',
        errors: OF_PUSHES,
        samples: SAMPLES,
      }),
    },
  }
}

/** In binary mode the type of the data is the type of the body. */
const ATTRIBUTE_HEADERS: readonly Parameter[] = [...TEXT_ATTRIBUTES]
  .filter((name) => name !== 'datacontenttype')
  .map((name) => ({
    name: `ce-${name}`,
    in: 'header',
    description: `In binary mode, the attribute \`${name}\`${REQUIRED_ATTRIBUTES.includes(name) ? ', which every event needs' : ''}.`,
    // Any text: in the other modes it means nothing.
    schema: { type: 'string' },
  }))

/** A text without control characters, noncharacters and halves of surrogate pairs. */
const ALLOWED_TEXT = '^[^\\u0000-\\u001f\\u007f-\\u009f\\ufdd0-\\ufdef\\ufffe\\uffff]*$'
const DATE_TIME =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$'

/** An event in JSON. */
export const CLOUD_EVENT: Schema = {
  type: 'object',
  description:
    'A CloudEvent 1.0 in its JSON format. Names of attributes have the characters a-z and 0-9.',
  required: [...REQUIRED_ATTRIBUTES],
  properties: {
    ...Object.fromEntries([...TEXT_ATTRIBUTES].map((name) => [name, attributeSchema(name)])),
    data: { description: 'Any JSON.' },
    data_base64: { ...BASE64_OR_NULL, description: 'Bytes, in place of `data`.' },
  },
  propertyNames: { pattern: '^(?:[a-z0-9]+|data_base64)$' },
  additionalProperties: {
    anyOf: [
      { type: ['boolean', 'null'] },
      { type: 'string', pattern: ALLOWED_TEXT },
      { type: 'integer', minimum: -MAX_INTEGER - 1, maximum: MAX_INTEGER },
    ],
  },
  not: {
    required: ['data', 'data_base64'],
    properties: { data: { not: { type: 'null' } }, data_base64: { not: { type: 'null' } } },
  },
}

function attributeSchema(name: string): Schema {
  if (name === 'specversion') return { const: '1.0' }
  const type = REQUIRED_ATTRIBUTES.includes(name) ? 'string' : ['string', 'null']
  if (name === 'time') return { type, format: 'date-time', pattern: DATE_TIME }
  return { type, minLength: 1, pattern: ALLOWED_TEXT }
}

const EVENT = { specversion: '1.0', id: '2', source: '/shop', type: 'order.created' }

const SAMPLES: readonly Sample[] = [
  {
    name: 'structured',
    summary: 'An event in structured mode',
    parameters: { topic: 'orders' },
    contentType: STRUCTURED_TYPE,
    body: { ...EVENT, data: { total: 7 } },
    status: 200,
    reply: { status: 'ok', errors: [] },
  },
  {
    name: 'batch',
    summary: 'Two events',
    parameters: { topic: 'orders' },
    contentType: BATCH_TYPE,
    body: [
      { ...EVENT, partitionkey: '42' },
      { ...EVENT, id: '3', type: 'order.paid' },
    ],
    status: 200,
    reply: { status: 'ok', errors: [] },
  },
  {
    name: 'binary',
    summary: 'An event in binary mode',
    parameters: {
      topic: 'orders',
      ...{
        'ce-specversion': '1.0',
        'ce-id': '1',
        'ce-source': '/shop',
        'ce-type': 'order.created',
      },
    },
    contentType: '*/*',
    body: 'any data',
    status: 200,
    reply: { status: 'ok', errors: [] },
  },
]
