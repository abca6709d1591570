/** The headers of replies. */
import { CHALLENGES } from '../access/authorization.ts'
import { HTTP_MAPPINGS } from '../error-mapper.ts'
import { retryAfter } from '../reply.ts'
import type { Header } from './types.ts'

type Headers = Readonly<Record<string, Header>>

/** Those of every reply. */
export const EVERY_REPLY: Headers = {
  'X-Request-Id': {
    description:
      'The id of the request in the log: that of its own header `X-Request-Id`, or a new one.',
    required: true,
    schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
  },
}

/** Those of a reply to a request that produces. */
export const PUSH_REPLY: Headers = {
  ...EVERY_REPLY,
  'Kprf-Warning': {
    description: 'Names that are ignored, and look like misspelt ones.',
    schema: { type: 'string' },
  },
}

/** That of a remembered answer. */
export const REPLAYED: Headers = {
  'Idempotency-Replayed': {
    description: 'The answer is that of an earlier request with the same `Idempotency-Key`.',
    schema: { const: 'true' },
  },
}

/** Those that come with a status beyond the others. */
export function headersOfStatus(status: number): Headers {
  if (status === HTTP_MAPPINGS.UNAUTHENTICATED.status) {
    return {
      'WWW-Authenticate': {
        description: 'How a client can say who it is.',
        required: true,
        schema: { const: CHALLENGES.join(', ') },
      },
    }
  }
  if (retryAfter(status).length === 0) return {}
  return {
    'Retry-After': {
      description: 'Seconds after which the request may be sent again.',
      required: true,
      schema: { type: 'string', pattern: '^[1-9][0-9]*$' },
    },
  }
}
