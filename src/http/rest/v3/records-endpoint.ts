/**
 * Handles `POST /v3/clusters/{cluster}/topics/{topic}/records`: records are JSON objects, one after the other, and each
 * gets a receipt as soon as its outcome is known, in the order of the records.
 */
import { ProxyError } from '../../../base/errors.ts'
import type { Ingest } from '../../../ingest/ingest.ts'
import type { BodyStream } from '../../body-stream.ts'
import { JSON_TYPE } from '../../edge/dialect.ts'
import type { Call, NodeCall, StreamedBodyRoute } from '../../edge/route.ts'
import { OK_STATUS } from '../../error-mapper.ts'
import type { HttpMetrics } from '../../http-metrics.ts'
import type { JsonParser } from '../../parse-json.ts'
import type { RecordRules } from '../../push/parse-push.ts'
import { Problem } from '../../push/problem.ts'
import type { PushSender } from '../../push/push-sender.ts'
import type { ReplyRoom } from '../../reply-room.ts'
import { readRecords } from '../../stream/read-records.ts'
import { StreamSender } from '../../stream/stream-sender.ts'
import { StreamedReply } from '../../streamed-reply.ts'
import type { TraceOf } from '../../trace-context.ts'
import type { WorkTurns } from '../../work-turns.ts'
import { checkV3Head } from './check-head.ts'
import { cutData, type DataField } from './cut-data.ts'
import { ObjectSplitter } from './object-splitter.ts'
import { parseV3Record, type V3Record } from './parse-record.ts'
import { ReceiptStream } from './receipt-stream.ts'
import { REST_V3 } from './v3-dialect.ts'

/** Dependencies and settings of the {@link RecordsEndpoint}. */
export interface RecordsEndpointOptions {
  readonly rules: RecordRules
  /** The limit for a record: `http.max_body_bytes`. */
  readonly maxRecordBytes: number
  readonly jsonParser: JsonParser
  readonly ingest: Ingest
  readonly traceOf: TraceOf
  readonly sender: Pick<PushSender, 'logAtOk'>
  readonly replyRoom: ReplyRoom
  readonly turns: WorkTurns
  readonly metrics: Pick<HttpMetrics, 'recordsReceived' | 'recordsInvalid'>
}

/** The route. */
export class RecordsEndpoint implements StreamedBodyRoute {
  readonly name = 'REST v3 push'
  readonly method = 'POST'
  readonly path = '/v3/clusters/:cluster/topics/:topic/records'
  readonly access = 'produce'
  readonly dialect = REST_V3
  readonly body = 'stream'
  readonly #options: RecordsEndpointOptions

  constructor(options: RecordsEndpointOptions) {
    this.#options = options
  }

  checkHead(call: Call): void {
    checkV3Head(call)
  }

  async answer(call: NodeCall, body: BodyStream): Promise<number> {
    const { response, requestId, params, principal } = call
    const { cluster = '', topic = '' } = params
    const { replyRoom, ingest, traceOf, maxRecordBytes } = this.#options
    call.mode = 'sync'
    const reply = new StreamedReply(response, requestId, {
      ...{ contentType: JSON_TYPE, room: replyRoom, begins: 'withFirstPiece' },
    })
    const receipts = new ReceiptStream(reply, { cluster, topic })
    const { broken, count } = await readRecords(body, {
      ...{ ...this.#options, mode: call.mode },
      splitterFor: (reader) => new ObjectSplitter(maxRecordBytes, reader),
      parse: (object) => {
        const parsed = object === undefined ? tooLong(maxRecordBytes) : this.#parse(object, topic)
        receipts.read(parsed instanceof Problem ? undefined : parsed)
        return parsed instanceof Problem ? parsed : parsed.record
      },
      sender: new StreamSender({
        ...{ ingest, principal, topic, trace: traceOf(call.request) },
        ...{ waitForSend: true, keepsReports: true },
        onOutcome: (outcome, batch) => receipts.write(outcome, batch),
      }),
      isHopeless: () => false,
    })
    if (count === 0) throw new ProxyError('EMPTY_BODY', 'the request has no record')
    if (broken !== undefined) await receipts.writeBroken(broken)
    reply.end()
    this.#log(call, receipts, broken)
    return OK_STATUS
  }

  #parse(object: Buffer, topic: string): V3Record | Problem {
    const { jsonParser, rules } = this.#options
    try {
      jsonParser.check(object)
      const cut = cutData(object, 'record')
      const dataOf = (field: DataField): string | undefined => cut.textOf(0, field)
      return parseV3Record(jsonParser.parse(cut.rest), { topic, rules, dataOf })
    } catch (error) {
      if (error instanceof ProxyError) return new Problem(error.code, error.message)
      throw error
    }
  }

  #log(call: Call, { failedCount, firstFailure }: ReceiptStream, broken: ProxyError | undefined) {
    const failure = broken ?? firstFailure
    call.failure = failure
    if (failure === undefined) return
    const text = failedCount > 0 ? FAILED : ENDED_EARLY
    this.#options.sender.logAtOk(call, failure, text, failedCount)
  }
}

const FAILED = 'records failed, and the receipt of each has its error'
const ENDED_EARLY = 'a stream of records ended early, and the last receipt says why'

function tooLong(maxRecordBytes: number): Problem {
  return new Problem(
    'RECORD_TOO_LARGE',
    `the record has more than ${maxRecordBytes} bytes (http.max_body_bytes)`,
  )
}
