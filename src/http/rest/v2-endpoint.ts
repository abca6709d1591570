/** Handles `POST /topics/{topic}` and `POST /topics/{topic}/partitions/{partition}`, as the Confluent REST Proxy does. */
import type { HeldBody } from '../body.ts'
import type { Call, WholeBodyRoute } from '../edge/route.ts'
import type { MaybeStatus } from '../late-status.ts'
import type { JsonParser } from '../parse-json.ts'
import { Misspellings } from '../push/misspellings.ts'
import { Problem } from '../push/problem.ts'
import type { PushDialect } from '../push/push-dialect.ts'
import { placeOfRecord, type Exchange, type PushSender } from '../push/push-sender.ts'
import { parseRestBody, parseRestHead, type RestRules } from './parse-v2.ts'
import { formatOf } from './v2-media-type.ts'

/** Dependencies of the {@link RestV2Endpoint}. */
export interface RestV2EndpointOptions {
  readonly rules: RestRules
  readonly dialect: PushDialect
  readonly jsonParser: JsonParser
  readonly sender: PushSender
}

/** The paths that produce. */
export type RestV2Path = '/topics/:topic' | '/topics/:topic/partitions/:partition'

/** One of the routes. */
export class RestV2Endpoint implements WholeBodyRoute {
  readonly name = 'REST v2 push'
  readonly method = 'POST'
  readonly path: RestV2Path
  readonly access = 'produce'
  readonly dialect: PushDialect
  readonly body = 'whole'
  readonly #options: RestV2EndpointOptions
  readonly #misspellings = new Misspellings()

  constructor(path: RestV2Path, options: RestV2EndpointOptions) {
    this.path = path
    this.dialect = options.dialect
    this.#options = options
  }

  checkHead({ request }: Call): void {
    formatOf(request.headers['content-type'])
  }

  /** The type says how keys and values are written. */
  meaningBesideBody({ request }: Call): string {
    return formatOf(request.headers['content-type'])
  }

  answer(call: Call, body: HeldBody): MaybeStatus {
    const { dialect } = this
    return this.#options.sender.answer(
      call,
      body,
      { dialect, placeOf: placeOfRecord },
      (exchange) => this.#push(exchange, body),
    )
  }

  #push(exchange: Exchange, body: HeldBody): MaybeStatus {
    const { rules, jsonParser, sender } = this.#options
    const { call } = exchange
    const { request, params } = call
    const misspellings = this.#misspellings
    const head = parseRestHead(params, request.url, rules, misspellings)
    if (head instanceof Problem) return sender.refuseWhole(exchange, head)
    const format = formatOf(request.headers['content-type'])
    const push = parseRestBody(body.bytes, format, head, { rules, jsonParser, misspellings })
    body.drop()
    sender.warn(exchange, misspellings.take())
    if (push.kind === 'refused') return sender.refuseWhole(exchange, push.problem)
    call.mode = push.waitForSend ? 'sync' : 'async'
    const topicOf = (): string => head.topic
    return push.kind === 'invalidRecords'
      ? sender.refuse(exchange, push, topicOf)
      : sender.send(exchange, push, body, topicOf)
  }
}
