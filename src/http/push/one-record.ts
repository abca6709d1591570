/** For routes whose requests are one record each. */
import type { ProducerRecord } from '../../producer/types.ts'
import type { ValidPush } from './parse-push.ts'

/** The push of one valid record. */
export function pushOfOne(
  record: ProducerRecord,
  how: Pick<ValidPush, 'waitForSend' | 'returnOffsets'>,
): ValidPush {
  return { kind: 'valid', records: [record], problems: undefined, ...how }
}

/** Where the only record stands in its request: there is nothing to say. */
export function nowhere(): string {
  return ''
}
