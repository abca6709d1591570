/** The forms of the replies of `/push`: `http.replies`. */
import type { HttpConfig } from '../../config/types.ts'
import type { DeliveryReport, FailedDelivery } from '../../producer/types.ts'
import { type Dialect, JSON_TYPE, type Reply } from '../edge/dialect.ts'
import { type Refusal, refusedPushBody } from '../error-body.ts'
import {
  HTTP_MAPPINGS,
  OK_STATUS,
  rustStatusOfFailure,
  rustStatusOfRefusal,
} from '../error-mapper.ts'
import { areUnreadable, type Problems, refusedTogether } from './invalid-records.ts'
import { failedPushBody, invalidPushBody, offsetsBody, offsetsOf } from './record-elements.ts'
import { rustElements, rustPushBody } from './rust-elements.ts'

/** A push of which no record failed. */
export interface DonePush {
  readonly waitsForDelivery: boolean
  /** By record index, if the reply has them. */
  readonly reports: readonly (DeliveryReport | undefined)[] | undefined
}

/** A push some of whose records failed. */
export interface FailedPush extends DonePush {
  /** By record index; `undefined` for records that did not fail. */
  readonly failures: readonly (FailedDelivery | undefined)[]
  /** The failure that sets the status. */
  readonly decisive: Refusal
}

/** A push of which nothing was produced. */
export interface InvalidPush extends Pick<FailedPush, 'decisive' | 'waitsForDelivery'> {
  readonly problems: Problems
}

/** How `/push` says that something failed. */
export interface PushDialect extends Dialect {
  /**
   * What the log says of a push with failed records that is answered 200: that its client was told ok, or that the reply
   * has a code for each record.
   */
  readonly failuresAtOk: string
  /** Writes the reply to a push of which no record failed. */
  done(push: DonePush): Reply
  /** Writes the reply to a push some of whose records failed. */
  failed(push: FailedPush, requestId: string): Reply
  /** Writes the reply to a push of which nothing was produced, because of invalid records. */
  invalid(push: InvalidPush, requestId: string): Reply
}

/** The reply to nearly every push, whatever the form. */
const OK_BODY = '{"status":"ok","errors":[]}'

/** The reply to nearly every push. */
export const OK: Reply = { status: OK_STATUS, contentType: JSON_TYPE, body: OK_BODY }

const UNTOLD = 'records failed, and their client was told ok'

function done({ reports }: DonePush): Reply {
  return reports === undefined ? OK : { ...OK, body: offsetsBody(offsetsOf(reports)) }
}

function offsetsIn({ reports }: DonePush): string | undefined {
  return reports && offsetsOf(reports)
}

const README: PushDialect = {
  failuresAtOk: UNTOLD,
  done,
  refusal: (refusal, requestId) =>
    json(HTTP_MAPPINGS[refusal.code].status, refusedPushBody(refusal, requestId)),
  failed: (push, requestId) =>
    json(
      HTTP_MAPPINGS[push.decisive.code].status,
      failedPushBody(push.failures, push.decisive, requestId, offsetsIn(push)),
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
  failuresAtOk: UNTOLD,
  done,
  refusal: refuseAsRust,
  failed: (push) =>
    json(
      rustStatusOfFailure(push.waitsForDelivery),
      push.waitsForDelivery ? rustPushBody(rustElements(push.failures), offsetsIn(push)) : OK_BODY,
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
