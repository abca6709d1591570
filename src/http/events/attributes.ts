/** The rules for the attributes of an event, in whatever mode it comes: CloudEvents 1.0.2, section 3. Pure. */
import { isDateTime } from '../date-time.ts'
import { quotedName } from '../../base/quotable.ts'
import { Problem } from '../push/problem.ts'

/** The attribute that becomes the key of the record (Kafka protocol binding, 3.1). */
export const PARTITION_KEY = 'partitionkey'

/** Names and values. A name is there once, and its value is not null. */
export type Attributes = Iterable<readonly [name: string, value: unknown]>

const SPEC_VERSION = 'specversion'
export const REQUIRED_ATTRIBUTES: readonly string[] = [SPEC_VERSION, 'id', 'source', 'type']
/** Those of the specification that are optional, and the extension that kprf knows: texts that are not empty. */
export const TEXT_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...REQUIRED_ATTRIBUTES,
  ...['datacontenttype', 'dataschema', 'subject', 'time', PARTITION_KEY],
])

const NAME = /^[a-z0-9]+$/
/** Control characters, halves of surrogate pairs and noncharacters (section 3.1.1, String). */
const FORBIDDEN_CHARACTER = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u
/** Integers of events have 32 bits (section 3.1.1, Integer). */
export const MAX_INTEGER = 2 ** 31 - 1
/** @param prefix - of the names in the request, for messages. */
export function checkAttributes(attributes: Attributes, prefix: string): Problem | undefined {
  const missing = new Set(REQUIRED_ATTRIBUTES)
  for (const [name, value] of attributes) {
    missing.delete(name)
    const wrong = wrongWith(name, value)
    if (wrong !== undefined) {
      return new Problem('INVALID_RECORD', `${labelOf(name, prefix)} ${wrong}`)
    }
  }
  const [first] = missing
  if (first === undefined) return undefined
  return new Problem('INVALID_RECORD', `${prefix}${first} is missing, which every event needs`)
}

/** What a message calls an attribute: names that kprf does not know are the client's, and as long as it likes. */
export function labelOf(name: string, prefix: string): string {
  return TEXT_ATTRIBUTES.has(name)
    ? `${prefix}${name}`
    : `the attribute with the name ${quotedName(name)}`
}

/** Checks a name that may be that of an attribute. */
export function checkName(name: string): Problem | undefined {
  if (NAME.test(name) && name !== 'data') return undefined
  return new Problem(
    'INVALID_RECORD',
    `an attribute cannot have the name ${quotedName(name)}; the characters of a name are a-z and 0-9, and data is none`,
  )
}

/** Says what is wrong with an attribute. */
function wrongWith(name: string, value: unknown): string | undefined {
  if (typeof value !== 'string') return wrongWithOther(name, value)
  if (value === '' && TEXT_ATTRIBUTES.has(name)) return 'must not be empty'
  if (FORBIDDEN_CHARACTER.test(value)) return FORBIDDEN_TEXT
  if (name === SPEC_VERSION && value !== '1.0') {
    return 'must be 1.0: events of other versions of CloudEvents are not taken'
  }
  return name === 'time' && !isDateTime(value)
    ? 'must be a time as in RFC 3339, such as 2026-01-31T12:00:00Z'
    : undefined
}

const FORBIDDEN_TEXT =
  'has a character that no attribute may have: a control character, half of a surrogate pair or a noncharacter'

function wrongWithOther(name: string, value: unknown): string | undefined {
  if (TEXT_ATTRIBUTES.has(name)) return 'must be a string'
  if (typeof value === 'boolean' || isInteger(value)) return undefined
  return 'must be a string, an integer of 32 bits, true or false'
}

function isInteger(value: unknown): boolean {
  return (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= -MAX_INTEGER - 1 &&
    value <= MAX_INTEGER
  )
}
