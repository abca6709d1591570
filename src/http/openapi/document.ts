/**
 * Makes the OpenAPI 3.1 document of the main port. To describe a door, add a file to `paths` and list it here:
 * `test/http/openapi` finds routes that are not described, fields that only a parser or only a schema knows, and examples
 * that are answered otherwise than the document says.
 *
 * The parsers do not follow the schemas, so that they can say where a mistake is and what is allowed there, in one pass
 * over the body: docs/DESIGN.md.
 */
import { errorResponses } from './operation.ts'
import { OF_EVERY_ROUTE, OF_PUSHES } from './errors.ts'
import { documentPaths } from './paths/documents.ts'
import { CLOUD_EVENT, eventsPaths } from './paths/events.ts'
import { LINES_ERRORS, ndjsonPaths } from './paths/ndjson.ts'
import { pushPaths } from './paths/push.ts'
import { OF_READS, readPaths } from './paths/reads.ts'
import { rawPaths } from './paths/raw.ts'
import { restV2Paths, restV2Schemas } from './paths/rest-v2.ts'
import { restV3Paths, restV3Schemas } from './paths/rest-v3.ts'
import { pushSchemas } from './push-schemas.ts'
import { REPLY_SCHEMAS, RUST_ERROR } from './reply-schemas.ts'
import type { DocumentRules } from './rules.ts'
import type { OpenApiDocument, Paths } from './types.ts'

/** Pushes and questions share the errors of one form. */
const OF_REST = [...new Set([...OF_PUSHES, ...OF_READS])]

/** @param version - of kprf. */
export function createDocument(rules: DocumentRules, version: string): OpenApiDocument {
  return {
    openapi: '3.1.1',
    info: {
      title: 'kprf',
      version,
      summary: 'Takes records over HTTP and produces them to Kafka.',
      description: descriptionOf(rules),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{}, { token: [] }, { password: [] }],
    paths: merged([
      ...[pushPaths(rules), rawPaths(rules), ndjsonPaths(), eventsPaths(rules)],
      ...[restV2Paths(), restV3Paths(), readPaths(), documentPaths()],
    ]),
    components: {
      schemas: {
        ...pushSchemas(rules),
        CloudEvent: CLOUD_EVENT,
        ...restV2Schemas(rules),
        ...restV3Schemas(rules),
        ...REPLY_SCHEMAS,
        ...(rules.replies === 'rust' && { RustError: RUST_ERROR }),
      },
      responses: {
        ...errorResponses('Push', OF_PUSHES),
        ...(rules.replies === 'rust' && errorResponses('Rust', OF_PUSHES)),
        ...errorResponses('Lines', LINES_ERRORS),
        ...errorResponses('Plain', OF_EVERY_ROUTE),
        ...errorResponses('RestV2', OF_REST),
        ...errorResponses('RestV3', OF_REST),
      },
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token of `http.auth.tokens`, or a JSON Web Token, if kprf asks for one.',
        },
        password: {
          type: 'http',
          scheme: 'basic',
          description: 'The same token as the password, with any user.',
        },
      },
    },
  }
}

/** One path may have operations of several doors. */
function merged(doors: readonly Paths[]): Paths {
  const paths: Record<string, Paths[string]> = {}
  for (const door of doors) {
    for (const [path, operations] of Object.entries(door)) {
      paths[path] = { ...paths[path], ...operations }
    }
  }
  return paths
}

function descriptionOf({ maxBodyBytes, maxRecordsPerRequest }: DocumentRules): string {
  return [
    `A request has a body of at most ${grouped(maxBodyBytes)} bytes and at most ${grouped(maxRecordsPerRequest)} records (of \`/topics/{topic}/ndjson\`, a line has that many bytes, and there may be any number of lines).`,
    'Depending on its configuration, kprf asks clients who they are. Webhooks, whose paths the operator chooses, are not described here.',
  ].join('\n\n')
}

/** A number as it is read, such as 10,000. */
function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
