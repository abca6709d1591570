import { ACCEPTED, type KeyOutcome, NOTHING } from '../../base/idempotency.ts'
import type { OpenKey } from '../../ingest/open-key.ts'
import type { FailedDelivery, MaybePromise } from '../../producer/types.ts'
import { CLIENT_GONE_STATUS } from '../error-mapper.ts'
import type { Reply } from '../edge/dialect.ts'
import type { ReplyTarget } from '../exchange.ts'
import type { HeaderList } from '../reply.ts'

/** The answer to a request whose records were submitted. */
export interface Answer {
  readonly reply: Reply
  /** Beside those of every reply. */
  readonly headers: HeaderList
  /** The reply of the route to all requests whose records were accepted. */
  readonly accepted: Reply
  readonly recordCount: number
  /** By record index; `undefined` if no record failed. */
  readonly failures: readonly (FailedDelivery | undefined)[] | undefined
}

/**
 * Has the answer to a request with an `Idempotency-Key` remembered, and then sends it. It is remembered although its
 * client has gone, because that is who repeats the request.
 *
 * @param send - writes the answer. Not called if the client has gone.
 * @returns the status.
 */
export function answerOnce(
  key: OpenKey,
  { req: { socket } }: ReplyTarget,
  answer: Answer,
  send: () => number,
): MaybePromise<number> {
  const sendToWhoIsThere = (): number => (socket.destroyed ? CLIENT_GONE_STATUS : send())
  const noted = key.end(outcomeOf(answer))
  return noted === undefined ? sendToWhoIsThere() : noted.then(sendToWhoIsThere)
}

function outcomeOf({ reply, headers, accepted, recordCount, failures }: Answer): KeyOutcome {
  const hasStored = failures?.some((failure) => failure?.status !== 'notPersisted')
  if (!(hasStored ?? recordCount > 0)) return NOTHING
  if (reply === accepted && headers.length === 0) return ACCEPTED
  const remembered = { ...reply, headers }
  return failures?.some((failure) => failure?.status === 'possiblyPersisted')
    ? { kind: 'unknown', reply: remembered }
    : { kind: 'answered', reply: remembered }
}
