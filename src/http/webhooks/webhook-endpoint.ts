/** Handles `POST` to the path of a webhook: verifies its signature; the body is the value of one record, byte for byte. */
import type { Clock } from '../../base/clock.ts'
import { ProxyError } from '../../base/errors.ts'
import { type Principal, webhookPrincipal } from '../../base/principal.ts'
import { assertListedOrigin, type Cors } from '../access/cors.ts'
import type { HeldBody } from '../body.ts'
import { clientGoneStatus } from '../client-gone.ts'
import { decompressorOf } from '../content-encoding.ts'
import type { Call, WholeBodyRoute } from '../edge/route.ts'
import { OK_STATUS } from '../error-mapper.ts'
import type { MaybeStatus } from '../late-status.ts'
import type { JsonParser } from '../parse-json.ts'
import { nowhere, pushOfOne } from '../push/one-record.ts'
import { OK, PUSH_DIALECTS } from '../push/push-dialect.ts'
import type { Exchange, PushSender } from '../push/push-sender.ts'
import { isKept, requestHeaders } from '../push/request-headers.ts'
import { beginJson } from '../reply.ts'
import { challengeOf } from './challenge.ts'
import { type DeliveryIdOf, deliveryIds } from './delivery-id.ts'
import { JsonContent } from './json-content.ts'
import { type KeySource, keySource } from './key-source.ts'
import { SignatureCheck, type SignatureRefusal, type SignatureSettings } from './signature-check.ts'

/** One webhook of `http.webhooks`. */
export interface WebhookSettings {
  readonly path: string
  /** Every record is for it. */
  readonly topic: string
  /** As in the configuration; `undefined`: records have no key. */
  readonly keyFrom: string | undefined
  /** `undefined`: clients need credentials, as for `/push`. */
  readonly verify: SignatureSettings | undefined
  /** Whether `url_verification` is answered, and not stored. */
  readonly answersChallenge: boolean
  /** Whether the reply comes once Kafka has the record, not once it is admitted. */
  readonly waits: boolean
}

/** Dependencies of a {@link WebhookEndpoint}. */
export interface WebhookEndpointOptions {
  readonly sender: PushSender
  readonly jsonParser: JsonParser
  readonly clock: Pick<Clock, 'epochMs'>
  /** Names of request headers, in lower case, that become record headers. */
  readonly forwardHeaders: ReadonlySet<string>
  /** The web pages that may push. @defaultValue none */
  readonly cors: Pick<Cors, 'allows'> | undefined
  /** Hears of each request that is refused for its signature. */
  readonly onDenied: (reason: `webhook_${SignatureRefusal}`) => void
}

/** The route of one webhook. */
export class WebhookEndpoint implements WholeBodyRoute {
  readonly name = 'webhook'
  readonly method = 'POST'
  readonly path: string
  /** Some services cannot sign, and their webhooks have a path that nobody else knows. */
  readonly isNamed = false
  readonly access = 'produce'
  readonly topic: string
  readonly principal: Principal | undefined
  readonly dialect = PUSH_DIALECTS.readme
  readonly body = 'whole'
  readonly accepted = OK
  readonly keyOf: ((call: Call, body: HeldBody) => string | undefined) | undefined
  readonly #settings: WebhookSettings
  readonly #options: WebhookEndpointOptions
  readonly #check: SignatureCheck | undefined
  readonly #keySource: KeySource | undefined
  readonly #deliveryIdOf: DeliveryIdOf | undefined
  /** Of bodies that were not pushed yet. */
  readonly #contents = new WeakMap<HeldBody, JsonContent>()

  constructor(settings: WebhookSettings, options: WebhookEndpointOptions) {
    const { path, topic, keyFrom, verify } = settings
    this.path = path
    this.topic = topic
    this.#settings = settings
    this.#options = options
    this.#check = verify && new SignatureCheck(verify)
    this.principal = verify && webhookPrincipal(path)
    this.#keySource = keyFrom === undefined ? undefined : keySource(keyFrom)
    this.#deliveryIdOf = verify && deliveryIds(verify.scheme)
    this.keyOf = this.#deliveryIdOf && ((call, body) => this.#deliveryId(call, body))
  }

  /** A signature is of the bytes that were sent, and nobody signs compressed ones. */
  checkHead({ request: { headers } }: Call): void {
    if (this.#check === undefined) {
      assertListedOrigin(headers, this.#options.cors)
    } else if (decompressorOf(headers['content-encoding']) !== undefined) {
      throw new ProxyError(
        'UNSUPPORTED_CONTENT_ENCODING',
        'a signed webhook must not be compressed: send it without Content-Encoding',
      )
    }
  }

  checkBody({ request: { headers } }: Call, { bytes }: HeldBody): void {
    const { clock, onDenied } = this.#options
    const problem = this.#check?.problemOf(headers, bytes, clock.epochMs())
    if (problem === undefined) return
    onDenied(`webhook_${problem.reason}`)
    throw new ProxyError('UNAUTHENTICATED', problem.message)
  }

  answer(call: Call, body: HeldBody): MaybeStatus {
    const { dialect } = this
    return this.#options.sender.answer(call, body, { dialect, placeOf: nowhere }, (exchange) =>
      this.#push(exchange, body),
    )
  }

  #push(exchange: Exchange, body: HeldBody): MaybeStatus {
    const { call } = exchange
    const { topic, answersChallenge, waits: waitForSend } = this.#settings
    const challenge = answersChallenge ? challengeOf(this.#contentOf(body)) : undefined
    if (challenge !== undefined) return answerChallenge(call, challenge)
    const { sender, forwardHeaders } = this.#options
    const sent = requestHeaders(call.request.rawHeaders)
    const key = this.#keySource?.({
      headers: sent,
      json: () => this.#contentOf(body),
      deliveryId: () => this.#deliveryId(call, body),
    })
    // What was parsed must not be held until the record is delivered.
    this.#contents.delete(body)
    const headers = sent
      .filter(({ name }) => isKept(name, forwardHeaders))
      .map(({ name, value }) => ({ key: name, value }))
    const record = {
      ...{ topic, partition: undefined, timestampMs: undefined, headers },
      ...{ key: key ?? null, value: body.take() },
    }
    call.mode = waitForSend ? 'sync' : 'async'
    const push = pushOfOne(record, { waitForSend, returnOffsets: false })
    return sender.send(exchange, push, body, () => topic)
  }

  #deliveryId({ request }: Call, body: HeldBody): string | undefined {
    return this.#deliveryIdOf?.(request.headers, this.#contentOf(body))
  }

  #contentOf(body: HeldBody): JsonContent {
    let content = this.#contents.get(body)
    if (content === undefined) {
      content = new JsonContent(body.bytes, this.#options.jsonParser)
      this.#contents.set(body, content)
    }
    return content
  }
}

function answerChallenge({ response, requestId }: Call, challenge: string): number {
  if (response.headersSent || response.req.socket.destroyed) return clientGoneStatus(response)
  const json = JSON.stringify({ challenge })
  beginJson(response, requestId, OK_STATUS, json)
  response.end(json)
  return OK_STATUS
}
