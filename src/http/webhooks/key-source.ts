/** Where the keys of the records of a webhook come from: `key_from`. Pure. */
import type { RecordBytes } from '../../producer/types.ts'
import type { RequestHeader } from '../push/request-headers.ts'
import { type JsonContent, pointerParts } from './json-content.ts'

/** What a key can be found in. */
export interface KeyParts {
  readonly headers: readonly RequestHeader[]
  /** Reads the body as JSON. */
  readonly json: () => JsonContent
  readonly deliveryId: () => string | undefined
}

/** Finds the key of a request; `undefined` if it has none. */
export type KeySource = (parts: KeyParts) => RecordBytes | undefined

const HEADER = 'header:'
const JSON_POINTER = 'json:'

/** @param keyFrom - as the configuration allows it: `header:NAME`, `json:/POINTER` or `delivery_id`. */
export function keySource(keyFrom: string): KeySource {
  if (keyFrom.startsWith(HEADER)) {
    const wanted = keyFrom.slice(HEADER.length).toLowerCase()
    return ({ headers }) => headers.find(({ name }) => name === wanted)?.value
  }
  if (keyFrom.startsWith(JSON_POINTER)) {
    const pointer = pointerParts(keyFrom.slice(JSON_POINTER.length))
    return ({ json }) => {
      const key = json().textAt(pointer)
      // Half of a character has no bytes in UTF-8.
      return key?.isWellFormed() === false ? undefined : key
    }
  }
  return ({ deliveryId }) => deliveryId()
}
