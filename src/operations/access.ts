import type { IncomingMessage, ServerResponse } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { CHALLENGES } from '../http/access/authorization.ts'
import { Authenticator } from '../http/access/authenticator.ts'
import { type TokenEntry, TokenTable } from '../http/access/token-table.ts'
import type { LiveFeed } from '../page/live/feed.ts'
import type { Logger } from '../telemetry/logging.ts'
import { sendError } from './reply.ts'

/** Who may read metrics, statistics and the results of single checks: those with a token; without any, everybody. */
export class OperationsAccess {
  readonly #authenticator: Authenticator
  readonly #streams: Pick<LiveFeed, 'endAll'> | undefined
  #tokens: readonly TokenEntry[]

  /** @param streams - end when there are other tokens: who was admitted before may be no longer. */
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

  /** Whether a token is needed. */
  get hasTokens(): boolean {
    return this.#tokens.length > 0
  }

  /** Who sent a request, or why it is refused. */
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
