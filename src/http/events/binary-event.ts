/**
 * Reads the head of a request in binary mode: each header `ce-NAME` becomes the header `ce_NAME` of the record, and
 * Content-Type its `content-type` (Kafka protocol binding of CloudEvents 1.0.2, section 3.2). Pure.
 */
import type { RecordHeader } from '../../producer/types.ts'
import { Problem } from '../push/problem.ts'
import { checkAttributes, checkName, labelOf, PARTITION_KEY } from './attributes.ts'
import { ATTRIBUTE_HEADER } from './content-mode.ts'
import { decodeHeaderValue } from './header-value.ts'

/** What the attributes of an event say of its record. */
export interface EventHead {
  /** The attribute `partitionkey`; null without it. */
  readonly key: string | null
  readonly headers: readonly RecordHeader[]
}

const HTTP_PREFIX = 'ce-'
const KAFKA_PREFIX = 'ce_'
const CONTENT_TYPE = 'content-type'

/** @param rawHeaders - names and values, alternating. */
export function parseBinaryEvent(rawHeaders: readonly string[]): EventHead | Problem {
  const attributes = new Map<string, string>()
  const headers: RecordHeader[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const written = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    if (ATTRIBUTE_HEADER.test(written)) {
      const name = written.slice(HTTP_PREFIX.length).toLowerCase()
      const text = parseAttribute(name, value, attributes)
      if (text instanceof Problem) return text
      attributes.set(name, text)
      headers.push({ key: `${KAFKA_PREFIX}${name}`, value: text })
    } else if (written.toLowerCase() === CONTENT_TYPE) {
      headers.push({ key: CONTENT_TYPE, value: Buffer.from(value, 'latin1') })
    }
  }
  const wrong = checkAttributes(attributes, HTTP_PREFIX)
  return wrong ?? { key: attributes.get(PARTITION_KEY) ?? null, headers }
}

function parseAttribute(
  name: string,
  value: string,
  known: ReadonlyMap<string, string>,
): string | Problem {
  const misnamed = checkName(name)
  if (misnamed !== undefined) return misnamed
  if (name === 'datacontenttype') return TYPE_AS_ATTRIBUTE
  if (known.has(name)) {
    return new Problem(
      'DUPLICATE_NAME',
      `the request has ${labelOf(name, HTTP_PREFIX)} more than once`,
    )
  }
  return (
    decodeHeaderValue(value) ??
    new Problem(
      'INVALID_TEXT',
      `${labelOf(name, HTTP_PREFIX)} has a % that does not encode UTF-8: write a literal % as %25`,
    )
  )
}

const TYPE_AS_ATTRIBUTE = new Problem(
  'INVALID_RECORD',
  'ce-datacontenttype is not taken: in binary mode the type of the data is Content-Type',
)
