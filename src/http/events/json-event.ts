/** Checks an event that is one JSON object: JSON event format of CloudEvents 1.0.2. Pure. */
import { isJsonObject } from '../push/fields.ts'
import { parseBytes } from '../push/parse-bytes.ts'
import { Problem } from '../push/problem.ts'
import { checkAttributes, checkName, PARTITION_KEY } from './attributes.ts'
import type { EventHead } from './binary-event.ts'

const DATA = 'data'
const DATA_BASE64 = 'data_base64'

/** @param contentType - of the request; that of the record in Kafka (Kafka protocol binding, section 3.3). */
export function parseStructuredEvent(event: unknown, contentType: string): EventHead | Problem {
  const key = keyOfJsonEvent(event)
  if (key instanceof Problem) return key
  return { key, headers: [{ key: 'content-type', value: Buffer.from(contentType, 'latin1') }] }
}

/** @returns the key of its record: the attribute `partitionkey`, null without it. */
export function keyOfJsonEvent(event: unknown): string | null | Problem {
  if (!isJsonObject(event)) return NO_OBJECT
  const attributes: (readonly [string, unknown])[] = []
  let key: string | null = null
  for (const [name, value] of Object.entries(event)) {
    if (name === DATA || name === DATA_BASE64) continue
    const misnamed = checkName(name)
    if (misnamed !== undefined) return misnamed
    // An attribute that is null counts as absent (section 2.2).
    if (value === null) continue
    attributes.push([name, value])
    if (name === PARTITION_KEY && typeof value === 'string') key = value
  }
  return checkAttributes(attributes, '') ?? checkData(event[DATA], event[DATA_BASE64]) ?? key
}

/** Data is any JSON; bytes are in base64 beside it (section 3.1). */
function checkData(data: unknown, encoded: unknown): Problem | undefined {
  if (encoded === undefined || encoded === null) return undefined
  if (data !== undefined && data !== null) return TWO_DATA
  if (typeof encoded !== 'string') return BASE64_OF_OTHER_TYPE
  const bytes = parseBytes(encoded, DATA_BASE64, true)
  return bytes instanceof Problem ? bytes : undefined
}

const NO_OBJECT = new Problem('INVALID_RECORD', 'an event must be a JSON object')
const TWO_DATA = new Problem('INVALID_RECORD', 'an event must have data or data_base64, not both')
const BASE64_OF_OTHER_TYPE = new Problem('INVALID_RECORD', 'data_base64 must be a string')
