/** What Kafka is to have of a record that was pushed, told without any code of kprf's. */
import type { PushedRecord } from '../../support/push.ts'
import type { StoredHeader, StoredRecord } from './read-topic.ts'

/** The parts of a stored record that the client chooses. */
export interface RecordContent {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly StoredHeader[]
}

/** Gives the content that a pushed record stands for. */
export function contentOfPushed(record: PushedRecord): RecordContent {
  const { key = null, data, headers = {}, encoding = 'utf8' } = record
  return {
    key: key === null ? null : Buffer.from(key, encoding),
    value: data === null ? null : Buffer.from(data, encoding),
    headers: Object.entries(headers).map(([name, value]) => ({
      key: name,
      value: Buffer.from(value),
    })),
  }
}

/** Gives the content of a stored record. */
export function contentOfStored({ key, value, headers }: StoredRecord): RecordContent {
  return { key, value, headers }
}

/** Gives the values of stored records as text. */
export function textsOf(stored: readonly StoredRecord[]): readonly string[] {
  return stored.map(({ value }) => String(value))
}
