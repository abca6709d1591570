import { JSON_TYPE } from '../edge/dialect.ts'
import type { Route } from '../edge/route.ts'
import type { ReplyRoom } from '../reply-room.ts'
import { createDocument } from './document.ts'
import { DocumentEndpoint, HTML_TYPE } from './document-endpoint.ts'
import { docsPage, PAGE_POLICY } from './page/page.ts'
import type { DocumentRules } from './rules.ts'
import type { OpenApiDocument } from './types.ts'

/** Makes the routes that describe the others. @param version - of kprf. */
export function createDocumentRoutes(
  rules: DocumentRules,
  version: string,
  replyRoom: ReplyRoom,
): readonly Route[] {
  const document = (): OpenApiDocument => createDocument(rules, version)
  return [
    new DocumentEndpoint(
      {
        ...{ name: 'OpenAPI document', path: '/openapi.json', contentType: JSON_TYPE },
        makeBody: () => JSON.stringify(document()),
      },
      replyRoom,
    ),
    new DocumentEndpoint(
      {
        ...{ name: 'docs page', path: '/docs', contentType: HTML_TYPE },
        makeBody: () => docsPage(document()),
        headers: [
          ...['Content-Security-Policy', PAGE_POLICY],
          ...['Referrer-Policy', 'no-referrer'],
        ],
      },
      replyRoom,
    ),
  ]
}
