/** The push that a request with one record is. Pure. */
import type { ProducerRecord } from '../../producer/types.ts'
import type { ValidPush } from './parse-push.ts'

/** @param waitForSend - the reply then says where the record is. */
export function pushOf(record: ProducerRecord, waitForSend: boolean): ValidPush {
  return {
    kind: 'valid',
    ...{ records: [record], problems: undefined, waitForSend, returnOffsets: waitForSend },
  }
}

/** Where the only record of a request stands in it needs no words. */
export const NOWHERE = (): string => ''
