/** Combines the protocol definition of an API with the code that serves it. */
import type { Reply, ReceivedRequest, Target } from './exchange.ts'
import type { Api } from './protocol/api.ts'
import type { Session } from './session.ts'

/** Serves one request. */
export type Serve<Request, Response> = (
  request: Request,
  received: ReceivedRequest,
  session: Session,
) => Reply<Response> | Promise<Reply<Response>>

/** The part of a request that is to be answered with an error. */
export interface Refusal {
  readonly errorCode: number
  readonly matches: (target: Target) => boolean
}

/** Answers an error for the matching part of a request, and serves the rest. */
export type Refuse<Request, Response> = (
  refusal: Refusal,
  request: Request,
  received: ReceivedRequest,
  session: Session,
) => Reply<Response> | Promise<Reply<Response>>

/** An API and its code. The message types are internal to it. */
export interface Endpoint {
  readonly api: Api<unknown, unknown>
  serve(
    request: unknown,
    received: ReceivedRequest,
    session: Session,
  ): Reply<unknown> | Promise<Reply<unknown>>
  /** Absent if it is enough to serve the request and overwrite its error fields. */
  refuse?(
    refusal: Refusal,
    request: unknown,
    received: ReceivedRequest,
    session: Session,
  ): Reply<unknown> | Promise<Reply<unknown>>
}

/** Makes an endpoint; the compiler checks here that the code fits the protocol's layout. */
export function endpoint<Request, Response>(
  api: Api<Request, Response>,
  serve: Serve<Request, Response>,
  refuse?: Refuse<Request, Response>,
): Endpoint {
  return refuse ? { api, serve, refuse } : { api, serve }
}

/** A copy of a response in which every `errorCode` field, however deep, holds this code. */
export function overwriteErrors<Response>(response: Response, errorCode: number): Response
export function overwriteErrors(response: unknown, errorCode: number): unknown {
  if (Array.isArray(response)) {
    return response.map((one: unknown): unknown => overwriteErrors(one, errorCode))
  }
  if (typeof response !== 'object' || response === null || Buffer.isBuffer(response)) {
    return response
  }
  return Object.fromEntries(
    Object.entries(response).map(([name, value]: [string, unknown]) => [
      name,
      name === 'errorCode' ? errorCode : overwriteErrors(value, errorCode),
    ]),
  )
}
