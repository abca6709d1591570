import type { LogLevel } from '../base/log-level.ts'
import { ANONYMOUS, type Principal } from '../base/principal.ts'
import { withoutQuotedNames } from '../base/quotable.ts'
import type { Logger } from '../telemetry/logging.ts'
import { clientAddressOf } from './client-address.ts'
import type { Refusal } from './error-body.ts'
import { CLIENT_GONE_STATUS, HTTP_MAPPINGS } from './error-mapper.ts'
import type { RequestHead } from './exchange.ts'

/** Why a request failed, and the topic of the record that decided it, if one did. */
export interface Failure extends Refusal {
  readonly topic?: string | undefined
}

/** A request that was answered, or whose client left. */
export interface FailedRequest {
  /** `push`, for example. */
  readonly name: string
  readonly request: RequestHead
  readonly requestId: string
  /** Who sent it; `undefined` if that was not found out. */
  readonly principal?: Principal
  readonly status: number
  /** `undefined` if its client left. */
  readonly failure: Failure | undefined
  /** `undefined` if it was refused at once. */
  readonly durationMs?: number
}

/**
 * Logs a request that failed, so that the request id of a reply finds the reason. Lines are limited by error code, so
 * that the many mistakes of one client do not hide the one of another.
 */
export function logFailure(
  log: Pick<Logger, 'limited'>,
  { name, request, requestId, principal, status, failure, durationMs }: FailedRequest,
): void {
  const errorCode = failure && HTTP_MAPPINGS[failure.code].errorCode
  const kind = { status, ...(errorCode !== undefined && { error_code: errorCode }) }
  const [level, outcome] = levelOf(failure ? HTTP_MAPPINGS[failure.code].status : status)
  const fields = {
    ...kind,
    reason: failure && withoutQuotedNames(failure.message),
    topic: failure?.topic,
    principal: principal === ANONYMOUS ? undefined : principal?.name,
    address: clientAddressOf(request),
    request_id: requestId,
    duration_ms: durationMs === undefined ? undefined : Math.round(durationMs),
  }
  log.limited(level, `${name} ${errorCode ?? status}`, `${name} ${outcome}`, fields, kind)
}

/** Logs a request that was served, at level `debug`. */
export function logServed(
  log: Pick<Logger, 'debug' | 'isDebug'>,
  served: Pick<FailedRequest, 'name' | 'request' | 'requestId' | 'principal'> & {
    readonly durationMs: number
  },
): void {
  if (!log.isDebug) return
  const { name, request, requestId, principal, durationMs } = served
  log.debug(`${name} served`, {
    principal: principal?.name,
    address: clientAddressOf(request),
    request_id: requestId,
    duration_ms: Math.round(durationMs),
  })
}

/**
 * What clients do wrong is for those who look for it; what goes wrong in kprf or Kafka is a warning.
 *
 * @param status - as the README has it: `http.replies: rust` answers a mistake of its client 500.
 */
function levelOf(status: number): readonly [LogLevel, string] {
  if (status === CLIENT_GONE_STATUS) return ['info', 'given up by its client']
  return status >= 500 ? ['warn', 'failed'] : ['info', 'refused']
}
