/** `POST /push`: one request from the gate to its reply. */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../telemetry/logging.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import type { PushCall } from '../../ingest/push-call.ts'
import type { MaybePromise } from '../../producer/types.ts'
import type { HeldBody } from '../body.ts'
import { assertJsonContentType } from '../content-type.ts'
import { PUSH } from '../edge/dialect.ts'
import type { Call, WholeBodyRoute } from '../edge/route.ts'
import type { HttpMetrics } from '../http-metrics.ts'
import type { JsonParser } from '../parse-json.ts'
import type { ReplyBatch } from '../reply-batch.ts'
import type { ReplyRoom } from '../reply-room.ts'
import { refuse } from '../reply.ts'
import type { WorkTurns } from '../work-turns.ts'
import { parsePush, type PushRules, type ValidPush } from './parse-push.ts'
import { replyInvalid, replyOutcome, type Replying } from './push-reply.ts'
import { largestReplyBytes } from './record-elements.ts'

/** What {@link PushEndpoint} works with. */
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

/** The reply to a push of so many records is no work to speak of. */
const FEW_RECORDS = 256

/** A push on its way. */
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

  constructor(options: PushEndpointOptions) {
    this.#options = options
  }

  checkHead({ request }: Call): void {
    assertJsonContentType(request.headers['content-type'])
  }

  async answer(call: Call, body: HeldBody): Promise<number> {
    const { response, requestId } = call
    const exchange: Exchange = {
      call,
      response,
      requestId,
      replies: this.#options.replies,
      held: undefined,
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
    // Records can wait for long, for room in the queue or for delivery: the text is of no use to them.
    body.drop()
    const push = parsePush(json, this.#options.rules)
    if (push.kind === 'refused') {
      return refuse(
        exchange.call.request,
        exchange.response,
        exchange.requestId,
        push.problem,
        PUSH,
      )
    }
    exchange.call.mode = push.waitForSend ? 'sync' : 'async'
    if (push.kind === 'invalidRecords') {
      return replyInvalid(exchange, push.problems, this.#options.replyRoom)
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
      // Delivery can take long. Once admitted, the records are counted by the producer's own limits.
      onAdmission: waitForSend ? body.release.bind(body) : undefined,
    })
    if (sent.isDone) return replyOutcome(exchange, sent, returnOffsets)
    exchange.held?.releaseWithConnection()
    return this.#replyWhenDone(exchange, sent, returnOffsets, length)
  }

  async #replyWhenDone(
    exchange: Exchange,
    sent: PushCall,
    returnOffsets: boolean,
    recordCount: number,
  ): Promise<number> {
    await sent.done
    // Thousands of records that waited for the same thing are done with at the same time, in many pushes.
    if (recordCount > FEW_RECORDS) await this.#options.turns.enter(largestReplyBytes(recordCount))
    return replyOutcome(exchange, sent, returnOffsets)
  }
}

/** The most bytes that the reply to a push can have. */
function replyBytesOf({ records, waitForSend, returnOffsets }: ValidPush): number {
  if (!waitForSend || !returnOffsets) return largestReplyBytes(records.length)
  let topicBytes = 0
  for (const { topic } of records) topicBytes += topic.length
  return largestReplyBytes(records.length, topicBytes)
}
