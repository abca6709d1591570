/** Checks texts that become bytes of a record. Pure. */
import type { RecordBytes } from '../../producer/types.ts'
import { Mistyped, Problem } from './problem.ts'

/** Takes a text, or the bytes that it stands for. */
export function parseBytes(
  value: unknown,
  field: string,
  isBase64: boolean,
): RecordBytes | Problem {
  if (typeof value !== 'string') {
    return new Mistyped('INVALID_RECORD', `${field} must be a string or null`)
  }
  if (!isBase64) return value.isWellFormed() ? value : loneSurrogate(field)
  // Node decodes whatever it can and skips the rest: strict means that nothing was skipped.
  const bytes = Buffer.from(value, 'base64')
  if (bytes.toString('base64') === value) return bytes
  return new Problem('INVALID_BASE64', `${field} must be padded base64 (RFC 4648, section 4)`)
}

/** As encodings are named elsewhere. */
const UTF_8 = /^utf-?8$/i

/** Returns whether `encoding` stands for base64; `undefined` if it stands for nothing that kprf knows. */
export function isBase64Encoding(encoding: unknown): boolean | undefined {
  if (encoding == null || encoding === 'utf8') return false
  if (encoding === 'base64') return true
  return typeof encoding === 'string' && UTF_8.test(encoding) ? false : undefined
}

/** JSON can escape half of a surrogate pair; UTF-8 has no bytes for it (RFC 8259, 8.2). */
export function loneSurrogate(field: string): Problem {
  return new Mistyped('INVALID_TEXT', `${field} has a lone surrogate, which UTF-8 cannot express`)
}
