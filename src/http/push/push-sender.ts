/** Takes the checked records of a request to the producer, and replies: the same for every route that has them whole. */
import type { Logger } from '../../telemetry/logging.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import type { PushCall } from '../../ingest/push-call.ts'
import type { MaybePromise } from '../../producer/types.ts'
import type { HeldBody } from '../body.ts'
import { clientAddressOf } from '../client-address.ts'
import type { Call } from '../edge/route.ts'
import { HTTP_MAPPINGS, isServed } from '../error-mapper.ts'
import type { HttpMetrics } from '../http-metrics.ts'
import { LateStatus, type MaybeStatus, promised } from '../late-status.ts'
import type { Failure } from '../log-failure.ts'
import type { ReplyBatch } from '../reply-batch.ts'
import type { ReplyRoom } from '../reply-room.ts'
import { type HeaderList, NO_HEADERS, refuse } from '../reply.ts'
import type { TraceOf } from '../trace-context.ts'
import type { WorkTurns } from '../work-turns.ts'
import {
  type PushOutcome,
  refusedAlone,
  type RefusedAlone,
  withInvalid,
} from './invalid-records.ts'
import type { Misspelling } from './misspellings.ts'
import type { InvalidRecords, ValidPush } from './parse-push.ts'
import type { Problem } from './problem.ts'
import { replyInvalid, replyOutcome, type Replying, type Submitted } from './push-reply.ts'
import { largestReplyBytes } from './record-elements.ts'

/** Dependencies of the {@link PushSender}. */
export interface PushSenderOptions {
  readonly ingest: Ingest
  readonly traceOf: TraceOf
  readonly replyRoom: ReplyRoom
  readonly replies: ReplyBatch
  readonly turns: WorkTurns
  readonly metrics: HttpMetrics
  readonly log: Pick<Logger, 'limited' | 'error'>
}

/** Up to this number of records, the work for a reply is negligible. */
const FEW_RECORDS = 256

/** Names of misspelt fields that are logged, until the next start. */
const MAX_WARNINGS = 1_000

/** The state of one push. */
export interface Exchange extends Replying {
  readonly call: Call
}

/** How the replies of a route look. */
export type ReplyForm = Pick<Replying, 'dialect' | 'placeOf'>

/** What is known of a push when its records are on their way. */
type Asked = Submitted & { readonly invalid: RefusedAlone | undefined }

/** The topic of a record by its index, for the log; `undefined` if Kafka does not allow it. */
export type TopicOf = (index: number) => string | undefined

/** Sends the records of requests. */
export class PushSender {
  readonly #options: PushSenderOptions
  /** Names of fields that the log has a line for. */
  readonly #warnedOf = new Set<string>()

  constructor(options: PushSenderOptions) {
    this.#options = options
  }

  /**
   * Answers one request.
   *
   * @param placeOf - where a record stands in its request, in words before what is wrong with it.
   * @param push - parses the body and sends the records. It may be called later, if much other work waits.
   * @returns the status.
   */
  answer(
    call: Call,
    body: HeldBody,
    form: ReplyForm,
    push: (exchange: Exchange) => MaybeStatus,
  ): MaybeStatus {
    const turn = this.#options.turns.enter(body.bytes.length)
    return turn === undefined
      ? this.answerNow(call, form, push)
      : turn.then(() => promised(this.answerNow(call, form, push)))
  }

  /** The same for a request that has its turn. */
  answerNow(
    call: Call,
    { dialect, placeOf }: ReplyForm,
    push: (exchange: Exchange) => MaybeStatus,
  ): MaybeStatus {
    const { response, requestId } = call
    const { replies } = this.#options
    const exchange: Exchange = {
      ...{ call, response, requestId, dialect, placeOf, replies },
      ...{ held: undefined, headers: NO_HEADERS },
    }
    let status: MaybeStatus | undefined
    try {
      status = push(exchange)
    } finally {
      if (typeof status !== 'object') exchange.held?.releaseUnlessSending()
    }
    // What is decided later has released it by then.
    return status instanceof Promise
      ? status.finally(() => exchange.held?.releaseUnlessSending())
      : status
  }

  /** Tells the client of names that it most likely means otherwise, and the log the first time. */
  warn(exchange: Exchange, misspellings: readonly Misspelling[]): void {
    if (misspellings.length > 0) exchange.headers = this.warningOf(exchange.call, misspellings)
  }

