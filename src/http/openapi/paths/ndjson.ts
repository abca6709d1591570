import type { ErrorCode } from '../../../base/errors.ts'
import { JSON_TYPE } from '../../edge/dialect.ts'
import { OF_PUSHES } from '../errors.ts'
import { operation } from '../operation.ts'
import type { Sample } from '../operation-parts.ts'
import { REQUEST_ID, switchParameter, TOPIC_IN_PATH } from '../parameters.ts'
import { PUSH_REPLY } from '../reply-headers.ts'
import { schemaAt } from '../texts.ts'
import type { Paths } from '../types.ts'

const PATH = '/topics/{topic}/ndjson'
const LINES = 'application/x-ndjson'

/** It takes no keys. */
const OF_KEYS = new Set<ErrorCode>([
  ...(['IDEMPOTENCY_KEY_IN_USE', 'IDEMPOTENCY_KEY_REUSED', 'OUTCOME_UNKNOWN'] as const),
  'TOO_MANY_IDEMPOTENCY_KEYS',
])

/** `/topics/{topic}/ndjson`. */
export function ndjsonPaths(): Paths {
  return {
    [PATH]: {
      post: operation({
        ...{ method: 'post', path: PATH },
        operationId: 'pushLines',
        summary: 'Push each line of the body as one record',
        description:
          'The records are produced while the body arrives, so that it may have any length. A line that fails does not affect the others. Any `Content-Type` will do.',
        parameters: [
          TOPIC_IN_PATH,
          switchParameter('envelope', 'true: each line is an object of the schema `Line`.'),
          switchParameter('text', 'true: each line is any text. Not together with `envelope`.'),
          switchParameter(
            'wait',
            'false: the reply comes once the records are admitted. Without it, once Kafka has them.',
          ),
          REQUEST_ID,
        ],
        bodies: { [LINES]: undefined },
        bodyDescription: 'Lines of JSON, each of which ends with a line feed.',
        isBodyRequired: false,
        replies: {
          200: {
            description: 'Every line is produced, or admitted with `wait=false`.',
            headers: PUSH_REPLY,
            content: { [JSON_TYPE]: { schema: schemaAt('LinesOk') } },
          },
        },
        errorForm: 'Lines',
        errors: LINES_ERRORS,
        samples: SAMPLES,
      }),
    },
  }
}

/** What may go wrong. */
export const LINES_ERRORS: readonly ErrorCode[] = OF_PUSHES.filter((code) => !OF_KEYS.has(code))

const NO_JSON = 'the line is not JSON: column 1: expected a value'

const SAMPLES: readonly Sample[] = [
  {
    name: 'values',
    summary: 'Two values',
    parameters: { topic: 'orders' },
    contentType: LINES,
    body: '{"total": 7}\n{"total": 8}\n',
    status: 200,
    reply: { ...{ status: 'ok', errors: [], lines: 2 }, produced: 2, failed: 0, complete: true },
  },
  {
    name: 'records',
    summary: 'A record with a key',
    parameters: { topic: 'orders', envelope: 'true' },
    contentType: LINES,
    body: '{"key": "42", "json": {"total": 9}}\n',
    status: 200,
    reply: { ...{ status: 'ok', errors: [], lines: 1 }, produced: 1, failed: 0, complete: true },
  },
  {
    name: 'brokenLine',
    summary: 'A line that is no JSON',
    parameters: { topic: 'orders' },
    contentType: LINES,
    body: '{"total": 7}\ntotal: 8\n',
    status: 400,
    reply: {
      status: 'error',
      errors: [
        {
          ...{ from_line: 2, to_line: 2, status: 'error', error: NO_JSON, message: NO_JSON },
          ...{ error_code: 40_001, outcome: 'not_persisted' },
        },
      ],
      ...{ lines: 2, produced: 1, failed: 1, complete: true },
      error_code: 40_001,
      message: `line 2: ${NO_JSON}`,
      request_id: '0196f3c2-0000-7000-8000-000000000000',
    },
  },
]
