/** The replies that say no: one for each status, in each of the forms in which APIs say it. */
import { ERROR_CODES, type ErrorCode } from '../../base/errors.ts'
import { JSON_TYPE } from '../edge/dialect.ts'
import {
  HTTP_MAPPINGS,
  restV3Status,
  rustStatusOfFailure,
  rustStatusOfRefusal,
} from '../error-mapper.ts'
import { REST_V2_TYPE } from '../rest/v2-media-type.ts'
import { EVERY_REPLY, headersOfStatus, PUSH_REPLY } from './reply-headers.ts'
import { schemaAt } from './texts.ts'
import type { MediaType, Response, Schema } from './types.ts'

/** The forms of errors. */
export type ErrorForm = 'Plain' | 'Push' | 'Rust' | 'Lines' | 'RestV2' | 'RestV3'

/** An error code, as clients see it. */
export interface DescribedCode {
  readonly code: ErrorCode
  readonly number: number
  readonly status: number
  readonly meaning: string
}

/** Never sent: it is printed at the start. */
const NOT_OF_HTTP = new Set<ErrorCode>(['CONFIG_INVALID'])

/** All codes, in the order of their numbers. */
export const CODES: readonly DescribedCode[] = Object.entries(ERROR_CODES)
  .flatMap(([name, meaning]) => {
    if (!isCode(name) || NOT_OF_HTTP.has(name)) return []
    const { status, errorCode: number } = HTTP_MAPPINGS[name]
    return [{ code: name, number, status, meaning }]
  })
  .toSorted((one, other) => one.number - other.number)

function isCode(name: string): name is ErrorCode {
  return Object.hasOwn(ERROR_CODES, name)
}

/** What may go wrong with any request, before a route has it or in kprf itself. */
export const OF_EVERY_ROUTE: readonly ErrorCode[] = [
  ...(['INVALID_HTTP', 'UNAUTHENTICATED', 'REQUEST_TIMEOUT', 'EXPECTATION_FAILED'] as const),
  ...(['MISDIRECTED_REQUEST', 'HOST_NOT_ALLOWED', 'HEADERS_TOO_LARGE', 'INTERNAL'] as const),
  ...(['NOT_IMPLEMENTED', 'OVERLOADED', 'JWT_KEYS_UNAVAILABLE'] as const),
  'HTTP_VERSION_NOT_SUPPORTED',
]

const OF_OTHERS = new Set<ErrorCode>(['NOT_FOUND', 'METHOD_NOT_ALLOWED'])

/** What may go wrong with a request that produces. */
export const OF_PUSHES: readonly ErrorCode[] = CODES.map(({ code }) => code).filter(
  (code) => !OF_OTHERS.has(code),
)

/** The status of a code in a form. */
export function statusOf(form: ErrorForm, code: ErrorCode): number {
  switch (form) {
    case 'Rust':
      return rustStatusOfRefusal(code)
    case 'RestV3':
      return restV3Status(code)
    default:
      return HTTP_MAPPINGS[code].status
  }
}

/** The reply of a status. @param codes - those that the operation has. */
export function errorResponse(
  form: ErrorForm,
  status: number,
  codes: readonly ErrorCode[],
): Response {
  const ofStatus = CODES.filter(
    ({ code }) => codes.includes(code) && statusOf(form, code) === status,
  )
  const lines = ofStatus.map(({ number, meaning }) =>
    form.startsWith('Rest') ? `- ${meaning}` : `- \`${number}\` ${meaning}`,
  )
  return {
    description: lines.join('\n'),
    headers: { ...(form === 'Plain' ? EVERY_REPLY : PUSH_REPLY), ...headersOfStatus(status) },
    content: contentOf(form, status, ofStatus),
  }
}

function contentOf(
  form: ErrorForm,
  status: number,
  codes: readonly DescribedCode[],
): Record<string, MediaType> {
  switch (form) {
    case 'RestV2':
      return { [REST_V2_TYPE]: { schema: schemaAt('RestV2Error') } }
    case 'RestV3':
      return { [JSON_TYPE]: { schema: schemaAt('RestV3Error') } }
    case 'Rust':
      return status === rustStatusOfFailure(true)
        ? { [JSON_TYPE]: { schema: schemaAt('RustError') } }
        : { 'text/plain': { schema: { type: 'string' } } }
    default:
      return { [JSON_TYPE]: { schema: { allOf: [schemaAt(`${form}Error`), numbersOf(codes)] } } }
  }
}

function numbersOf(codes: readonly DescribedCode[]): Schema {
  return { properties: { error_code: { enum: codes.map(({ number }) => number) } } }
}
