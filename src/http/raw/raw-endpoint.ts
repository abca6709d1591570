/** Handles `POST` and `PUT /topics/{topic}/raw`: the body is the value of one record, byte for byte. */
import { assertListedOrigin, type Cors } from '../access/cors.ts'
import type { HeldBody } from '../body.ts'
import type { Call, WholeBodyRoute } from '../edge/route.ts'
import { headersNamed } from '../headers-named.ts'
import type { MaybeStatus } from '../late-status.ts'
import { Misspellings } from '../push/misspellings.ts'
import { nowhere, pushOfOne } from '../push/one-record.ts'
import { Problem } from '../push/problem.ts'
import { OK, PUSH_DIALECTS } from '../push/push-dialect.ts'
import type { Exchange, PushSender } from '../push/push-sender.ts'
import { queryOf } from '../query.ts'
import { parseRaw, type RawRules, withValue } from './parse-raw.ts'

/** Dependencies of the {@link RawEndpoint}. */
export interface RawEndpointOptions {
  readonly rules: RawRules
  readonly sender: PushSender
  /** The web pages that may push. @defaultValue none */
  readonly cors: Pick<Cors, 'allows'> | undefined
}

/** One of the routes of `/topics/{topic}/raw`. */
export class RawEndpoint implements WholeBodyRoute {
  readonly name = 'raw push'
  readonly method: 'POST' | 'PUT'
  readonly path = '/topics/:topic/raw'
  readonly access = 'produce'
  readonly dialect = PUSH_DIALECTS.readme
  readonly body = 'whole'
  readonly accepted = OK
  readonly #options: RawEndpointOptions
  readonly #misspellings = new Misspellings()

  constructor(method: 'POST' | 'PUT', options: RawEndpointOptions) {
    this.method = method
    this.#options = options
  }

  checkHead({ request: { headers } }: Call): void {
    assertListedOrigin(headers, this.#options.cors)
  }

  /** Key and headers of the record are in headers of the request. */
  meaningBesideBody({ request: { rawHeaders } }: Call): string {
    return headersNamed(rawHeaders, /^(?:kafka-|content-type$)/i)
  }

  answer(call: Call, body: HeldBody): MaybeStatus {
    const { dialect } = this
    return this.#options.sender.answer(call, body, { dialect, placeOf: nowhere }, (exchange) =>
      this.#push(exchange, body),
    )
  }

  #push(exchange: Exchange, body: HeldBody): MaybeStatus {
    const { rules, sender } = this.#options
    const { request, params } = exchange.call
    const { url, rawHeaders } = request
    const { topic = '' } = params
    const head = parseRaw({ topic, query: queryOf(url), rawHeaders }, rules, this.#misspellings)
    sender.warn(exchange, this.#misspellings.take())
    if (head instanceof Problem) return sender.refuseWhole(exchange, head)
    const record = withValue(head, body.take())
    if (record instanceof Problem) return sender.refuseWhole(exchange, record)
    const { waitForSend } = head
    exchange.call.mode = waitForSend ? 'sync' : 'async'
    const push = pushOfOne(record, { waitForSend, returnOffsets: waitForSend })
    return sender.send(exchange, push, body, () => topic)
  }
}
