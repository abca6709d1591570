import type { ServerResponse } from 'node:http'
import { CLIENT_GONE_STATUS } from './error-mapper.ts'

/** The client left before its request was whole, or before its reply was. Nobody is left to be told. */
export class ClientGone extends Error {
  constructor() {
    super('the client has gone')
    this.name = 'ClientGone'
  }
}

/** The status of a request whose client left; but what the parser found wrong may have been answered already. */
export function clientGoneStatus(response: ServerResponse): number {
  return response.headersSent ? response.statusCode : CLIENT_GONE_STATUS
}
