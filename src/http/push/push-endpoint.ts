/** Handles `POST /push`, from the gate to the reply. */
import type { MaybePromise } from '../../producer/types.ts'
import type { Cors } from '../access/cors.ts'
import type { HeldBody } from '../body.ts'
import { assertJsonContentType } from '../content-type.ts'
import type { Call, WholeBodyRoute } from '../edge/route.ts'
import type { JsonParser } from '../parse-json.ts'
import { Misspellings } from './misspellings.ts'
import { parsePush, type PushRules, topicOfRecord } from './parse-push.ts'
import { OK, type PushDialect } from './push-dialect.ts'
import { type Exchange, placeOfRecord, type PushSender } from './push-sender.ts'

/** Dependencies of the {@link PushEndpoint}. */
export interface PushEndpointOptions {
  readonly rules: PushRules
  readonly dialect: PushDialect
  readonly jsonParser: JsonParser
  readonly sender: PushSender
  /** The web pages that may push. @defaultValue none */
  readonly cors: Pick<Cors, 'allows'> | undefined
}

/** The route of `POST /push`. */
export class PushEndpoint implements WholeBodyRoute {
  readonly name = 'push'
  readonly method = 'POST'
  readonly path = '/push'
  readonly access = 'produce'
  readonly dialect: PushDialect
  readonly body = 'whole'
  readonly accepted = OK
  readonly #options: PushEndpointOptions
  readonly #misspellings = new Misspellings()

  constructor(options: PushEndpointOptions) {
    this.#options = options
    this.dialect = options.dialect
  }

  checkHead({ request }: Call): void {
    assertJsonContentType(request.headers, this.#options.cors)
  }

  answer(call: Call, body: HeldBody): Promise<number> {
    const { sender, dialect } = this.#options
    return sender.answer(call, body, { dialect, placeOf: placeOfRecord }, (exchange) =>
      this.#push(exchange, body),
    )
  }

  #push(exchange: Exchange, body: HeldBody): MaybePromise<number> {
    const { jsonParser, rules, sender } = this.#options
    const { bytes } = body
    const json = jsonParser.parse(bytes)
    const push = parsePush({ bytes, json }, rules, this.#misspellings)
    // Records may wait long for room in the queue or for delivery, and no longer need the text.
    body.drop()
    sender.warn(exchange, this.#misspellings.take())
    if (push.kind === 'refused') return sender.refuseWhole(exchange, push.problem)
    exchange.call.mode = push.waitForSend ? 'sync' : 'async'
    const topicOf = (index: number): string | undefined => topicOfRecord(json, index)
    return push.kind === 'invalidRecords'
      ? sender.refuse(exchange, push, topicOf)
      : sender.send(exchange, push, body, topicOf)
  }
}
