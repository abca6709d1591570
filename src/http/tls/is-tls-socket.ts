import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** Whether a connection is one of TLS. `instanceof` would load `node:tls` for those that are not. */
export function isTlsSocket(socket: Socket): socket is TLSSocket {
  return 'encrypted' in socket
}
