import { JSON_TYPE } from '../../edge/dialect.ts'
import { OF_PUSHES } from '../errors.ts'
import { operation } from '../operation.ts'
import type { Sample } from '../operation-parts.ts'
import { IDEMPOTENCY_KEY, REQUEST_ID } from '../parameters.ts'
import { PUSH_REPLY, REPLAYED } from '../reply-headers.ts'
import type { DocumentRules } from '../rules.ts'
import { schemaAt } from '../texts.ts'
import type { Paths, Response } from '../types.ts'

/** The reply to a push of which every record was taken. */
export const PUSHED: Response = {
  description: 'Every record is admitted, or in Kafka if the client waits.',
  headers: { ...PUSH_REPLY, ...REPLAYED },
  content: { [JSON_TYPE]: { schema: schemaAt('PushOk') } },
}

/** `/push`. */
export function pushPaths({ replies }: DocumentRules): Paths {
  const isRust = replies === 'rust'
  return {
    '/push': {
      post: operation({
        ...{ method: 'post', path: '/push' },
        operationId: 'push',
        summary: 'Push records of any topics',
        description:
          'Takes one or many records. If one is invalid, none is produced, unless `http.invalid_records` says otherwise. The body may be compressed (`Content-Encoding`: gzip, deflate, br or zstd).',
        parameters: [IDEMPOTENCY_KEY, REQUEST_ID],
        bodies: { [JSON_TYPE]: schemaAt('Push') },
        replies: { 200: PUSHED },
        errorForm: isRust ? 'Rust' : 'Push',
        errors: OF_PUSHES,
        samples: isRust ? SAMPLES : [...SAMPLES, INVALID],
      }),
    },
  }
}

const SAMPLES: readonly Sample[] = [
  {
    name: 'oneRecord',
    summary: 'One record, without waiting for Kafka',
    contentType: JSON_TYPE,
    body: { records: [{ topic: 'orders', key: '42', data: '{"total": 7}' }] },
    status: 200,
    reply: { status: 'ok', errors: [] },
  },
  {
    name: 'waiting',
    summary: 'Two records; the reply says where they are',
    parameters: { 'Idempotency-Key': '8e03978e-40d5-43e8-bc93' },
    contentType: JSON_TYPE,
    body: {
      records: [
        { topic: 'orders', key: '42', json: { total: 7 }, headers: { source: 'shop' } },
        { topic: 'orders', key: 'AP8Q', data: null, encoding: 'base64' },
      ],
      wait_for_send: true,
      return_offsets: true,
    },
    status: 200,
    reply: {
      status: 'ok',
      errors: [],
      offsets: [
        { topic: 'orders', partition: 0, offset: '1', timestamp: 1_700_000_000_000 },
        { topic: 'orders', partition: 0, offset: '2', timestamp: 1_700_000_000_000 },
      ],
    },
  },
]

const INVALID_TEXT = 'partition must be an integer from 0 to 2147483647, or -1 for any'

const INVALID: Sample = {
  name: 'invalidRecord',
  summary: 'A record that is invalid',
  contentType: JSON_TYPE,
  body: { records: [{ topic: 'orders', data: 'hello', partition: 'first' }] },
  status: 422,
  reply: {
    status: 'error',
    errors: [
      {
        status: 'error',
        error: INVALID_TEXT,
        message: INVALID_TEXT,
        error_code: 42_204,
        outcome: 'not_persisted',
      },
    ],
    error_code: 42_204,
    message: `records[0]: ${INVALID_TEXT}`,
    request_id: '0196f3c2-0000-7000-8000-000000000000',
  },
}
