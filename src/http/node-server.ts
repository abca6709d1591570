import { createServer, type Server } from 'node:http'
import type { Messages } from './express-messages.ts'
import type { ServerLimits } from './limits.ts'

/** Creates Node's HTTP server with the limits of kprf. */
export function createNodeServer(limits: ServerLimits, messages: Messages = {}): Server {
  const server = createServer({
    ...messages,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    // Connections check the time of bodies, because streamed bodies have no limit.
    requestTimeout: 0,
    connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    insecureHTTPParser: false,
    // Node's own refusal has no body; headRefusal checks this instead and replies with the reason.
    requireHostHeader: false,
  })
  server.maxHeadersCount = limits.maxHeaders
  // A client may half-close after its last request; the connection ends after the replies.
  Object.assign(server, { httpAllowHalfOpen: true })
  return server
}
