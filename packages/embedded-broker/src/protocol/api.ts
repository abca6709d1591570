/** The protocol definition of one API: its key, the served versions, and the layout of its messages. */
import type { Codec, Format } from './codec.ts'

/** One request kind of Kafka's protocol. */
export interface Api<Request, Response> {
  readonly key: number
  readonly name: string
  /** Lowest and highest version served, both included. */
  readonly minVersion: number
  readonly maxVersion: number
  /** Lowest version in ApiVersions answers, if clients need to see a lower one than is served. */
  readonly advertisedMinVersion?: number
  /** First version with compact lengths and tagged fields (KIP-482); absent where none is served. */
  readonly flexibleFrom?: number
  readonly request: Codec<Request>
  readonly response: Codec<Response>
}

/** The request type of an API. */
export type RequestOf<A> = A extends Api<infer Request, unknown> ? Request : never

/** The response type of an API. */
export type ResponseOf<A> = A extends { readonly response: Codec<infer Response> }
  ? Response
  : never

/** How the messages of one version of an API are coded. */
export function formatOf(api: Api<unknown, unknown>, version: number): Format {
  return { version, isFlexible: version >= (api.flexibleFrom ?? Number.POSITIVE_INFINITY) }
}

/** Whether the broker serves this version of an API. */
export function serves(api: Api<unknown, unknown>, version: number): boolean {
  return version >= api.minVersion && version <= api.maxVersion
}
