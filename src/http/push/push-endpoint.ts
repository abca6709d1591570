/** Handles `POST /push`, from the gate to the reply. */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../telemetry/logging.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import type { PushCall } from '../../ingest/push-call.ts'
import type { MaybePromise } from '../../producer/types.ts'
import type { HeldBody } from '../body.ts'
import { addressOf } from '../client-address.ts'
import { assertJsonContentType } from '../content-type.ts'
import type { Call, WholeBodyRoute } from '../edge/route.ts'
import { HTTP_MAPPINGS, OK_STATUS } from '../error-mapper.ts'
import type { HttpMetrics } from '../http-metrics.ts'
import type { JsonParser } from '../parse-json.ts'
import type { ReplyBatch } from '../reply-batch.ts'
import type { ReplyRoom } from '../reply-room.ts'
import { NO_HEADERS, refuse } from '../reply.ts'
import type { WorkTurns } from '../work-turns.ts'
import {
  type PushOutcome,
  refusedAlone,
  type RefusedAlone,
  withInvalid,
} from './invalid-records.ts'
import { type Misspelling, Misspellings } from './misspellings.ts'
import { parsePush, type PushRules, topicOfRecord, type ValidPush } from './parse-push.ts'
import type { PushDialect } from './push-dialect.ts'
import { replyInvalid, replyOutcome, type Replying } from './push-reply.ts'
import { largestReplyBytes } from './record-elements.ts'

/** Dependencies of the {@link PushEndpoint}. */
export interface PushEndpointOptions {
  readonly ingest: Ingest
  readonly rules: PushRules
  readonly dialect: PushDialect
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

/** What is known of a push when its records are on their way. */
type Asked = Pick<ValidPush, 'waitForSend' | 'returnOffsets'> & {
  readonly invalid: RefusedAlone | undefined
  readonly recordCount: number
}

/** The route of `POST /push`. */
export class PushEndpoint implements WholeBodyRoute {
  readonly name = 'push'
  readonly method = 'POST'
  readonly path = '/push'
  readonly access = 'produce'
  readonly dialect: PushDialect
  readonly body = 'whole'
  readonly #options: PushEndpointOptions
  readonly #misspellings = new Misspellings()
  /** Names of fields that the log has a line for. */
  readonly #warnedOf = new Set<string>()

  constructor(options: PushEndpointOptions) {
    this.#options = options
    this.dialect = options.dialect
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
      dialect: this.dialect,
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
    const { bytes } = body
    const json = this.#options.jsonParser.parse(bytes)
    const push = parsePush({ bytes, json }, this.#options.rules, this.#misspellings)
    // Records may wait long for room in the queue or for delivery, and no longer need the text.
    body.drop()
    const misspellings = this.#misspellings.take()
    if (misspellings.length > 0) this.#warn(exchange, misspellings)
    if (push.kind === 'refused') {
      exchange.call.failure = push.problem
      return refuse(
        exchange.call.request,
        exchange.response,
        exchange.requestId,
        push.problem,
        this.dialect,
        { headers: exchange.headers },
      )
    }
    exchange.call.mode = push.waitForSend ? 'sync' : 'async'
    if (push.kind === 'invalidRecords') {
      const topicOf = (index: number): string | undefined => topicOfRecord(json, index)
      return replyInvalid(exchange, push, topicOf, this.#options.replyRoom)
    }
    exchange.held = this.#options.replyRoom.reserve(
      exchange.call.request.socket,
      replyBytesOf(push),
    )
    this.#count(exchange.call, push)
    const { waitForSend } = push
    const sent = this.#options.ingest.submit(push.records, {
      principal: exchange.call.principal,
      waitsForDelivery: waitForSend,
      // Delivery may take long. Admitted records are counted by the limits of the producer instead.
      onAdmission: waitForSend ? body.release.bind(body) : undefined,
    })
    // Neither the records nor their text may be held until they are delivered.
    const { problems, returnOffsets } = push
    const invalid = problems && refusedAlone(problems, (index) => topicOfRecord(json, index))
    const asked: Asked = { invalid, returnOffsets, waitForSend, recordCount: recordCountOf(push) }
    if (sent.isDone) return this.#reply(exchange, sent, asked)
    exchange.held?.releaseWithConnection()
    return this.#replyWhenDone(exchange, sent, asked)
  }

  #count({ mode }: Call, { records, problems }: ValidPush): void {
    this.#options.metrics.recordsReceived(mode, records)
    if (problems === undefined) return
    const codes = problems.flatMap((problem) => (problem === undefined ? [] : [problem.code]))
    this.#options.metrics.recordsInvalid(mode, codes)
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

  async #replyWhenDone(exchange: Exchange, sent: PushCall, asked: Asked): Promise<number> {
    await sent.done
    const { recordCount } = asked
    // Many pushes whose records waited for the same event complete at the same time.
    if (recordCount > FEW_RECORDS) await this.#options.turns.enter(largestReplyBytes(recordCount))
    return this.#reply(exchange, sent, asked)
  }

  #reply(exchange: Exchange, sent: PushCall, asked: Asked): number {
    const outcome = asked.invalid === undefined ? sent : withInvalid(sent, asked.invalid)
    const status = replyOutcome(exchange, outcome, asked)
    if (status === OK_STATUS && outcome.failures !== undefined) this.#logUntold(exchange, outcome)
    return status
  }

  /** With `http.replies: rust` a client that does not wait is not told what failed. */
  #logUntold({ requestId, call }: Exchange, { failures = [] }: PushOutcome): void {
    const { failure } = call
    if (failure === undefined) return
    const { errorCode } = HTTP_MAPPINGS[failure.code]
    this.#options.log.limited(
      'warn',
      `untold ${errorCode}`,
      'records failed, and their client was told ok',
      {
        request_id: requestId,
        error_code: errorCode,
        reason: failure.message,
        topic: failure.topic,
        failed_records: failures.filter((failure) => failure !== undefined).length,
        address: addressOf(call.request.socket),
      },
      { error_code: errorCode },
    )
  }
}

/** The largest possible reply to a push, bytes. */
function replyBytesOf(push: ValidPush): number {
  const { records, waitForSend, returnOffsets } = push
  const recordCount = recordCountOf(push)
  const invalidCount = recordCount - records.length
  if (!waitForSend || !returnOffsets) {
    return largestReplyBytes(recordCount, undefined, invalidCount)
  }
  let topicBytes = 0
  for (const { topic } of records) topicBytes += topic.length
  return largestReplyBytes(recordCount, topicBytes, invalidCount)
}

/** The number of records of a push, with invalid ones. */
function recordCountOf({ records, problems }: ValidPush): number {
  return problems?.length ?? records.length
}
