/** Handles `POST /topics/{topic}/ndjson`: each line of the body is one record, produced while the body arrives. */
import { ProxyError } from '../../base/errors.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import { assertListedOrigin, type Cors } from '../access/cors.ts'
import { type BodyStream, streamOf } from '../body-stream.ts'
import { JSON_TYPE, type Reply } from '../edge/dialect.ts'
import type { Call, NodeCall, StreamedBodyRoute } from '../edge/route.ts'
import { CLIENT_GONE_STATUS, HTTP_MAPPINGS, OK_STATUS } from '../error-mapper.ts'
import type { HttpMetrics } from '../http-metrics.ts'
import type { JsonParser } from '../parse-json.ts'
import { Misspellings } from '../push/misspellings.ts'
import type { RecordRules } from '../push/parse-push.ts'
import { Problem } from '../push/problem.ts'
import { PUSH_DIALECTS } from '../push/push-dialect.ts'
import type { PushSender } from '../push/push-sender.ts'
import type { ReplyBatch } from '../reply-batch.ts'
import type { HeldReply, ReplyRoom } from '../reply-room.ts'
import { refuse } from '../reply.ts'
import { readRecords, type RecordsRead } from '../stream/read-records.ts'
import { StreamSender } from '../stream/stream-sender.ts'
import type { TraceOf } from '../trace-context.ts'
import type { WorkTurns } from '../work-turns.ts'
import { LineOutcomes, LINES_REPLY_BYTES } from './line-outcomes.ts'
import { LineSplitter } from './line-splitter.ts'
import { LineParser, type LinesHead, parseLinesHead } from './parse-line.ts'

/** Dependencies and settings of the {@link NdjsonEndpoint}. */
export interface NdjsonEndpointOptions {
  readonly rules: RecordRules
  /** The limit for a line: `http.max_body_bytes`. */
  readonly maxLineBytes: number
  /** Parses lines. */
  readonly jsonParser: JsonParser
  readonly ingest: Ingest
  readonly traceOf: TraceOf
  readonly sender: Pick<PushSender, 'warningOf'>
  readonly replies: ReplyBatch
  readonly replyRoom: ReplyRoom
  readonly turns: WorkTurns
  readonly metrics: Pick<HttpMetrics, 'recordsReceived' | 'recordsInvalid'>
  /** The web pages that may push. @defaultValue none */
  readonly cors: Pick<Cors, 'allows'> | undefined
}

/** The route of `POST /topics/{topic}/ndjson`. */
export class NdjsonEndpoint implements StreamedBodyRoute {
  readonly name = 'NDJSON push'
  readonly method = 'POST'
  readonly path = '/topics/:topic/ndjson'
  readonly access = 'produce'
  readonly dialect = PUSH_DIALECTS.readme
  readonly body = 'stream'
  readonly #options: NdjsonEndpointOptions

  constructor(options: NdjsonEndpointOptions) {
    this.#options = options
  }

  checkHead({ request: { headers } }: Call): void {
    assertListedOrigin(headers, this.#options.cors)
    // A client of HTTP/1.0 may mean: until I close. Its lines would be lost, and it would be told ok.
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
      throw new ProxyError(
        'EMPTY_BODY',
        'the request has no body: send Content-Length, or Transfer-Encoding: chunked',
      )
    }
  }

  async answer(call: NodeCall, body: BodyStream): Promise<number> {
    const { rules, replyRoom } = this.#options
    const { request, params } = call
    const misspellings = new Misspellings()
    const { topic = '' } = params
    const head = parseLinesHead(topic, request.url, rules, misspellings)
    if (head instanceof Problem) throw new ProxyError(head.code, head.message)
    call.mode = head.waitForSend ? 'sync' : 'async'
    const held = replyRoom.reserve(request, LINES_REPLY_BYTES)
    held?.releaseWithConnection()
    try {
      const outcomes = new LineOutcomes()
      const read = await this.#read(call, body, head, misspellings, outcomes)
      if (request.socket.destroyed) return CLIENT_GONE_STATUS
      return this.#reply(call, read, outcomes, misspellings, held)
    } finally {
      held?.releaseUnlessSending()
    }
  }

  #read(
    { request, principal, mode }: Call,
    body: BodyStream,
    head: LinesHead,
    misspellings: Misspellings,
    outcomes: LineOutcomes,
  ): Promise<RecordsRead> {
    const { ingest, traceOf, rules, jsonParser, maxLineBytes } = this.#options
    const tooLong = new Problem(
      'RECORD_TOO_LARGE',
      `the line has more than ${maxLineBytes} bytes (http.max_body_bytes)`,
    )
    const parser = new LineParser(head, { rules, jsonParser, misspellings })
    return readRecords(body, {
      ...{ ...this.#options, mode },
      splitterFor: (reader) => new LineSplitter(maxLineBytes, reader),
      parse: (line) => (line === undefined ? tooLong : parser.parse(line)),
      sender: new StreamSender({
        ...{ ...head, ingest, principal, trace: traceOf(request), keepsReports: false },
        onOutcome: (outcome, { numbers }) => {
          outcomes.add(outcome, numbers)
          return undefined
        },
      }),
      isHopeless: () => outcomes.areTooManyFailed,
    })
  }

  #reply(
    call: NodeCall,
    { count: lineCount, isComplete, broken }: RecordsRead,
    outcomes: LineOutcomes,
    misspellings: Misspellings,
    held: HeldReply | undefined,
  ): number {
    const { request, response, requestId } = call
    const refusal = outcomes.refusal(lineCount, broken)
    const body = outcomes.write(lineCount, isComplete, refusal, requestId)
    const status = refusal === undefined ? OK_STATUS : HTTP_MAPPINGS[refusal.code].status
    const reply: Reply = { status, contentType: JSON_TYPE, body }
    held?.sending(response, body.length)
    const headers = this.#options.sender.warningOf(call, misspellings.take())
    if (refusal === undefined) {
      this.#options.replies.send(response, requestId, reply, headers)
      return status
    }
    call.failure = refusal
    const { retryAfterSeconds } = outcomes
    return refuse(
      request,
      response,
      requestId,
      refusal,
      { refusal: () => reply },
      {
        ...{ headers, retryAfterSeconds },
        ...(streamOf(request)?.isBroken === true && { closes: 'atOnce' }),
      },
    )
  }
}
