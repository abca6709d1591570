/** Handles `POST /push`, from the gate to the reply. */
import type { IncomingHttpHeaders } from 'node:http'
import type { PushMode } from '../../base/push-mode.ts'
import type { Cors } from '../access/cors.ts'
import type { HeldBody } from '../body.ts'
import { assertJsonContentType } from '../content-type.ts'
import type { Call, WholeBodyRoute } from '../edge/route.ts'
import type { MaybeStatus } from '../late-status.ts'
import type { JsonParser } from '../parse-json.ts'
import { Misspellings } from './misspellings.ts'
import { parsePush, type PushRules, topicOfRecord, type ValidPush } from './parse-push.ts'
import { OK, type PushDialect } from './push-dialect.ts'
import {
  type Exchange,
  placeOfRecord,
  type PushSender,
  type ReplyForm,
  type TopicOf,
} from './push-sender.ts'

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
  readonly #form: ReplyForm

  constructor(options: PushEndpointOptions) {
    this.#options = options
    this.dialect = options.dialect
    this.#form = { dialect: options.dialect, placeOf: placeOfRecord }
  }

  checkHead({ request }: Call): void {
    assertJsonContentType(request.headers, this.#options.cors)
  }

  answer(call: Call, body: HeldBody): MaybeStatus {
    return this.#options.sender.answer(call, body, this.#form, (exchange) =>
      this.#push(exchange, body),
    )
  }

  /** Whether {@link checkHead} lets requests with these headers pass. */
  acceptsHead(headers: IncomingHttpHeaders): boolean {
    try {
      assertJsonContentType(headers, this.#options.cors)
      return true
    } catch {
      return false
    }
  }

  /**
   * Reads and checks a body.
   *
   * @returns `undefined` unless all its records can be produced, and its client needs no warning.
   */
  readValid(bytes: Buffer): ValidPush | undefined {
    const { jsonParser, rules } = this.#options
    try {
      const push = parsePush({ bytes, json: jsonParser.parse(bytes) }, rules, this.#misspellings)
      const hasNoWarning = this.#misspellings.take().length === 0
      return push.kind === 'valid' && push.problems === undefined && hasNoWarning ? push : undefined
    } catch {
      // The plain way meets the same error again, even if it is a bug in kprf, and answers it.
      this.#misspellings.take()
      return undefined
    }
  }

  /** Answers a request with such a body, which has its turn. */
  answerValid(call: Call, body: HeldBody, push: ValidPush): MaybeStatus {
    return this.#options.sender.answerNow(call, this.#form, (exchange) =>
      this.#send(exchange, body, push, noTopic),
    )
  }

  #push(exchange: Exchange, body: HeldBody): MaybeStatus {
    const { jsonParser, rules, sender } = this.#options
    const { bytes } = body
    const json = jsonParser.parse(bytes)
    const push = parsePush({ bytes, json }, rules, this.#misspellings)
    sender.warn(exchange, this.#misspellings.take())
    if (push.kind === 'refused') return sender.refuseWhole(exchange, push.problem)
    const topicOf = (index: number): string | undefined => topicOfRecord(json, index)
    if (push.kind === 'valid') return this.#send(exchange, body, push, topicOf)
    exchange.call.mode = modeOf(push)
    return sender.refuse(exchange, push, topicOf)
  }

  #send(exchange: Exchange, body: HeldBody, push: ValidPush, topicOf: TopicOf): MaybeStatus {
    // Records may wait long for room in the queue or for delivery, and no longer need the text.
    body.drop()
    exchange.call.mode = modeOf(push)
    return this.#options.sender.send(exchange, push, body, topicOf)
  }
}

function modeOf({ waitForSend }: Pick<ValidPush, 'waitForSend'>): PushMode {
  return waitForSend ? 'sync' : 'async'
}

function noTopic(): undefined {
  return undefined
}
