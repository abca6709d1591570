/** Handles `POST /v3/clusters/{cluster}/topics/{topic}/records:batch`: some records with ids, all answered at once. */
import type { HeldBody } from '../../body.ts'
import type { Call, WholeBodyRoute } from '../../edge/route.ts'
import type { MaybeStatus } from '../../late-status.ts'
import type { JsonParser } from '../../parse-json.ts'
import { isJsonObject } from '../../push/fields.ts'
import { parseEach, type RecordRules } from '../../push/parse-push.ts'
import { Problem } from '../../push/problem.ts'
import type { Exchange, PushSender } from '../../push/push-sender.ts'
import { batchDialect, type BatchEntry } from './batch-dialect.ts'
import { checkV3Head } from './check-head.ts'
import { cutData, type DataField } from './cut-data.ts'
import { parseV3Record } from './parse-record.ts'
import { REST_V3 } from './v3-dialect.ts'

/** Dependencies and settings of the {@link BatchEndpoint}. */
export interface BatchEndpointOptions {
  readonly rules: RecordRules
  readonly maxRecordsPerRequest: number
  readonly jsonParser: JsonParser
  readonly sender: PushSender
}

/** So that the receipts have room in what is reserved for the reply to a push. Confluent allows 10. */
export const MAX_ENTRIES = 1_000
/** An id, as Confluent has it. */
export const ID = /^[a-zA-Z0-9_-]{1,80}$/

/** The route. */
export class BatchEndpoint implements WholeBodyRoute {
  readonly name = 'REST v3 batch push'
  readonly method = 'POST'
  readonly path = '/v3/clusters/:cluster/topics/:topic/records:batch'
  readonly access = 'produce'
  readonly dialect = REST_V3
  readonly body = 'whole'
  readonly #options: BatchEndpointOptions

  constructor(options: BatchEndpointOptions) {
    this.#options = options
  }

  checkHead(call: Call): void {
    checkV3Head(call)
  }

  answer(call: Call, body: HeldBody): MaybeStatus {
    const { cluster = '', topic = '' } = call.params
    const entries: BatchEntry[] = []
    const dialect = batchDialect({ cluster, topic }, entries)
    return this.#options.sender.answer(call, body, { dialect, placeOf }, (exchange) =>
      this.#push(exchange, body, topic, entries),
    )
  }

  #push(exchange: Exchange, body: HeldBody, topic: string, entries: BatchEntry[]): MaybeStatus {
    const { jsonParser, rules, sender } = this.#options
    jsonParser.check(body.bytes)
    const cut = cutData(body.bytes, 'batch')
    const raws = this.#entriesOf(jsonParser.parse(cut.rest))
    body.drop()
    if (raws instanceof Problem) return sender.refuseWhole(exchange, raws)
    exchange.call.mode = 'sync'
    // The id of each entry is known before a receipt is written, also that of an invalid one.
    const { records, problems } = parseEach(raws, (raw, index) => {
      const dataOf = (field: DataField): string | undefined => cut.textOf(index, field)
      const parsed = parseV3Record(raw, { topic, rules, dataOf })
      const note = parsed instanceof Problem ? { key: undefined, value: undefined } : parsed
      entries.push({ id: idOf(raw), note })
      return parsed instanceof Problem ? parsed : parsed.record
    })
    const push = {
      kind: 'valid' as const,
      ...{ records, problems, waitForSend: true, returnOffsets: true },
    }
    return sender.send(exchange, push, body, () => topic)
  }

  #entriesOf(json: unknown): readonly unknown[] | Problem {
    const raws = isJsonObject(json) ? json['entries'] : undefined
    if (!Array.isArray(raws) || raws.length === 0) return NO_ENTRIES
    const max = Math.min(MAX_ENTRIES, this.#options.maxRecordsPerRequest)
    if (raws.length > max) {
      return new Problem(
        'TOO_MANY_RECORDS',
        `the request has ${raws.length} entries, and ${max} are allowed: stream them to /records`,
      )
    }
    const ids = raws.map(idOf)
    const wrong = ids.findIndex((id) => !ID.test(id))
    if (wrong !== -1) {
      return new Problem(
        'INVALID_RECORD',
        `${placeOf(wrong)}id must be 1 to 80 of the characters a-z A-Z 0-9 _ -`,
      )
    }
    return new Set(ids).size === ids.length ? raws : TWO_IDS
  }
}

function idOf(raw: unknown): string {
  const id = isJsonObject(raw) ? raw['id'] : undefined
  return typeof id === 'string' ? id : ''
}

function placeOf(index: number): string {
  return `entries[${index}]: `
}

const NO_ENTRIES = new Problem(
  'INVALID_RECORDS',
  'the body must be {"entries": […]} with at least one entry',
)
const TWO_IDS = new Problem('DUPLICATE_NAME', 'two entries have the same id')
