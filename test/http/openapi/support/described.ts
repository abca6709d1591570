/** The document of kprf, and validators of its schemas. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { DocumentRules } from '../../../../src/http/openapi/rules.ts'
import { createDocument } from '../../../../src/http/openapi/document.ts'
import type {
  OpenApiDocument,
  Operation,
  Reference,
  Response,
  Schema,
} from '../../../../src/http/openapi/types.ts'
import { DEFAULT_SETTINGS } from '../../../support/http-edge.ts'

/** An operation, and where it is. */
export interface Described {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

/** The document of a kprf with these settings beside those of tests. */
export function documentOf(rules: Partial<DocumentRules> = {}): OpenApiDocument {
  return createDocument({ ...DEFAULT_SETTINGS, ...rules }, '1.2.3')
}

/** All operations of a document. */
export function operationsOf({ paths }: OpenApiDocument): readonly Described[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method, path, operation })),
  )
}

/** A reply of an operation, also if it is among the components. */
export function responseOf(
  { components }: OpenApiDocument,
  reply: Response | Reference | undefined,
): Response | undefined {
  if (reply === undefined || !('$ref' in reply)) return reply
  return components.responses[reply.$ref.replace('#/components/responses/', '')]
}

/** Compiles schemas of a document, strictly: a keyword that is misspelt is an error. */
export function validatorsOf(document: OpenApiDocument): (schema: Schema) => ValidateFunction {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    // Conditions name fields that are described beside them.
    strictRequired: false,
    strictTypes: false,
  })
  addFormats.default(ajv)
  ajv.addVocabulary(['components'])
  ajv.addSchema({ $id: 'document', components: document.components }, 'document')
  return (schema) =>
    ajv.compile(
      JSON.parse(
        JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/'),
      ) as object,
    )
}
