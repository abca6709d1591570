/**
 * Turns one request frame into its reply: header, body, faults, endpoint, response. Like Kafka, it closes the
 * connection for a frame that breaks the protocol, and for a request or version that is not served. Only
 * ApiVersions answers in every version, so that clients can ask.
 */
import type { Endpoint } from './endpoint.ts'
import { overwriteErrors } from './endpoint.ts'
import type { Exchange, ReceivedRequest, Reply } from './exchange.ts'
import { answer, targetsOf } from './exchange.ts'
import { unsupportedApiVersions } from './handlers/api-versions.ts'
import type { Api } from './protocol/api.ts'
import { formatOf, serves } from './protocol/api.ts'
import { apiVersionsApi } from './protocol/apis/api-versions.ts'
import { saslAuthenticateApi, saslHandshakeApi } from './protocol/apis/sasl.ts'
import { nullableString, skipTaggedFields } from './protocol/codec.ts'
import { MalformedFrame, Reader } from './protocol/reader.ts'
import { Writer } from './protocol/writer.ts'
import type { SaslStep } from './sasl/mechanism.ts'
import type { Session } from './session.ts'

/** Where a frame came from. */
export interface Origin {
  readonly brokerId: number
  readonly connectionId: number
  readonly session: Session
}

/** What a connection does after a request. */
export interface Outcome {
  /** Written in order, each on its own. */
  readonly pieces: readonly Buffer[]
  /** Whether and how the connection is closed afterwards; `hang` leaves it open without serving it. */
  readonly close: 'no' | 'end' | 'reset' | 'hang'
}

/** What a client may send before it has authenticated. */
const OPEN_TO_ALL: ReadonlySet<number> = new Set([
  apiVersionsApi.key,
  saslHandshakeApi.key,
  saslAuthenticateApi.key,
])

const CUT: Outcome = { pieces: [], close: 'end' }

interface Head {
  readonly apiKey: number
  readonly version: number
  readonly correlationId: number
}

/** Stands between a request and its handler. */
export interface Interceptor {
  /** Decides the reply to a request: `exchange.proceed()` lets the broker handle it. */
  intercept(exchange: Exchange<unknown, unknown>): Reply<unknown> | Promise<Reply<unknown>>
}

const NO_INTERCEPTOR: Interceptor = { intercept: (exchange) => exchange.proceed() }

/** Serves request frames. */
export class Dispatcher {
  readonly #endpoints: ReadonlyMap<number, Endpoint>
  readonly #interceptor: Interceptor

  constructor(endpoints: readonly Endpoint[], interceptor = NO_INTERCEPTOR) {
    this.#endpoints = new Map(endpoints.map((one) => [one.api.key, one]))
    this.#interceptor = interceptor
  }

  /** Serves one frame (without its length). Rejects only for a defect of the broker. */
  async serve(frame: Buffer, origin: Origin): Promise<Outcome> {
    try {
      return await this.#serve(frame, origin)
    } catch (error) {
      if (error instanceof MalformedFrame) return CUT
      throw error
    }
  }

  async #serve(frame: Buffer, origin: Origin): Promise<Outcome> {
    const { session } = origin
    if (session.authenticator?.expectsBareToken === true) {
      return bareStep(session.authenticator.next(frame))
    }
    const reader = new Reader(frame)
    const head = {
      apiKey: reader.int16(),
      version: reader.int16(),
      correlationId: reader.int32(),
    }
    const endpoint = this.#endpoints.get(head.apiKey)
    if (!endpoint || !(session.isAdmitted || OPEN_TO_ALL.has(head.apiKey))) return CUT
    if (!serves(endpoint.api, head.version)) return unsupported(endpoint.api, head)
    const { api } = endpoint
    const format = formatOf(api, head.version)
    const clientId = nullableString.read(reader, { ...format, isFlexible: false })
    if (format.isFlexible) skipTaggedFields(reader)
    const request = api.request.read(reader, format)
    const received: ReceivedRequest = {
      ...head,
      brokerId: origin.brokerId,
      connectionId: origin.connectionId,
      api: api.name,
      clientId,
      sizeBytes: frame.length,
      targets: targetsOf(request),
    }
    const exchange = exchangeOf(endpoint, { request, received, session })
    return outcomeOf(await this.#interceptor.intercept(exchange), api, head)
  }
}

interface Call {
  readonly request: unknown
  readonly received: ReceivedRequest
  readonly session: Session
}

function exchangeOf(
  endpoint: Endpoint,
  { request, received, session }: Call,
): Exchange<unknown, unknown> {
  return {
    received,
    request,
    proceed: async (changed = request) => endpoint.serve(changed, received, session),
    refuse: async (errorCode, matches) => {
      if (endpoint.refuse) {
        return endpoint.refuse({ errorCode, matches }, request, received, session)
      }
      const reply = await endpoint.serve(request, received, session)
      if (reply.kind !== 'answer') return reply
      return answer(overwriteErrors(reply.response, errorCode))
    },
  }
}

/** The answer to a SASL token without a request around it: a token likewise, or a closed connection. */
function bareStep(step: SaslStep): Outcome {
  if (step.kind === 'failed') return CUT
  const length = Buffer.alloc(4)
  length.writeInt32BE(step.token.length)
  return { pieces: [Buffer.concat([length, step.token])], close: 'no' }
}

function unsupported(api: Api<unknown, unknown>, { correlationId }: Head): Outcome {
  if (api.key !== apiVersionsApi.key) return CUT
  const head = { apiKey: api.key, version: 0, correlationId }
  return { pieces: [frameOf(unsupportedApiVersions(), api, head)], close: 'no' }
}

function outcomeOf(reply: Reply<unknown>, api: Api<unknown, unknown>, head: Head): Outcome {
  switch (reply.kind) {
    case 'none':
      return { pieces: [], close: 'no' }
    case 'cut':
      return { pieces: [], close: reply.withReset === true ? 'reset' : 'end' }
    case 'answer': {
      const frame = frameOf(reply.response, api, head)
      return {
        pieces: reply.distort?.(frame) ?? [frame],
        close: reply.thenCut === true ? 'end' : reply.thenHang === true ? 'hang' : 'no',
      }
    }
  }
}

function frameOf(
  response: unknown,
  api: Api<unknown, unknown>,
  { version, correlationId }: Head,
): Buffer {
  const format = formatOf(api, version)
  const writer = new Writer()
  writer.int32(0)
  writer.int32(correlationId)
  // ApiVersions keeps the old header, because its reader does not know the served versions yet.
  if (format.isFlexible && api.key !== apiVersionsApi.key) writer.unsignedVarint(0)
  api.response.write(writer, response, format)
  const frame = writer.bytes()
  frame.writeInt32BE(frame.length - 4, 0)
  return frame
}
