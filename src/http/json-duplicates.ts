/** Finds a name that an object has twice, in bytes that are JSON. Used once it is known that there is one. */
import { quotedName } from '../base/quotable.ts'
import { byteMarks } from './byte-marks.ts'
import type { JsonTextKind } from './json-error.ts'
import { endOfString } from './json-string.ts'

const QUOTE = 0x22
const COLON = 0x3a
const CLOSING_BRACKET = 0x5d
const CLOSING_BRACE = 0x7d
const IS_STRUCTURE = byteMarks('":[]{}')

interface Duplicate {
  readonly name: string
  /** Of the second one. */
  readonly offset: number
}

/** Describes the first, such as `line 1, column 20: an object has the name "data" twice`. */
export function describeDuplicate(body: Buffer, kind: JsonTextKind = 'body'): string {
  const duplicate = findDuplicate(body)
  if (duplicate === undefined) return `an object of the ${kind} has a name twice`
  const before = body.toString('utf8', 0, duplicate.offset)
  const line = before.split('\n').length
  const column = before.length - before.lastIndexOf('\n')
  return `${kind === 'line' ? '' : `line ${line}, `}column ${column}: the object has the name ${quotedName(duplicate.name)} twice`
}

function findDuplicate(bytes: Buffer): Duplicate | undefined {
  /** Of the objects and arrays that are open; arrays have none. */
  const open: Set<unknown>[] = []
  let nameStart = 0
  let nameEnd = 0
  let at = 0
  for (;;) {
    while (at < bytes.length && IS_STRUCTURE[bytes[at] ?? 0] === 0) at += 1
    if (at >= bytes.length) return undefined
    const byte = bytes[at]
    at += 1
    if (byte === QUOTE) {
      nameStart = at - 1
      at = nameEnd = endOfString(bytes, at)
    } else if (byte === COLON) {
      const name: unknown = JSON.parse(bytes.toString('utf8', nameStart, nameEnd))
      const names = open.at(-1)
      if (names?.has(name)) return { name: String(name), offset: nameStart }
      names?.add(name)
    } else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) {
      open.pop()
    } else {
      open.push(new Set())
    }
  }
}
