/** The parts of an OpenAPI 3.1 document that kprf uses: https://spec.openapis.org/oas/v3.1.1. */

export type Json = null | boolean | number | string | readonly Json[] | JsonMap

/** A JSON object. */
export interface JsonMap {
  readonly [name: string]: Json
}

/** JSON Schema 2020-12. */
export type Schema = JsonMap

type ByName<Value> = Readonly<Record<string, Value>>

/** A value that a reader may try. Those of one request and its reply have one name. */
export interface Example {
  readonly summary: string
  readonly value: Json
}

/** A body of one media type. */
export interface MediaType {
  readonly schema?: Schema
  readonly examples?: ByName<Example>
}

/** A header of replies. */
export interface Header {
  readonly description: string
  readonly required?: boolean
  readonly schema: Schema
}

/** A part of the path, the query or the head of a request. */
export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly description: string
  readonly required?: boolean
  readonly schema: Schema
  readonly examples?: ByName<Example>
}

/** The body of a request. */
export interface RequestBody {
  readonly description?: string
  readonly required: boolean
  readonly content: ByName<MediaType>
}

/** A reply. */
export interface Response {
  readonly description: string
  readonly headers: ByName<Header>
  readonly content?: ByName<MediaType>
}

/** A place in {@link Components}, such as `#/components/schemas/Record`. */
export interface Reference {
  readonly $ref: string
}

/** An example as a command, a field that several readers of OpenAPI know. */
export interface CodeSample {
  readonly lang: 'Shell'
  readonly label: string
  readonly source: string
}

/** One method of one path. */
export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly parameters: readonly Parameter[]
  readonly requestBody?: RequestBody
  readonly responses: ByName<Response | Reference>
  readonly 'x-codeSamples': readonly CodeSample[]
}

/** The methods of kprf's routes. */
export type Method = 'get' | 'post' | 'put'

/** The operations of each path. */
export type Paths = ByName<Partial<Readonly<Record<Method, Operation>>>>

/** What operations share. */
export interface Components {
  readonly schemas: ByName<Schema>
  readonly responses: ByName<Response>
  readonly securitySchemes: ByName<JsonMap>
}

/** The document at `/openapi.json`. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1'
  readonly info: JsonMap & { readonly title: string; readonly version: string }
  readonly servers: readonly { readonly url: string }[]
  readonly security: readonly ByName<readonly string[]>[]
  readonly paths: Paths
  readonly components: Components
}
