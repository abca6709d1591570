import type { IncomingMessage, ServerResponse } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { CHALLENGES } from '../http/access/authorization.ts'
import { Authenticator } from '../http/access/authenticator.ts'
import { type TokenEntry, TokenTable } from '../http/access/token-table.ts'
import type { LiveFeed } from '../page/live/feed.ts'
import type { Logger } from '../telemetry/logging.ts'
import { sendError } from './reply.ts'

/** Who may read metrics, statistics and results of single checks: clients with a token, or everybody without tokens. */
export class OperationsAccess {
  readonly #authenticator: Authenticator
  readonly #streams: Pick<LiveFeed, 'endAll'> | undefined
  #tokens: readonly TokenEntry[]

  /** @param streams - ended when the tokens change, because their clients may no longer be admitted. */
  constructor(
    tokens: readonly TokenEntry[],
    logger: Pick<Logger, 'limited'>,
    streams?: Pick<LiveFeed, 'endAll'>,
  ) {
    this.#streams = streams
    this.#tokens = tokens
    this.#authenticator = new Authenticator({
      ...settingsOf(tokens),
      onDenied: (reason) => {
        logger.limited('info', 'operations denied', 'the operations port refused a request', {
          reason,
        })
      },
    })
  }

  /** Admits later requests with these tokens only. */
  use(tokens: readonly TokenEntry[]): void {
    if (isDeepStrictEqual(tokens, this.#tokens)) return
    this.#tokens = tokens
    this.#authenticator.use(settingsOf(tokens))
    this.#streams?.endAll()
  }

  /** Whether there are tokens, so that a client needs one. */
  get hasTokens(): boolean {
    return this.#tokens.length > 0
  }

  /** Returns who sent a request, or why it is refused. */
  identify(request: IncomingMessage): ReturnType<Authenticator['identify']> {
    return this.#authenticator.identify(request)
  }

  /** Refuses a request without a token, if there are tokens. @returns whether it may be answered. */
  async admit(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const entry = await this.identify(request)
    // The server may have refused it meanwhile, for a body that is not HTTP.
    if (response.headersSent) return false
    if ('principal' in entry) return true
    response.setHeader('WWW-Authenticate', CHALLENGES)
    sendError(response, 401, entry.message)
    return false
  }
}

function settingsOf(tokens: readonly TokenEntry[]) {
  return { tokens: new TokenTable(tokens), allowsAnonymous: tokens.length === 0 }
}
