import type { SecureContextOptions } from 'node:tls'

/** Whether clients show a certificate. */
export type ClientAuth = 'none' | 'request' | 'require'

/** How a port speaks TLS. It can be sent to a thread. */
export interface ServerTls {
  /** Certificate, key, authorities of clients, lowest version. */
  readonly context: SecureContextOptions
  /**
   * `request` asks for a certificate and serves clients without one, or with one that is not trusted, as unknown;
   * `require` ends the handshake with them.
   */
  readonly clientAuth: ClientAuth
}