  /** The header that tells the client of such names; none without any. The log hears of each once. */
  warningOf(
    { request, requestId }: Pick<Call, 'request' | 'requestId'>,
    misspellings: readonly Misspelling[],
  ): HeaderList {
    if (misspellings.length === 0) return NO_HEADERS
    for (const { name, meant } of misspellings) {
      if (this.#warnedOf.has(name) || this.#warnedOf.size === MAX_WARNINGS) continue
      this.#warnedOf.add(name)
      this.#options.log.limited('warn', 'misspelt field', 'an unknown field of a push is ignored', {
        ...{ request_id: requestId, field: name, did_you_mean: meant },
        address: clientAddressOf(request),
      })
    }
    const texts = misspellings.map(
      ({ name, meant }) => `unknown field "${name}" is ignored: did you mean "${meant}"?`,
    )
    return ['Kprf-Warning', texts.join(' ')]
  }

  /** Replies to a request that is no push. */
  refuseWhole(exchange: Exchange, problem: Problem): number {
    const { call, response, requestId, dialect, headers } = exchange
    call.failure = problem
    return refuse(call.request, response, requestId, problem, dialect, { headers })
  }

  /** Replies to a push of which nothing may be produced. */
  refuse(exchange: Exchange, push: InvalidRecords, topicOf: TopicOf): number {
    return replyInvalid(exchange, push, topicOf, this.#options.replyRoom)
  }

  /** Sends the records of a push, and replies once they are admitted or delivered. */
  send(exchange: Exchange, push: ValidPush, body: HeldBody, topicOf: TopicOf): MaybeStatus {
    const { ingest, replyRoom, traceOf } = this.#options
    exchange.held = replyRoom.reserve(exchange.call.request, replyBytesOf(push))
    this.#count(exchange.call, push)
    const { waitForSend, returnOffsets } = push
    const { key, principal, request } = exchange.call
    if (key !== undefined) key.isPartial = push.problems !== undefined
    const sent = ingest.submit(push.records, {
      ...{ principal, key, trace: traceOf(request) },
      ...{ waitsForDelivery: waitForSend, keepsReports: returnOffsets },
      // Delivery may take long. Admitted records are counted by the limits of the producer instead.
      onAdmission: waitForSend ? body.release.bind(body) : undefined,
    })
    // Neither the records nor their text may be held until they are delivered.
    const { problems } = push
    const invalid = problems && refusedAlone(problems, topicOf)
    const asked: Asked = { invalid, returnOffsets, waitForSend, recordCount: recordCountOf(push) }
    if (sent.isDone) return this.#reply(exchange, sent, asked)
    exchange.held?.releaseWithConnection()
    return asked.recordCount > FEW_RECORDS
      ? this.#replyInTurn(exchange, sent, asked)
      : this.#replyWhenDone(exchange, sent, asked)
  }

  #count({ mode }: Call, { records, problems }: ValidPush): void {
    this.#options.metrics.recordsReceived(mode, records)
    if (problems === undefined) return
    const codes = problems.flatMap((problem) => (problem === undefined ? [] : [problem.code]))
    this.#options.metrics.recordsInvalid(mode, codes)
  }

  #replyWhenDone(exchange: Exchange, sent: PushCall, asked: Asked): LateStatus {
    const late = new LateStatus()
    const decide = (status: number): void => {
      exchange.held?.releaseUnlessSending()
      late.decide(status)
    }
    const fail = (error: unknown): void => {
      exchange.held?.releaseUnlessSending()
      late.fail(error)
    }
    sent.whenDone(() => {
      let status: MaybePromise<number>
      try {
        status = this.#reply(exchange, sent, asked)
      } catch (error) {
        fail(error)
        return
      }
      if (typeof status === 'number') decide(status)
      else status.then(decide, fail)
    }, fail)
    return late
  }

  /** Many pushes whose records waited for the same event complete at the same time. */
  async #replyInTurn(exchange: Exchange, sent: PushCall, asked: Asked): Promise<number> {
    await sent.done
    await this.#options.turns.enter(largestReplyBytes(asked.recordCount))
    return this.#reply(exchange, sent, asked)
  }

  #reply(exchange: Exchange, sent: PushCall, asked: Asked): MaybePromise<number> {
    const outcome = asked.invalid === undefined ? sent : withInvalid(sent, asked.invalid)
    const status = replyOutcome(exchange, outcome, asked)
    return typeof status === 'number'
      ? this.#replied(exchange, outcome, status)
      : status.then((later) => this.#replied(exchange, outcome, later))
  }

  #replied(exchange: Exchange, outcome: PushOutcome, status: number): number {
    const { call, dialect } = exchange
    if (isServed(status) && outcome.failures !== undefined && call.failure !== undefined) {
      const failed = outcome.failures.filter((failure) => failure !== undefined)
      this.logAtOk(call, call.failure, dialect.failuresAtOk, failed.length)
    }
    return status
  }

  /**
   * Logs failures of a request that is answered 200: the status says nothing of them, so that the edge logs none.
   *
   * @param text - what the client is told of them.
   */
  logAtOk(
    { request, requestId }: Pick<Call, 'request' | 'requestId'>,
    { code, message, topic }: Failure,
    text: string,
    failedRecords: number,
  ): void {
    const { errorCode } = HTTP_MAPPINGS[code]
    this.#options.log.limited(
      'warn',
      `failed at ok ${errorCode}`,
      text,
      {
        request_id: requestId,
        error_code: errorCode,
        reason: message,
        topic,
        failed_records: failedRecords,
        address: clientAddressOf(request),
      },
      { error_code: errorCode },
    )
  }
}

/** Where a record stands in a body with `records`. */
export function placeOfRecord(index: number): string {
  return `records[${index}]: `
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
