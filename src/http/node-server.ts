import { createServer, type Server } from 'node:http'
import type { Messages } from './express-messages.ts'
import type { ServerLimits } from './limits.ts'

/** Makes Node's HTTP server with our limits in place of its own. */
export function createNodeServer(limits: ServerLimits, messages: Messages = {}): Server {
  const server = createServer({
    ...messages,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    // Of bodies the connections have their own: some may take as long as they like.
    requestTimeout: 0,
    connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    insecureHTTPParser: false,
    // Node's own refusal has no body: headRefusal checks this too, and says what is wrong.
    requireHostHeader: false,
  })
  server.maxHeadersCount = limits.maxHeaders
  // A client that has sent all that it wants may say so and wait for its replies: the connection ends after them.
  Object.assign(server, { httpAllowHalfOpen: true })
  return server
}
