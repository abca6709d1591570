/**
 * Handles `POST /topics/{topic}/events`: CloudEvents 1.0 in the three modes of HTTP, to Kafka in the mode in which they
 * came; a batch becomes structured records.
 *
 * The mapping is our own, and not that of the package `cloudevents`: that parses data and writes it again, which
 * changes numbers beyond 2^53 and every other byte that JSON leaves open. Here attributes change their prefix, and data
 * is not touched. The package is what the tests compare with.
 */
import type { HeldBody } from '../body.ts'
import type { Call, WholeBodyRoute } from '../edge/route.ts'
import { headersNamed } from '../headers-named.ts'
import type { MaybeStatus } from '../late-status.ts'
import type { JsonParser } from '../parse-json.ts'
import { Misspellings } from '../push/misspellings.ts'
import { nowhere, pushOfOne } from '../push/one-record.ts'
import { Problem } from '../push/problem.ts'
import { OK, PUSH_DIALECTS } from '../push/push-dialect.ts'
import type { Exchange, PushSender } from '../push/push-sender.ts'
import { INVALID_TOPIC, isTopic } from '../push/record-fields.ts'
import { parametersOf, switchOf } from '../query.ts'
import { parseBinaryEvent } from './binary-event.ts'
import { type ContentMode, contentModeOf } from './content-mode.ts'
import { parseStructuredEvent } from './json-event.ts'
import { type EventRules, parseBatch, recordOf } from './parse-events.ts'

/** Dependencies of the {@link EventsEndpoint}. */
export interface EventsEndpointOptions {
  readonly rules: EventRules
  readonly jsonParser: JsonParser
  readonly sender: PushSender
}

export const EVENTS_PARAMETERS: ReadonlySet<string> = new Set(['wait'])

/** Everything of a request but its events. */
interface Asked {
  readonly topic: string
  readonly waitForSend: boolean
}

/** The route of `POST /topics/{topic}/events`. */
export class EventsEndpoint implements WholeBodyRoute {
  readonly name = 'event push'
  readonly method = 'POST'
  readonly path = '/topics/:topic/events'
  readonly access = 'produce'
  readonly dialect = PUSH_DIALECTS.readme
  readonly body = 'whole'
  readonly accepted = OK
  readonly #options: EventsEndpointOptions
  readonly #misspellings = new Misspellings()

  constructor(options: EventsEndpointOptions) {
    this.#options = options
  }

  checkHead({ request }: Call): void {
    contentModeOf(request)
  }

  /** In binary mode attributes are in headers. */
  meaningBesideBody({ request: { rawHeaders } }: Call): string {
    return headersNamed(rawHeaders, /^(?:ce-|content-type$)/i)
  }

  answer(call: Call, body: HeldBody): MaybeStatus {
    const { dialect } = this
    const mode = contentModeOf(call.request)
    const placeOf = mode === 'batch' ? placeInBatch : nowhere
    return this.#options.sender.answer(call, body, { dialect, placeOf }, (exchange) =>
      this.#push(exchange, body, mode),
    )
  }

  #push(exchange: Exchange, body: HeldBody, mode: ContentMode): MaybeStatus {
    const { sender } = this.#options
    const asked = this.#ask(exchange.call)
    sender.warn(exchange, this.#misspellings.take())
    if (asked instanceof Problem) return sender.refuseWhole(exchange, asked)
    return mode === 'batch'
      ? this.#pushBatch(exchange, body, asked)
      : this.#pushOne(exchange, body, mode, asked)
  }

  #ask({ request: { url }, params: { topic = '' } }: Call): Asked | Problem {
    if (!isTopic(topic)) return INVALID_TOPIC
    const { unknownFields } = this.#options.rules
    const values = parametersOf(url, EVENTS_PARAMETERS, unknownFields, this.#misspellings)
    if (values instanceof Problem) return values
    const waitForSend = switchOf(values, 'wait')
    return waitForSend instanceof Problem ? waitForSend : { topic, waitForSend }
  }

  #pushOne(
    exchange: Exchange,
    body: HeldBody,
    mode: 'binary' | 'structured',
    { topic, waitForSend }: Asked,
  ): MaybeStatus {
    const { jsonParser, sender } = this.#options
    const { headers, rawHeaders } = exchange.call.request
    const head =
      mode === 'binary'
        ? parseBinaryEvent(rawHeaders)
        : parseStructuredEvent(jsonParser.parse(body.bytes), headers['content-type'] ?? '')
    if (head instanceof Problem) return sender.refuseWhole(exchange, head)
    exchange.call.mode = waitForSend ? 'sync' : 'async'
    const bytes = body.take()
    const record = recordOf(topic, head, mode === 'binary' ? bytes : withoutMark(bytes))
    return sender.send(
      exchange,
      pushOfOne(record, { waitForSend, returnOffsets: waitForSend }),
      body,
      () => topic,
    )
  }

  #pushBatch(exchange: Exchange, body: HeldBody, asked: Asked): MaybeStatus {
    const { jsonParser, rules, sender } = this.#options
    const { bytes } = body
    const push = parseBatch({ bytes, json: jsonParser.parse(bytes) }, asked, rules)
    // As for /push: the records no longer need the text that they were cut out of.
    body.drop()
    if (push instanceof Problem) return sender.refuseWhole(exchange, push)
    exchange.call.mode = asked.waitForSend ? 'sync' : 'async'
    const topicOf = (): string => asked.topic
    return push.kind === 'invalidRecords'
      ? sender.refuse(exchange, push, topicOf)
      : sender.send(exchange, push, body, topicOf)
  }
}

function placeInBatch(index: number): string {
  return `events[${index}]: `
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff')

/** A byte order mark is no part of an event, and most readers of JSON do not know it. */
function withoutMark(bytes: Buffer): Buffer {
  const { length } = BYTE_ORDER_MARK
  return bytes.subarray(0, length).equals(BYTE_ORDER_MARK) ? bytes.subarray(length) : bytes
}
