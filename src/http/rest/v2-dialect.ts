/**
 * Writes the replies of the API v2 of the Confluent REST Proxy, with the fields that clients of Strimzi's bridge and of
 * Karapace read: https://docs.confluent.io/platform/current/kafka-rest/api.html.
 */
import type { DeliveryReport, FailedDelivery } from '../../producer/types.ts'
import type { Reply } from '../edge/dialect.ts'
import type { Refusal } from '../error-body.ts'
import {
  codeOfFailure,
  HTTP_MAPPINGS,
  messageOfFailure,
  NO_CONTENT_STATUS,
  OK_STATUS,
  restV2CodeOfFailure,
  restV2CodeOfRefusal,
  restV2StatusOfFailures,
} from '../error-mapper.ts'
import type { DonePush, FailedPush, PushDialect } from '../push/push-dialect.ts'
import { MAX_FULL_ELEMENTS } from '../push/record-elements.ts'
import { REST_V2_TYPE } from './v2-media-type.ts'

/** Settings of the dialect. */
export interface RestDialectOptions {
  /** Whether a request of which every record failed has the status of its most important failure, and not 200. */
  readonly failRequestWhenAllFail: boolean
}

const ACCEPTED: Reply = { status: NO_CONTENT_STATUS, contentType: REST_V2_TYPE, body: '' }
/** Fields that every reply with offsets has. kprf knows no schemas. */
const SCHEMAS = '"key_schema_id":null,"value_schema_id":null'

/** Makes the dialect. */
export function restV2Dialect({ failRequestWhenAllFail }: RestDialectOptions): PushDialect {
  return {
    failuresAtOk: 'records failed, and the reply has the error of each',
    refusal: refuse,
    invalid: ({ decisive }) => refuse(decisive),
    done: ({ waitsForDelivery, reports = [] }) =>
      waitsForDelivery ? reply(OK_STATUS, offsetsBody(reports.map(elementOf))) : ACCEPTED,
    failed: (push) => failed(push, failRequestWhenAllFail),
  }
}

function refuse({ code, message }: Refusal): Reply {
  const body = `{"error_code":${restV2CodeOfRefusal(code)},"message":${JSON.stringify(message)}}`
  return reply(HTTP_MAPPINGS[code].status, body)
}

function failed(push: FailedPush, failRequestWhenAllFail: boolean): Reply {
  const { failures, decisive, waitsForDelivery } = push
  const codes = failures.flatMap((failure) => (failure ? codeOfFailure(failure) : []))
  const areAll = codes.length === failures.length
  // A client that does not wait looks at the status only.
  const mustSay = !waitsForDelivery || (failRequestWhenAllFail && areAll)
  const status = restV2StatusOfFailures(codes, decisive.code, mustSay)
  const summary =
    status === OK_STATUS
      ? ''
      : `,"error_code":${restV2CodeOfRefusal(decisive.code)},"message":${JSON.stringify(decisive.message)}`
  return reply(status, offsetsBody(elementsOf(push), summary))
}

function elementsOf({ failures, reports }: Pick<DonePush, 'reports'> & FailedPush): string[] {
  let failedCount = 0
  return failures.map((failure, index) => {
    if (failure === undefined) return elementOf(reports?.[index])
    failedCount += 1
    return failedElement(failure, failedCount <= MAX_FULL_ELEMENTS)
  })
}

/** Of a record that did not fail. Without a report nothing is known of its place: its client does not wait. */
function elementOf(report: DeliveryReport | undefined): string {
  if (report?.status !== 'persisted') return element('null', 'null')
  const { partition, offset } = report
  return element(String(partition), offset === undefined ? 'null' : String(offset))
}

function element(partition: string, offset: string): string {
  return `{"partition":${partition},"offset":${offset},"error_code":null,"error":null}`
}

/** Confluent's clients read `error`, those of Strimzi `message`. */
function failedElement(failure: FailedDelivery, hasTexts: boolean): string {
  const number = restV2CodeOfFailure(codeOfFailure(failure))
  const text = JSON.stringify(hasTexts ? messageOfFailure(failure) : '')
  return `{"partition":null,"offset":null,"error_code":${number},"error":${text},"message":${text}}`
}

function offsetsBody(elements: readonly string[], fields = ''): string {
  return `{"offsets":[${elements.join(',')}],${SCHEMAS}${fields}}`
}

function reply(status: number, body: string): Reply {
  return { status, contentType: REST_V2_TYPE, body }
}
