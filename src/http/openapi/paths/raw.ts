import { OF_PUSHES } from '../errors.ts'
import { operation } from '../operation.ts'
import type { Sample } from '../operation-parts.ts'
import { IDEMPOTENCY_KEY, REQUEST_ID, switchParameter, TOPIC_IN_PATH, WAIT } from '../parameters.ts'
import type { DocumentRules } from '../rules.ts'
import { PARTITION, timestamp } from '../texts.ts'
import type { Operation, Parameter, Paths } from '../types.ts'
import { PUSHED } from './push.ts'

const PATH = '/topics/{topic}/raw'
const BYTES = 'application/octet-stream'

/** `/topics/{topic}/raw`. */
export function rawPaths(rules: DocumentRules): Paths {
  return {
    [PATH]: {
      post: raw('post', rules),
      put: raw('put', rules),
    },
  }
}

function raw(method: 'post' | 'put', rules: DocumentRules): Operation {
  return operation({
    ...{ method, path: PATH },
    operationId: method === 'post' ? 'pushRaw' : 'putRaw',
    summary: `Push the body as one record${method === 'put' ? ', with PUT' : ''}`,
    description:
      'The body, whatever its type, is the value of one record, byte for byte. A parameter `header.NAME` or a header `Kafka-Header-NAME` becomes the header NAME of the record. The body may be compressed (`Content-Encoding`: gzip, deflate, br or zstd).',
    parameters: parametersOf(rules),
    bodies: { [BYTES]: undefined, 'text/plain': undefined, '*/*': undefined },
    bodyDescription: 'Any bytes, or none for an empty value.',
    isBodyRequired: false,
    replies: { 200: PUSHED },
    errorForm: 'Push',
    errors: OF_PUSHES,
    samples: method === 'post' ? SAMPLES : SAMPLES.slice(0, 1),
  })
}

function parametersOf(rules: DocumentRules): readonly Parameter[] {
  return [
    TOPIC_IN_PATH,
    {
      ...{ name: 'key', in: 'query', schema: { type: 'string' } },
      description:
        'The key, a text in UTF-8. A record has one key: not also `key_base64` or `Kafka-Key`.',
    },
    {
      ...{ name: 'key_base64', in: 'query' },
      description:
        'The key in base64 or base64url, with padding or without: bytes that are no text.',
      schema: { type: 'string', pattern: BASE64_OF_ANY_KIND },
    },
    { name: 'partition', in: 'query', description: 'The partition.', schema: PARTITION },
    {
      name: 'timestamp',
      in: 'query',
      description: 'The time of the record.',
      schema: timestamp(rules),
    },
    WAIT,
    switchParameter('tombstone', 'true: an empty body is a tombstone, which needs a key.'),
    {
      ...{ name: 'Kafka-Key', in: 'header', schema: { type: 'string' } },
      description: 'The key, for clients that cannot change the URL: the bytes of the header.',
    },
    ...[IDEMPOTENCY_KEY, REQUEST_ID],
  ]
}

/** With unused bits of zero. */
const BASE64_OF_ANY_KIND =
  '^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-][AQgw](?:==)?|[A-Za-z0-9+/_-]{2}[AEIMQUYcgkosw048]=?)?$'

const SAMPLES: readonly Sample[] = [
  {
    name: 'text',
    summary: 'A text',
    parameters: { topic: 'orders', key: '42', wait: 'true' },
    contentType: 'text/plain',
    body: 'hello',
    status: 200,
    reply: {
      ...{ status: 'ok', errors: [] },
      offsets: [{ topic: 'orders', partition: 0, offset: '1', timestamp: 1_700_000_000_000 }],
    },
  },
  {
    name: 'tombstone',
    summary: 'A tombstone',
    parameters: { topic: 'orders', key_base64: 'AP8Q', tombstone: 'true' },
    contentType: BYTES,
    body: '',
    status: 200,
    reply: { status: 'ok', errors: [] },
  },
]
