/**
 * Stands between the edge and the answer of each route that produces: a request whose `Idempotency-Key` is known is
 * answered without the route. docs/PUSH.md says what clients are promised.
 */
import { createHash, hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import {
  type IdempotencyKey,
  type IdempotencyKeys,
  type KeptOutcome,
  NOTHING,
  type RememberedReply,
  UNKNOWN,
} from '../../base/idempotency.ts'
import { ProxyError } from '../../base/errors.ts'
import { type KeyJournal, OpenKey } from '../../ingest/open-key.ts'
import type { HeldBody } from '../body.ts'
import { clientGoneStatus } from '../client-gone.ts'
import type { Call, WholeBodyRoute } from '../edge/route.ts'
import { promised } from '../late-status.ts'
import { begin, type HeaderList, NO_HEADERS } from '../reply.ts'
import type { ReplyRoom } from '../reply-room.ts'
import { KEY_HEADER, parseKey } from './parse-key.ts'

/** Counts what happens to keys. */
export interface IdempotencyObserver {
  /** A repeated request got the answer of the first. */
  replayed(): void
  /** A request was refused for its key. */
  conflicted(reason: 'in_use' | 'other_content' | 'full'): void
}

/** Dependencies of {@link Idempotency}. */
export interface IdempotencyOptions {
  readonly keys: IdempotencyKeys
  /** @defaultValue keys do not survive the process */
  readonly journal?: KeyJournal | undefined
  readonly replyRoom: ReplyRoom
  readonly observer: IdempotencyObserver
}

/** Behind the headers of a remembered reply. */
const REPLAYED: HeaderList = ['Idempotency-Replayed', 'true']

/** Answers requests with an `Idempotency-Key`. */
export class Idempotency {
  readonly #options: IdempotencyOptions

  constructor(options: IdempotencyOptions) {
    this.#options = options
  }

  /**
   * Returns the key of a request; `undefined` without one.
   *
   * @throws ProxyError if it has the header, and no key in it.
   */
  keyOf({ headers, rawHeaders }: IncomingMessage): string | undefined {
    const value = headers[KEY_HEADER]
    return value === undefined ? undefined : parseKey(value, rawHeaders)
  }

  /**
   * Answers a request with a key, by its route if nothing is known of the key.
   *
   * @returns the status of the reply.
   * @throws ProxyError the refusal.
   */
  async answer(route: WholeBodyRoute, call: Call, body: HeldBody, text: string): Promise<number> {
    const { keys, journal, observer } = this.#options
    const key = keyFor(route, call, body, text)
    const asked = keys.begin(key)
    const state = asked instanceof Promise ? await asked : asked
    switch (state.kind) {
      case 'begun':
        return this.#answerFirst(route, call, body, new OpenKey(key, keys, journal))
      case 'ended':
        observer.replayed()
        return this.#replay(call, replyOf(route, state.outcome))
      case 'inUse':
        observer.conflicted('in_use')
        throw new ProxyError(
          'IDEMPOTENCY_KEY_IN_USE',
          'an earlier request with this Idempotency-Key has no answer yet: repeat this one later, with the same key',
        )
      case 'otherContent':
        observer.conflicted('other_content')
        throw new ProxyError(
          'IDEMPOTENCY_KEY_REUSED',
          'this Idempotency-Key was sent with another body or query: send each request under a key of its own',
        )
      case 'full':
        observer.conflicted('full')
        throw new ProxyError(
          'TOO_MANY_IDEMPOTENCY_KEYS',
          'http.idempotency.max_keys requests with an Idempotency-Key have no answer yet',
        )
    }
  }

  /** Whatever the route does, its key is ended: what was submitted and has no answer is in doubt. */
  async #answerFirst(
    route: WholeBodyRoute,
    call: Call,
    body: HeldBody,
    key: OpenKey,
  ): Promise<number> {
    call.key = key
    try {
      return await promised(route.answer(call, body))
    } finally {
      if (!key.isEnded) await key.end(key.isSubmitted ? UNKNOWN : NOTHING)
    }
  }

  #replay(call: Call, reply: RememberedReply | undefined): number {
    if (reply === undefined) {
      throw new ProxyError(
        'OUTCOME_UNKNOWN',
        'the first request with this Idempotency-Key was interrupted, and Kafka may have its records: send them under a new key to produce them once more',
      )
    }
    const { response, requestId } = call
    if (response.headersSent || response.req.socket.destroyed) return clientGoneStatus(response)
    const held = this.#options.replyRoom.reserve(response.req, reply.body.length)
    held?.sending(response, reply.body.length)
    begin(response, requestId, reply, [...reply.headers, ...REPLAYED])
    response.end(reply.body)
    return reply.status
  }
}

/** The key within its scope: one client, one route with its parameters. */
function keyFor(
  route: WholeBodyRoute,
  call: Call,
  { bytes }: HeldBody,
  text: string,
): IdempotencyKey {
  const { method, path } = route
  const { principal, params } = call
  const scope = [principal.name, method, path, Object.entries(params), text]
  return {
    identity: hash('sha256', JSON.stringify(scope), 'latin1'),
    fingerprint: route.keyOf === undefined ? fingerprintOf(route, call, bytes) : NOT_COMPARED,
  }
}

/** For keys that the route finds by itself: they are of something that happened, and not of the words for it. */
const NOT_COMPARED = hash('sha256', '', 'latin1')

function fingerprintOf(route: WholeBodyRoute, call: Call, bytes: Buffer): string {
  const { url = '' } = call.request
  const queryAt = url.indexOf('?')
  const query = queryAt === -1 ? '' : url.slice(queryAt)
  const besideBody = route.meaningBesideBody?.(call)
  return (
    createHash('sha256')
      // A request target has no line ends.
      .update(`${query}\n`)
      .update(besideBody === undefined ? '' : `${besideBody.length} ${besideBody}`)
      .update(bytes)
      .digest('latin1')
  )
}

/** @returns `undefined` if the first request never had a reply. */
function replyOf({ accepted }: WholeBodyRoute, outcome: KeptOutcome): RememberedReply | undefined {
  return outcome.kind === 'accepted'
    ? accepted && { ...accepted, headers: NO_HEADERS }
    : outcome.reply
}
