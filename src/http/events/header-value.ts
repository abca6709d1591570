/** Reads an attribute of an event out of a header: HTTP protocol binding of CloudEvents 1.0.2, section 3.1.3.2. Pure. */
import { isUtf8 } from 'node:buffer'

const QUOTED = /^"(?:[^"\\]|\\.)*"$/s
const QUOTED_PAIR = /\\(.)/gs
const ENCODED_BYTES = /(?:%[0-9a-f]{2})+/gi

/**
 * Takes away the quotes around a value, then the percent-encoding, once. A `%` that encodes nothing stands for itself, as
 * the SDKs of JavaScript and Go mean it, which encode nothing.
 *
 * @param value - as Node.js reads it, a character for each byte. Bytes that are no UTF-8 are taken for Latin-1
 * (RFC 9110, 5.5), as programs in JavaScript send them.
 * @returns `undefined` if the encoded bytes are no UTF-8.
 */
export function decodeHeaderValue(value: string): string | undefined {
  const bytes = Buffer.from(value, 'latin1')
  const text = isUtf8(bytes) ? bytes.toString('utf8') : value
  const plain = QUOTED.test(text) ? text.slice(1, -1).replace(QUOTED_PAIR, '$1') : text
  if (!plain.includes('%')) return plain
  try {
    return plain.replace(ENCODED_BYTES, decodeURIComponent)
  } catch {
    return undefined
  }
}
