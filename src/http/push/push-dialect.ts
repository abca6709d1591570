/** The forms of the replies of `/push`: `http.replies`. */
import type { HttpConfig } from '../../config/types.ts'
import type { FailedDelivery } from '../../producer/types.ts'
import { type Dialect, JSON_TYPE, type Reply } from '../edge/dialect.ts'
import { type Refusal, refusedPushBody } from '../error-body.ts'
import { HTTP_MAPPINGS, rustStatusOfFailure, rustStatusOfRefusal } from '../error-mapper.ts'
import { areUnreadable, type Problems, refusedTogether } from './invalid-records.ts'
import { failedPushBody, invalidPushBody } from './record-elements.ts'
import { rustElements, rustPushBody } from './rust-elements.ts'

/** A push some of whose records failed. */
export interface FailedPush {
  /** By record index; `undefined` for records that did not fail. */
  readonly failures: readonly (FailedDelivery | undefined)[]
  /** The failure that sets the status. */
  readonly decisive: Refusal
  readonly waitsForDelivery: boolean
  /** JSON of the offsets of the other records, if requested. */
  readonly offsets: string | undefined
}

/** A push of which nothing was produced. */
export interface InvalidPush extends Pick<FailedPush, 'decisive' | 'waitsForDelivery'> {
  readonly problems: Problems
}

/** How `/push` says that something failed. */
export interface PushDialect extends Dialect {
  /** Writes the reply to a push some of whose records failed. */
  failed(push: FailedPush, requestId: string): Reply
  /** Writes the reply to a push of which nothing was produced, because of invalid records. */
  invalid(push: InvalidPush, requestId: string): Reply
}

/** The reply to nearly every push, whatever the form. */
export const OK_BODY = '{"status":"ok","errors":[]}'

const README: PushDialect = {
  refusal: (refusal, requestId) =>
    json(HTTP_MAPPINGS[refusal.code].status, refusedPushBody(refusal, requestId)),
  failed: ({ failures, decisive, offsets }, requestId) =>
    json(
      HTTP_MAPPINGS[decisive.code].status,
      failedPushBody(failures, decisive, requestId, offsets),
    ),
  invalid: ({ problems, decisive }, requestId) =>
    json(HTTP_MAPPINGS[decisive.code].status, invalidPushBody(problems, decisive, requestId)),
}

/** What the release says in whole sentences of its own. */
const RUST_TEXTS: Partial<Record<Refusal['code'], string>> = {
  METHOD_NOT_ALLOWED: 'HTTP method not allowed',
  UNSUPPORTED_MEDIA_TYPE: "The request's content-type is not supported",
}

/** What has the status of a body that cannot be read, and is none. */
const OF_THE_HEAD = new Set<Refusal['code']>(['INVALID_HTTP', 'INVALID_IDEMPOTENCY_KEY'])

const RUST: PushDialect = {
  refusal: refuseAsRust,
  failed: ({ failures, waitsForDelivery, offsets }) =>
    json(
      rustStatusOfFailure(waitsForDelivery),
      waitsForDelivery ? rustPushBody(rustElements(failures), offsets) : OK_BODY,
    ),
  // The release said ok to a client that does not wait, and sent the others. Here nothing was sent: it must hear of it.
  invalid: ({ problems, decisive, waitsForDelivery }) =>
    waitsForDelivery && !areUnreadable(problems)
      ? json(rustStatusOfFailure(true), rustPushBody(rustElements(refusedTogether(problems))))
      : refuseAsRust(decisive),
}

/** The dialect of each value of `http.replies`. */
export const PUSH_DIALECTS: Readonly<Record<HttpConfig['replies'], PushDialect>> = {
  readme: README,
  rust: RUST,
}

/** Refusals are plain text there; only a failed push is JSON. */
function refuseAsRust({ code, message }: Refusal): Reply {
  const status = rustStatusOfRefusal(code)
  if (code === 'INTERNAL') return json(status, rustPushBody([{ error: true, message }]))
  const isOfBody = status === HTTP_MAPPINGS.INVALID_JSON.status && !OF_THE_HEAD.has(code)
  const text = isOfBody ? `Request body deserialize error: ${message}` : message
  return { status, contentType: 'text/plain; charset=utf-8', body: RUST_TEXTS[code] ?? text }
}

function json(status: number, body: string): Reply {
  return { status, contentType: JSON_TYPE, body }
}
