import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { http, https } from '../base/node-modules.ts'
import type { Messages } from './express-messages.ts'
import type { ServerLimits } from './limits.ts'
import type { ServerTls } from './tls/server-tls.ts'

/** Node's HTTP server, of either kind. */
export type NodeServer =
  | { readonly isSecure: false; readonly server: Server }
  | { readonly isSecure: true; readonly server: TlsServer }

/** Creates Node's HTTP server with the limits of kprf. @param tls - `undefined` for plain HTTP. */
export function createNodeServer(
  limits: ServerLimits,
  messages: Messages = {},
  tls?: ServerTls,
): NodeServer {
  const options = {
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
  }
  if (tls === undefined)
    return { isSecure: false, server: tuned(http.createServer(options), limits) }
  const server = https().createServer({
    ...options,
    ...tls.context,
    requestCert: tls.clientAuth !== 'none',
    rejectUnauthorized: tls.clientAuth === 'require',
    handshakeTimeout: limits.headersTimeoutMs,
    ALPNProtocols: ['http/1.1'],
    // As Node sets it for plain HTTP.
    ...{ allowHalfOpen: true, noDelay: true },
  })
  return { isSecure: true, server: tuned(server, limits) }
}

function tuned<S extends Server | TlsServer>(server: S, limits: ServerLimits): S {
  server.maxHeadersCount = limits.maxHeaders
  // A client may half-close after its last request; the connection ends after the replies.
  Object.assign(server, { httpAllowHalfOpen: true })
  return server
}
