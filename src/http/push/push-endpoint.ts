/** Handles `POST /push`, from the gate to the reply. */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../telemetry/logging.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import type { PushCall } from '../../ingest/push-call.ts'
import type { MaybePromise } from '../../producer/types.ts'
import type { HeldBody } from '../body.ts'
import { addressOf } from '../client-address.ts'
import { assertJsonContentType } from '../content-type.ts'
import { PUSH } from '../edge/dialect.ts'
import type { Call, WholeBodyRoute } from '../edge/route.ts'
import type { HttpMetrics } from '../http-metrics.ts'
import type { JsonParser } from '../parse-json.ts'
import type { ReplyBatch } from '../reply-batch.ts'
import type { ReplyRoom } from '../reply-room.ts'
import { NO_HEADERS, refuse } from '../reply.ts'
import type { WorkTurns } from '../work-turns.ts'
import { type Misspelling, Misspellings } from './misspellings.ts'
import { parsePush, type PushRules, topicOfRecord, type ValidPush } from './parse-push.ts'
import { replyInvalid, replyOutcome, type Replying } from './push-reply.ts'
import { largestReplyBytes } from './record-elements.ts'

/** Dependencies of the {@link PushEndpoint}. */
export interface PushEndpointOptions {
  readonly ingest: Ingest
  readonly rules: PushRules
  readonly jsonParser: JsonParser
  readonly replyRoom: ReplyRoom
  readonly replies: ReplyBatch
  readonly turns: WorkTurns
  readonly metrics: HttpMetrics
  readonly log: Pick<Logger, 'limited' | 'error'>
  readonly clock: Clock
}

/** Up to this number of records, the work for a reply is negligible. */
const FEW_RECORDS = 256

/** Names of misspelt fields that are logged, until the next start. */
const MAX_WARNINGS = 1_000

/** The state of one push. */
interface Exchange extends Replying {
  readonly call: Call
}

/** The route of `POST /push`. */
export class PushEndpoint implements WholeBodyRoute {
  readonly name = 'push'
  readonly method = 'POST'
  readonly path = '/push'
  readonly access = 'produce'
  readonly dialect = PUSH
  readonly body = 'whole'
  readonly #options: PushEndpointOptions
  readonly #misspellings = new Misspellings()
  /** Names of fields that the log has a line for. */
  readonly #warnedOf = new Set<string>()

  constructor(options: PushEndpointOptions) {
    this.#options = options
  }

  checkHead({ request }: Call): void {
    assertJsonContentType(request.headers)
  }

  async answer(call: Call, body: HeldBody): Promise<number> {
    const { response, requestId } = call
    const exchange: Exchange = {
      call,
      response,
      requestId,
      replies: this.#options.replies,
      held: undefined,
      headers: NO_HEADERS,
    }
    try {
      const turn = this.#options.turns.enter(body.bytes.length)
      if (turn !== undefined) await turn
      const status = this.#push(exchange, body)
      return typeof status === 'number' ? status : await status
    } finally {
      exchange.held?.releaseUnlessSending()
    }
  }

  #push(exchange: Exchange, body: HeldBody): MaybePromise<number> {
    const json = this.#options.jsonParser.parse(body.bytes)
    // Records may wait long for room in the queue or for delivery, and no longer need the text.
    body.drop()
    const push = parsePush(json, this.#options.rules, this.#misspellings)
    const misspellings = this.#misspellings.take()
    if (misspellings.length > 0) this.#warn(exchange, misspellings)
    if (push.kind === 'refused') {
      exchange.call.failure = push.problem
      return refuse(
        exchange.call.request,
        exchange.response,
        exchange.requestId,
        push.problem,
        PUSH,
        { headers: exchange.headers },
      )
    }
    exchange.call.mode = push.waitForSend ? 'sync' : 'async'
    if (push.kind === 'invalidRecords') {
      const topicOf = (index: number): string | undefined => topicOfRecord(json, index)
      return replyInvalid(exchange, push.problems, topicOf, this.#options.replyRoom)
    }
    exchange.held = this.#options.replyRoom.reserve(
      exchange.call.request.socket,
      replyBytesOf(push),
    )
    this.#options.metrics.recordsReceived(exchange.call.mode, push.records)
    const { returnOffsets, waitForSend } = push
    const { length } = push.records
    const sent = this.#options.ingest.submit(push.records, {
      principal: exchange.call.principal,
      waitsForDelivery: waitForSend,
      // Delivery may take long. Admitted records are counted by the limits of the producer instead.
      onAdmission: waitForSend ? body.release.bind(body) : undefined,
    })
    if (sent.isDone) return replyOutcome(exchange, sent, returnOffsets)
    exchange.held?.releaseWithConnection()
    return this.#replyWhenDone(exchange, sent, returnOffsets, length)
  }

  /** Tells the client of fields that it most likely means otherwise, and the log the first time. */
  #warn(exchange: Exchange, misspellings: readonly Misspelling[]): void {
    for (const { name, meant } of misspellings) {
      if (this.#warnedOf.has(name) || this.#warnedOf.size === MAX_WARNINGS) continue
      this.#warnedOf.add(name)
      this.#options.log.limited('warn', 'misspelt field', 'an unknown field of a push is ignored', {
        ...{ request_id: exchange.requestId, field: name, did_you_mean: meant },
        address: addressOf(exchange.call.request.socket),
      })
    }
    const texts = misspellings.map(
      ({ name, meant }) => `unknown field "${name}" is ignored: did you mean "${meant}"?`,
    )
    exchange.headers = ['Kprf-Warning', texts.join(' ')]
  }

  async #replyWhenDone(
    exchange: Exchange,
    sent: PushCall,
    returnOffsets: boolean,
    recordCount: number,
  ): Promise<number> {
    await sent.done
    // Many pushes whose records waited for the same event complete at the same time.
    if (recordCount > FEW_RECORDS) await this.#options.turns.enter(largestReplyBytes(recordCount))
    return replyOutcome(exchange, sent, returnOffsets)
  }
}

/** The largest possible reply to a push, bytes. */
function replyBytesOf({ records, waitForSend, returnOffsets }: ValidPush): number {
  if (!waitForSend || !returnOffsets) return largestReplyBytes(records.length)
  let topicBytes = 0
  for (const { topic } of records) topicBytes += topic.length
  return largestReplyBytes(records.length, topicBytes)
}
