import { CLIENT_GONE_STATUS } from './error-mapper.ts'
import type { ReplyTarget } from './exchange.ts'

/** The client left before its request was complete, or before its reply was sent. No reply can be sent. */
export class ClientGone extends Error {
  constructor() {
    super('the client has gone')
    this.name = 'ClientGone'
  }
}

/**
 * The status of a request whose client left: 499, or the status of the reply if the parser refused the input first.
 */
export function clientGoneStatus(
  response: Pick<ReplyTarget, 'headersSent' | 'statusCode'>,
): number {
  return response.headersSent ? response.statusCode : CLIENT_GONE_STATUS
}
