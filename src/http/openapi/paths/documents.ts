import { HTML_TYPE } from '../document-endpoint.ts'
import { JSON_TYPE } from '../../edge/dialect.ts'
import { OF_EVERY_ROUTE } from '../errors.ts'
import { operation } from '../operation.ts'
import type { OperationParts } from '../operation-parts.ts'
import { REQUEST_ID } from '../parameters.ts'
import { EVERY_REPLY } from '../reply-headers.ts'
import type { Operation, Paths } from '../types.ts'

/** `/openapi.json` and `/docs`. */
export function documentPaths(): Paths {
  return {
    '/openapi.json': {
      get: get(JSON_TYPE, {
        path: '/openapi.json',
        operationId: 'getDocument',
        summary: 'Get this document',
        description: 'Returns the description of this API, as OpenAPI 3.1.',
      }),
    },
    '/docs': {
      get: get(HTML_TYPE, {
        path: '/docs',
        operationId: 'getDocs',
        summary: 'Read this document',
        description: 'Returns the same as a page for people.',
      }),
    },
  }
}

function get(
  type: string,
  parts: Pick<OperationParts, 'path' | 'operationId' | 'summary' | 'description'>,
): Operation {
  return operation({
    ...{ ...parts, method: 'get', parameters: [REQUEST_ID] },
    replies: {
      200: {
        description: 'The document.',
        headers: EVERY_REPLY,
        content: {
          [type]: { schema: { type: type === JSON_TYPE ? 'object' : 'string' } },
        },
      },
    },
    errorForm: 'Plain',
    errors: OF_EVERY_ROUTE,
    samples: [{ name: 'get', summary: parts.summary, status: 200 }],
  })
}
