/** One of each kind of record that can be pushed. */
import type { PushedRecord } from '../../support/push.ts'

/** All 256 bytes, in base64. */
export const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString(
  'base64',
)

/** Characters from all 17 planes of Unicode, NUL among them; surrogates are none. */
const everyPlane = Array.from({ length: 0x110000 / 256 }, (_, index) => index * 256)
  .filter((codePoint) => codePoint < 0xd800 || codePoint > 0xdfff)
  .map((codePoint) => String.fromCodePoint(codePoint))
  .join('')

/** One of each kind of record; the topic is added. */
export const kinds: Readonly<Record<string, Omit<PushedRecord, 'topic'>>> = {
  unkeyed: { data: 'value' },
  'with a null key': { data: 'value', key: null },
  'with an empty key': { data: 'value', key: '' },
  keyed: { data: 'value', key: 'key' },
  'with a partition': { data: 'value', partition: 3 },
  'with a key and a partition': { data: 'value', key: 'key', partition: 0 },
  tombstone: { data: null, key: 'key' },
  'with an empty value': { data: '' },
  'with JSON as value': { data: '{"a":[1,2.50,"\\u00e9\\n"]}' },
  'with text of every plane': { data: everyPlane, key: everyPlane },
  'with every byte': { data: everyByte, key: everyByte, encoding: 'base64' },
  'with headers': {
    data: 'value',
    headers: { z: '1', a: '2', 'trace-id': '', größe: everyPlane, A: '3' },
  },
  'with a hundred headers': {
    data: 'value',
    headers: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`h${n}`, `${n}`])),
  },
  'from 2000': { data: 'value', timestamp: 946_684_800_000 },
  'from 2023': { data: 'value', timestamp: 1_700_000_000_123 },
  'from half an hour ahead': { data: 'value', timestamp: Date.now() + 1_800_000 },
}
